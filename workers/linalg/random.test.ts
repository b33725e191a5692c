import { describe, expect, it } from 'vitest';
import { createRandom } from './random';

const WORD = 0x1_0000_0000;

describe('createRandom', () => {
  // From a separate implementation in Python's unbounded integers, masked to 32 bits: sfc32 and SplitMix32's finaliser
  // as published, seeded as the class says.
  it.each([
    [0, [2899526011, 769844623, 220372281, 4270301181]],
    [1, [1679967114, 3562832098, 3624202086, 2571567774]],
    [2 ** 40 + 7, [2213300979, 2897996983, 3535627741, 2292813648]],
  ])('gives the published generator’s numbers for seed %i', (seed, words) => {
    const random = createRandom(seed);
    expect(words.map(() => random.next() * WORD)).toEqual(words);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %d as a seed', (seed) => {
    expect(() => createRandom(seed)).toThrow(`A seed must be a whole number from 0 to 2^53 - 1, not ${seed}.`);
  });

  it('is uniform: 64 bins of 64,000 numbers, chi-square below its 99.99 % point', () => {
    const random = createRandom(11);
    const bins = new Float64Array(64);
    for (let draw = 0; draw < 64_000; draw++) {
      const bin = random.integer(64);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 63 degrees of freedom: 99.99 % of samples lie below 112, 99.99 % above 30.
    expect(chiSquare).toBeLessThan(112);
    expect(chiSquare).toBeGreaterThan(30);
  });

  it('keeps to the limits of integer and uniform, and reaches them', () => {
    const random = createRandom(5);
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(7)));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const spread = Array.from({ length: 500 }, () => random.uniform(-3, -2));
    expect(Math.min(...spread)).toBeGreaterThanOrEqual(-3);
    expect(Math.min(...spread)).toBeLessThan(-2.95);
    expect(Math.max(...spread)).toBeLessThan(-2);
    expect(Math.max(...spread)).toBeGreaterThan(-2.05);
    for (const limit of [0, -1, 1.5, WORD + 1]) expect(() => random.integer(limit)).toThrow(RangeError);
  });

  it('draws Gaussians: mean, deviation and tails of 100,000 numbers', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 100_000 }, () => random.normal(2, 0.5));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    // Four standard errors: 0.5 / sqrt(1e5) = 0.0016 for the mean, 0.25 * sqrt(2 / 1e5) = 0.0011 for the variance.
    expect(Math.abs(mean - 2)).toBeLessThan(0.0064);
    expect(Math.abs(variance - 0.25)).toBeLessThan(0.0045);
    // 4.55 % of a Gaussian lies beyond two deviations; four standard errors are 0.26 %.
    const beyond = draws.filter((value) => Math.abs(value - 2) > 1).length / draws.length;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.0027);
  });

  it('shuffles in place, all orders equally often', () => {
    const random = createRandom(9);
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const items = ['a', 'b', 'c'];
      expect(random.shuffle(items)).toBe(items);
      counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    // 1,000 expected; the standard deviation is 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
    const indices = random.shuffle(Uint32Array.from({ length: 100 }, (_, index) => index));
    expect([...indices].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });
});

describe('fork', () => {
  it('depends on seed and label, not on what was drawn before', () => {
    const fresh = createRandom(4).fork('shuffle');
    const parent = createRandom(4);
    for (let draw = 0; draw < 10; draw++) parent.next();
    const later = parent.fork('shuffle');
    expect([fresh.next(), fresh.next()]).toEqual([later.next(), later.next()]);
  });

  it('gives every label and every path its own stream', () => {
    const root = createRandom(4);
    const streams = [
      root,
      root.fork(''),
      root.fork('a'),
      root.fork('b'),
      root.fork('ab'),
      root.fork('ba'),
      root.fork('a').fork('b'),
      root.fork(1),
      root.fork('1'),
      createRandom(5).fork('a'),
      ...Array.from({ length: 500 }, (_, epoch) => root.fork(`epoch ${epoch}`)),
    ];
    expect(new Set(streams.map((stream) => stream.next())).size).toBe(streams.length);
  });

  it('has no visible correlation between neighbouring labels', () => {
    const root = createRandom(8);
    const pairs = Array.from({ length: 4000 }, (_, n) => [root.fork(n).next(), root.fork(n + 1).next()] as const);
    const covariance = pairs.reduce((sum, [a, b]) => sum + (a - 0.5) * (b - 0.5), 0) / pairs.length;
    // The standard error of a covariance of independent uniforms is (1 / 12) / sqrt(4000) = 0.0013.
    expect(Math.abs(covariance)).toBeLessThan(0.0053);
  });
});
