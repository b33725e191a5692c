import { describe, expect, it } from 'vitest';
import { lossCurve } from './loss-curve';

describe('the expected loss', () => {
  it('runs straight between measurements and on beyond the last', () => {
    const loss = lossCurve({ removed: [0, 0.5, 0.75], accuracy: [0.9, 0.8, 0.5] });
    expect([0, 0.25, 0.5, 0.625, 0.75, 1].map(loss).map((value) => Number(value.toFixed(12)))).toEqual([
      0, 0.05, 0.1, 0.25, 0.4, 0.7,
    ]);
  });

  it('lies under a bump: what comes after it can be had for less', () => {
    // Losses 0.3 at 0.25 and 0.1 at 0.5: the straight line from 0 to 0.1 lies under the bump.
    const loss = lossCurve({ removed: [0, 0.25, 0.5], accuracy: [0.9, 0.6, 0.8] });
    expect(loss(0.25)).toBeCloseTo(0.05, 12);
  });

  it('is nothing at 0, counts from the best accuracy and never falls', () => {
    const loss = lossCurve({ removed: [0, 0.25, 0.5], accuracy: [0.8, 0.9, 0.7] });
    expect(loss(0)).toBe(0);
    expect(loss(0.25)).toBe(0);
    expect(loss(0.5)).toBeCloseTo(0.2, 12);
  });

  it('is nothing where nothing was measured', () => {
    expect(lossCurve({ removed: [], accuracy: [] })(0.5)).toBe(0);
    expect(lossCurve({ removed: [0], accuracy: [0.9] })(0.5)).toBe(0);
  });
});
