import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from './schedule';

const rates = (schedule: Schedule): number[] =>
  Array.from({ length: schedule.steps }, (_, step) => learningRateAt(schedule, step));

describe('learningRateAt', () => {
  it('is constant after warm-up', () => {
    const wanted = [0.1, 0.2, 0.3, 0.4, 0.4, 0.4];
    rates({ kind: 'constant', learningRate: 0.4, steps: 6, warmUp: 4 }).forEach((rate, step) =>
      expect(rate).toBeCloseTo(wanted[step] ?? NaN, 12),
    );
  });

  it('falls along half a cosine: 1, cos^2(pi / 8), 1/2, sin^2(pi / 8)', () => {
    const wanted = [1, 0.8535533905932737, 0.5, 0.14644660940672624];
    rates({ kind: 'cosine', learningRate: 1, steps: 4, warmUp: 0 }).forEach((rate, step) =>
      expect(rate).toBeCloseTo(wanted[step] ?? NaN, 12),
    );
  });

  it('starts the cosine at the full rate when the warm-up ends', () => {
    const schedule: Schedule = { kind: 'cosine', learningRate: 0.1, steps: 12, warmUp: 2 };
    expect(learningRateAt(schedule, 0)).toBeCloseTo(0.05, 12);
    expect(learningRateAt(schedule, 1)).toBeCloseTo(0.1, 12);
    expect(learningRateAt(schedule, 2)).toBeCloseTo(0.1, 12);
    expect(learningRateAt(schedule, 7)).toBeCloseTo(0.05, 12);
  });

  it('divides by ten at half and at three quarters', () => {
    const wanted = [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01];
    rates({ kind: 'step', learningRate: 1, steps: 8, warmUp: 0 }).forEach((rate, step) =>
      expect(rate).toBeCloseTo(wanted[step] ?? NaN, 12),
    );
  });

  it('never exceeds the rate with a warm-up that ends inside a step', () => {
    const all = rates({ kind: 'cosine', learningRate: 0.3, steps: 9, warmUp: 2.5 });
    expect(Math.max(...all)).toBeLessThanOrEqual(0.3);
    expect(Math.min(...all)).toBeGreaterThan(0);
  });
});
