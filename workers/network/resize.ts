/**
 * Where the pixels of a resized image come from, along one axis.
 */
import type { ResizeLayer } from './graph';

/** Input position and its weight; the weights of one output position sum to 1. */
export type ResizeSample = readonly [position: number, weight: number];

/** For each of `out` output positions, the positions among `length` inputs it is mixed from. Formulas: `ResizeLayer`. */
export function resizeSamples(
  length: number,
  out: number,
  { mode, grid }: Pick<ResizeLayer, 'mode' | 'grid'>,
): readonly (readonly ResizeSample[])[] {
  const inside = (position: number): number => Math.min(Math.max(position, 0), length - 1);
  return Array.from({ length: out }, (_, at) => {
    const [numerator, denominator] = position(length, out, at, grid);
    if (mode === 'nearest') {
      // Whole numbers until the one division: no rounding error decides between two pixels.
      const shift = grid === 'asymmetric' ? 0 : denominator / 2;
      return [[inside(Math.floor((numerator + shift) / denominator)), 1]];
    }
    const low = Math.floor(numerator / denominator);
    const weight = numerator / denominator - low;
    return [
      [inside(low), 1 - weight],
      [inside(low + 1), weight],
    ];
  });
}

/** Output position `at` in input pixels, as a fraction of even denominator. */
function position(length: number, out: number, at: number, grid: ResizeLayer['grid']): readonly [number, number] {
  switch (grid) {
    case 'halfPixel':
      return [(2 * at + 1) * length - out, 2 * out];
    case 'asymmetric':
      return [2 * at * length, 2 * out];
    case 'alignCorners':
      return out === 1 ? [0, 2] : [2 * at * (length - 1), 2 * (out - 1)];
  }
}
