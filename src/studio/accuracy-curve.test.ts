import { describe, expect, it } from 'vitest';
import { estimateFrom } from './accuracy-curve';

describe('estimateFrom', () => {
  it('runs straight between measured points and holds nowhere else', () => {
    const estimate = estimateFrom([{ x: 70, y: 90 }], 96);
    expect(estimate?.at(85)?.y).toBeCloseTo(93, 10);
    expect(estimate?.at(70)?.y).toBe(90);
    expect(estimate?.at(69)).toBeNull();
    expect(estimate?.at(101)).toBeNull();
  });

  it('says nothing about a wide gap', () => {
    const estimate = estimateFrom(
      [
        { x: 30, y: 80 },
        { x: 60, y: 92 },
      ],
      96,
    );
    expect(estimate?.at(45)?.y).toBe(86);
    expect(estimate?.at(80)).toBeNull();
    expect(estimate?.at(60)?.y).toBe(92);
  });

  it('has no band until a point stands between two others', () => {
    const two = estimateFrom([{ x: 70, y: 90 }], 96);
    expect(two?.hasBand).toBe(false);
    expect(two?.at(85)).toEqual({ y: 93, low: 93, high: 93 });
  });

  it('takes the band from what leaving a point out would miss', () => {
    // Without (80, 93) the line from (70, 90) to (100, 96) passes 92 at 80: it misses by 1.
    const estimate = estimateFrom(
      [
        { x: 80, y: 93 },
        { x: 70, y: 90 },
      ],
      96,
    );
    expect(estimate?.hasBand).toBe(true);
    expect(estimate?.at(80)).toEqual({ y: 93, low: 92, high: 94 });
    // The left end takes its neighbour's spread, the measured original none; half way between, half of it.
    expect(estimate?.at(70)).toEqual({ y: 90, low: 89, high: 91 });
    expect(estimate?.at(90)).toEqual({ y: 94.5, low: 94, high: 95 });
    expect(estimate?.at(100)).toEqual({ y: 96, low: 96, high: 96 });
  });

  it('averages repeats of one budget', () => {
    const estimate = estimateFrom(
      [
        { x: 79.8, y: 90 },
        { x: 80.2, y: 92 },
      ],
      95,
    );
    expect(estimate?.knots).toHaveLength(2);
    expect(estimate?.at(80)?.y).toBeCloseTo(91, 6);
  });

  it('is absent when the method was never measured, or at one budget alone', () => {
    expect(estimateFrom([], 96)).toBeNull();
    expect(estimateFrom([{ x: 50, y: 90 }], null)).toBeNull();
  });
});
