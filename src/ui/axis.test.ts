import { describe, expect, it } from 'vitest';
import { along, axisAround, axisFromZero, clamp, niceStep, ticksBetween } from './axis';

describe('niceStep', () => {
  it.each([
    [0.03, 0.05],
    [0.5, 0.5],
    [0.51, 1],
    [1.2, 2],
    [3, 5],
    [7, 10],
    [101, 200],
  ])('rounds %d up to %d', (rough, step) => expect(niceStep(rough)).toBeCloseTo(step, 12));
});

describe('ticksBetween', () => {
  it('keeps both ends and no rounding noise', () => {
    expect(ticksBetween(0, 0.6, 0.2)).toEqual([0, 0.2, 0.4, 0.6]);
    expect(ticksBetween(0.1, 0.55, 0.2)).toEqual([0.2, 0.4]);
    expect(ticksBetween(0.3, 0.35, 0.2)).toEqual([]);
  });
});

describe('axes', () => {
  it('starts at 0 and ends just over the largest value', () => {
    expect(axisFromZero(0.8)).toEqual({ low: 0, high: 0.8400000000000001, ticks: [0, 0.5] });
    expect(axisFromZero(0).high).toBe(1);
    expect(axisFromZero(2).ticks).toEqual([0, 1, 2]);
  });

  it('falls to a tick below the lowest value', () => {
    const axis = axisAround([85.2, 91.7], 2);
    // Span 6.5: rough step 2.5 becomes 5.
    expect(axis.low).toBe(85);
    expect(axis.ticks).toEqual([85, 90]);
    expect(axis.high).toBeCloseTo(91.7 + 0.325, 10);
    const flat = axisAround([50, 50], 4);
    expect(flat.high - flat.low).toBeGreaterThanOrEqual(4);
  });

  it('measures along a range', () => {
    expect(along(5, 0, 10)).toBe(0.5);
    expect(along(5, 5, 5)).toBe(0);
    expect(clamp(5, 0, 3)).toBe(3);
  });
});
