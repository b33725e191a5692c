import { describe, expect, it } from 'vitest';
import { accuracyAxis, budgetAt, costAxis, heightOf, plotArea, xOf, yOf } from './scales';

describe('costAxis', () => {
  it('shows 20 to 104 % unless something lies outside', () => {
    expect(costAxis([50, 100])).toEqual({ low: 20, high: 104, ticks: [20, 40, 60, 80, 100] });
    expect(costAxis([20, 100]).low).toBe(10);
    expect(costAxis([12, 100])).toEqual({ low: 10, high: 104, ticks: [20, 40, 60, 80, 100] });
    expect(costAxis([132])).toEqual({ low: 20, high: 144, ticks: [40, 80, 120] });
  });
});

describe('accuracyAxis', () => {
  it('puts the floor on the tick under the front', () => {
    // Span 3.9 (92.9 to 96.8): rough step 1.11 becomes 2; 92.9 - 0.39 = 92.51 falls to the tick 92.
    const axis = accuracyAxis([92.9, 94, 95.4, 95.8], 96.8);
    expect(axis.low).toBe(92);
    expect(axis.ticks).toEqual([92, 94, 96]);
    expect(axis.high).toBeCloseTo(96.8 + 4.8 * 0.14, 10);
  });

  it('shows ten points under a lone original', () => {
    const axis = accuracyAxis([], 92.1);
    expect(axis.low).toBe(80);
    expect(axis.high).toBeGreaterThan(92.1);
  });

  it('does not blow up noise and does not sink below zero', () => {
    const flat = accuracyAxis([95.1, 95.2], 95.2);
    expect(flat.high - flat.low).toBeGreaterThanOrEqual(1);
    expect(accuracyAxis([3, 60], 61).low).toBe(0);
  });

  it('never has a tick over 100 %', () => {
    expect(Math.max(...accuracyAxis([70, 99.5], 99.9).ticks)).toBeLessThanOrEqual(100);
  });

  it('is 0 to 100 without any point', () => expect(accuracyAxis([], null).ticks).toHaveLength(6));
});

describe('pixels', () => {
  const area = plotArea(542, 256);
  const axis = { low: 20, high: 120, ticks: [] };

  it('spans the plot area', () => {
    expect(area).toEqual({ left: 34, right: 534, top: 22, bottom: 222 });
    expect(xOf(20, axis, area)).toBe(34);
    expect(xOf(70, axis, area)).toBe(284);
    expect(yOf(20, axis, area)).toBe(222);
    expect(yOf(120, axis, area)).toBe(22);
  });

  it('keeps marks inside: beyond an edge they stand at it, under the ceiling clear of the flag', () => {
    expect(heightOf(70, axis, area)).toEqual({ y: 122, isBelow: false, isAbove: false });
    expect(heightOf(19.9, axis, area)).toEqual({ y: 209, isBelow: true, isAbove: false });
    expect(heightOf(120.1, axis, area)).toEqual({ y: 35, isBelow: false, isAbove: true });
    expect(heightOf(119, axis, area)).toEqual({ y: 29, isBelow: false, isAbove: false });
  });

  it('reads a budget back in steps of 0.1 %, within limits', () => {
    expect(budgetAt(284, axis, area, [0.2, 1])).toBe(0.7);
    // One pixel is 0.2 %.
    expect(budgetAt(285, axis, area, [0.2, 1])).toBe(0.702);
    expect(budgetAt(-50, axis, area, [0.2, 1])).toBe(0.2);
    expect(budgetAt(530, axis, area, [0.2, 1])).toBe(1);
  });
});
