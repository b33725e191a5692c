/**
 * Width lists of the zoo: short (one number per stage) or full (one per convolution), so that a pruned network can be
 * written down as its widths.
 */
import { NetworkError } from '../graph';

/**
 * The full list: `given` as it is when it has the full length, spread over the stages when it has one number per
 * stage, `standard` (per stage) when it is absent. `stageSizes[i]` = number of convolutions of stage i.
 * Throws `NetworkError` for any other length and for widths that are not whole positive numbers.
 */
export function expandWidths(
  architecture: string,
  given: readonly number[] | undefined,
  standard: readonly number[],
  stageSizes: readonly number[],
): readonly number[] {
  const widths = given ?? standard;
  for (const width of widths) {
    if (Number.isSafeInteger(width) && width >= 1) continue;
    throw new NetworkError(`${architecture}: a width must be a whole number, at least 1, not ${width}.`);
  }
  const full = stageSizes.reduce((sum, size) => sum + size, 0);
  if (widths.length === full) return widths;
  if (widths.length !== stageSizes.length) {
    const choice = `${stageSizes.length} (one per stage) or ${full} (one per convolution)`;
    throw new NetworkError(`${architecture} takes ${choice} widths, not ${widths.length}.`);
  }
  return stageSizes.flatMap((size, stage) => new Array<number>(size).fill(widths[stage] ?? 0));
}

/** Hands out the widths of a full list one by one, in forward order. */
export function widthReader(widths: readonly number[]): () => number {
  let at = 0;
  return () => {
    const width = widths[at++];
    if (width === undefined) throw new RangeError(`The width list ends after ${widths.length} numbers.`);
    return width;
  };
}
