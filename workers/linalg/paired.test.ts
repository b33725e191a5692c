import { describe, expect, it } from 'vitest';
import { pairedDifference } from './paired';

describe('pairedDifference', () => {
  it('gives the exact McNemar p by hand: 2 of 10 discordant images', () => {
    // 2 (1 + 10 + 45) / 1024.
    expect(pairedDifference({ images: 100, onlyFirst: 2, onlySecond: 8 }).pValue).toBeCloseTo(112 / 1024, 12);
    expect(pairedDifference({ images: 100, onlyFirst: 8, onlySecond: 2 }).pValue).toBeCloseTo(112 / 1024, 12);
    // 2 / 64; and never above 1.
    expect(pairedDifference({ images: 20, onlyFirst: 0, onlySecond: 6 }).pValue).toBeCloseTo(1 / 32, 12);
    expect(pairedDifference({ images: 20, onlyFirst: 3, onlySecond: 3 }).pValue).toBe(1);
  });

  it('gives the interval by hand', () => {
    // b = 2.5, c = 8.5, n = 102: middle 6 / 102, half 1.96 sqrt(11 - 36 / 102) / 102.
    const { difference, low, high } = pairedDifference({ images: 100, onlyFirst: 2, onlySecond: 8 });
    expect(difference).toBeCloseTo(0.06, 12);
    expect((low + high) / 2).toBeCloseTo(0.0588235, 6);
    expect((high - low) / 2).toBeCloseTo(0.0627012, 5);
  });

  it('changes its sign with the order, and holds 0 where nothing differs', () => {
    const one = pairedDifference({ images: 512, onlyFirst: 11, onlySecond: 40 });
    const other = pairedDifference({ images: 512, onlyFirst: 40, onlySecond: 11 });
    expect(other.difference).toBe(-one.difference);
    expect(other.low).toBeCloseTo(-one.high, 12);
    const same = pairedDifference({ images: 50, onlyFirst: 0, onlySecond: 0 });
    expect(same).toMatchObject({ difference: 0, pValue: 1 });
    expect(same.low).toBeLessThan(0);
    expect(same.high).toBeGreaterThan(0);
  });

  it('covers the true difference about 95 times of 100', () => {
    // A fixed congruential generator: the share of covering intervals over 2000 simulated comparisons of 400 images.
    let state = 12345;
    const chance = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    let covered = 0;
    for (let trial = 0; trial < 2000; trial += 1) {
      let [onlyFirst, onlySecond] = [0, 0];
      for (let image = 0; image < 400; image += 1) {
        const draw = chance();
        if (draw < 0.04) onlyFirst += 1;
        else if (draw < 0.1) onlySecond += 1;
      }
      const { low, high } = pairedDifference({ images: 400, onlyFirst, onlySecond });
      if (low <= 0.02 && 0.02 <= high) covered += 1;
    }
    expect(covered / 2000).toBeGreaterThan(0.93);
    expect(covered / 2000).toBeLessThan(0.97);
  });

  it('stays finite for ten thousand discordant images and refuses what cannot be', () => {
    const { pValue } = pairedDifference({ images: 20_000, onlyFirst: 4900, onlySecond: 5100 });
    // Normal approximation with continuity correction: z = 199 / 100.
    expect(pValue).toBeCloseTo(0.0466, 3);
    expect(() => pairedDifference({ images: 5, onlyFirst: 4, onlySecond: 2 })).toThrow(RangeError);
    expect(() => pairedDifference({ images: 0, onlyFirst: 0, onlySecond: 0 })).toThrow(RangeError);
  });
});
