import { describe, expect, it } from 'vitest';
import { bootstrapFigures, percentileInterval } from './bootstrap';
import { createRandom } from './random';

describe('the paired bootstrap', () => {
  it('of a mean has its textbook spread: the deviation of the values over the root of their number', () => {
    const random = createRandom(1);
    const values = Float64Array.from({ length: 400 }, () => random.normal(3, 2));
    const middle = values.reduce((sum, value) => sum + value, 0) / 400;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / 400);
    const mean = (drawn: Uint32Array): number =>
      drawn.reduce((sum, times, image) => sum + times * (values[image] ?? 0), 0) / 400;
    const [own = new Float64Array()] = bootstrapFigures(400, 4000, createRandom(2), [mean]);
    const { low, high } = percentileInterval(new Float64Array(4000), own);
    expect((low + high) / 2).toBeCloseTo(middle, 1);
    expect((high - low) / 2 / ((1.96 * deviation) / 20)).toBeCloseTo(1, 1);
  });

  it('draws every figure on the same images: one that is always a point ahead is a point ahead, whatever was drawn', () => {
    const share = (drawn: Uint32Array): number => (drawn[0] ?? 0) / 10;
    const [first = new Float64Array(), second = new Float64Array()] = bootstrapFigures(10, 200, createRandom(3), [
      share,
      (drawn) => share(drawn) + 0.01,
    ]);
    expect(new Set(first).size).toBeGreaterThan(1);
    const { low, high } = percentileInterval(first, second);
    expect(low).toBeCloseTo(0.01, 12);
    expect(high).toBeCloseTo(0.01, 12);
  });

  it('draws as many images as there are, the same for the same seed', () => {
    const sizes = (seed: number) =>
      bootstrapFigures(7, 5, createRandom(seed), [
        (drawn) => drawn.reduce((a, b) => a + b, 0),
        (drawn) => drawn[0] ?? 0,
      ]);
    expect([...(sizes(4)[0] ?? [])]).toEqual([7, 7, 7, 7, 7]);
    expect(sizes(4)).toEqual(sizes(4));
  });

  it('interpolates between ranks, by hand', () => {
    // 41 differences 0, 1, ... 40: ranks 1 and 39.
    const second = Float64Array.from({ length: 41 }, (_, at) => 40 - at);
    expect(percentileInterval(new Float64Array(41), second)).toEqual({ low: 1, high: 39 });
  });
});
