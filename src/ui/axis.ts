/** Axes with round ticks: pure arithmetic for every chart. */

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** The next of ..., 0.5, 1, 2, 5, 10, 20, ... that is not below `rough` (positive). */
export function niceStep(rough: number): number {
  const decade = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * decade >= rough * (1 - 1e-9)) ?? 10;
  return factor * decade;
}

/** Multiples of `step` within [low, high], free of rounding noise. */
export function ticksBetween(low: number, high: number, step: number): readonly number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  );
}

/** From 0 to the largest value, with two or three ticks. */
export function axisFromZero(most: number): Axis {
  const high = most > 0 ? most * 1.05 : 1;
  return { low: 0, high, ticks: ticksBetween(0, high, niceStep(high / 2.6)) };
}

/** Around values that do not start at 0: the low end falls on a tick; the span is `leastSpan` at least. */
export function axisAround(values: readonly number[], leastSpan: number): Axis {
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const span = Math.max(highest - lowest, leastSpan);
  const step = niceStep(span / 2.6);
  const low = Math.floor(lowest / step) * step;
  const high = Math.max(highest, low + span) + span * 0.05;
  return { low, high, ticks: ticksBetween(low, high, step) };
}

/** Where `value` lies between `low` and `high`, 0 to 1 inside. */
export function along(value: number, low: number, high: number): number {
  return high === low ? 0 : (value - low) / (high - low);
}

/** `value`, not below `low` and not above `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
