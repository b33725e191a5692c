/**
 * Which pixels meet in windows over `[n, h, w, c]` whose channels are by themselves, one axis at a time; the tables that
 * `assembly/depthwise.ts` reads.
 */
import type { Padding, Pair } from '../../network/graph';
import { floatBits } from './simd-engine';

export interface TapWindow {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
}

/** A source position, the kernel position it is met by, and a factor of its own. */
interface Tap {
  readonly source: number;
  readonly kernel: number;
  readonly factor: number;
}

/** For each target position along an axis, its taps in the kernel's order. */
export type Taps = readonly (readonly Tap[])[];

function along(window: TapWindow, axis: 0 | 1) {
  const [size, stride, dilation] = [window.kernelSize[axis], window.stride[axis], window.dilation[axis]];
  const before = window.padding[2 * axis] ?? 0;
  const kernels = Array.from({ length: size }, (_, index) => index);
  return { stride, dilation, before, kernels };
}

/** From an input of `length` positions to `count` windows. */
export function forwardTaps(window: TapWindow, axis: 0 | 1, length: number, count: number): Taps {
  const { stride, dilation, before, kernels } = along(window, axis);
  return Array.from({ length: count }, (_, position) =>
    kernels.flatMap((kernel) => {
      const source = position * stride + kernel * dilation - before;
      return source >= 0 && source < length ? [{ source, kernel, factor: 1 }] : [];
    }),
  );
}

/** From the gradients of `count` windows to an input of `length` positions; `factor` of a window. */
export function gradientTaps(
  window: TapWindow,
  axis: 0 | 1,
  length: number,
  count: number,
  factor: (position: number) => number = () => 1,
): Taps {
  const { stride, dilation, before, kernels } = along(window, axis);
  return Array.from({ length }, (_, position) =>
    kernels.flatMap((kernel) => {
      const source = (position + before - kernel * dilation) / stride;
      return Number.isInteger(source) && source >= 0 && source < count
        ? [{ source, kernel, factor: factor(source) }]
        : [];
    }),
  );
}

/** How many words stand before the entries; rows' and columns' beginnings; the entries of both, three words each. */
export function tapTable(rows: Taps, columns: Taps): number[] {
  return table(rows.map(entries), columns.map(entries));
}

/**
 * For the kernel's gradient: rows as above; for each kernel column the first window that meets a pixel, how many do, and
 * the first one's pixel.
 */
export function gradientTable(rows: Taps, window: TapWindow, length: number, count: number): number[] {
  const { stride, dilation, before, kernels } = along(window, 1);
  const columns = kernels.map((kernel): Entry[] => {
    const offset = kernel * dilation - before;
    const first = Math.max(0, Math.ceil(-offset / stride));
    const end = Math.min(count, Math.floor((length - 1 - offset) / stride) + 1);
    return [[first, Math.max(0, end - first), first * stride + offset]];
  });
  return table(rows.map(entries), columns);
}

type Entry = readonly [number, number, number];

function entries(taps: readonly Tap[]): Entry[] {
  return taps.map(({ source, kernel, factor }) => [source, kernel, floatBits(factor)]);
}

function table(rows: readonly (readonly Entry[])[], columns: readonly (readonly Entry[])[]): number[] {
  let at = 0;
  const begins = (lists: readonly (readonly Entry[])[]): number[] => [
    ...lists.map(({ length }) => (at += length) - length),
    at,
  ];
  const before = [...begins(rows), ...begins(columns)];
  return [before.length + 1, ...before, ...[...rows, ...columns].flat(2)];
}
