import { describe, expect, it } from 'vitest';
import { dotPlot } from './dot-plot';

const area = { left: 0, right: 260, top: 18, bottom: 150 };

describe('dotPlot', () => {
  it('stands the cut line between the strongest cut and the weakest kept filter', () => {
    // Mean 1: ratios are the values. The line is at sqrt(0.5 * 0.72) = 0.6.
    const values = [0.5, 0.72, 1.28, 1.5];
    const plot = dotPlot(values, (channel) => channel === 0, area);
    expect([plot.cut, plot.kept]).toEqual([1, 3]);
    const low = Math.log(0.5 * 0.85);
    const high = Math.log(2);
    expect(plot.cutX).toBeCloseTo(((Math.log(0.6) - low) / (high - low)) * 260, 6);
    for (const dot of plot.dots) expect(dot.x < (plot.cutX ?? 0)).toBe(dot.isCut);
  });

  it('has no line when hand choices cross, and none when nothing is cut', () => {
    const values = [0.5, 1, 1.5];
    expect(dotPlot(values, (channel) => channel === 1, area).cutX).toBeNull();
    expect(dotPlot(values, () => false, area).cutX).toBeNull();
    expect(dotPlot(values, () => false, area).kept).toBe(3);
  });

  it('keeps every dot inside the area, however many fall together', () => {
    const values = Array.from({ length: 300 }, (_, at) => 1 + (at % 3) * 1e-4);
    const { dots, radius } = dotPlot(values, (channel) => channel < 100, area);
    expect(dots).toHaveLength(300);
    for (const { x, y } of dots) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(260);
      expect(y - radius).toBeGreaterThanOrEqual(area.top);
      expect(y + radius).toBeLessThanOrEqual(area.bottom);
    }
  });

  it('places zeros, ties and huge spreads', () => {
    const { dots, ticks, cutX } = dotPlot([0, 0, 1e-9, 1, 1e6], (channel) => channel < 2, area);
    expect(new Set(dots.map(({ channel }) => channel)).size).toBe(5);
    expect(dots.every(({ x }) => Number.isFinite(x))).toBe(true);
    expect(cutX).not.toBeNull();
    expect(ticks.length).toBeGreaterThan(0);
    expect(dotPlot([0, 0, 0], () => false, area).dots.every(({ x }) => Number.isFinite(x))).toBe(true);
  });
});
