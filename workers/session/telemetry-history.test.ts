import { describe, expect, it } from 'vitest';
import type { TelemetrySample } from '../protocol';
import { createHistory, readHistory, writeHistory } from './telemetry-history';

const sample = (step: number, stage = 0, length = 3): TelemetrySample => ({
  stage,
  step,
  total: 100_000,
  telemetry: { values: { step }, layers: { stem: { gate: new Float32Array(length).fill(step) } } },
});
const stepsOf = (history: ReturnType<typeof createHistory>): number[] => history.samples().map(({ step }) => step);

describe('the history of a training', () => {
  it.each([3, 30_000])('stays small and even with %d numbers a sample, and keeps both ends', (length) => {
    const history = createHistory();
    for (let step = 0; step <= 5000; step += 1) {
      history.add(sample(step, 0, length));
      expect(history.samples().length).toBeLessThanOrEqual(Math.min(120, 500_000 / length));
      expect(history.samples().at(-1)?.step).toBe(step);
    }
    const steps = stepsOf(history);
    expect(steps[0]).toBe(0);
    expect(steps.length).toBeGreaterThanOrEqual(Math.min(60, 250_000 / length) - 1);
    const gaps = steps.slice(1, -1).map((step, at) => step - (steps[at] ?? 0));
    expect(new Set(gaps).size).toBe(1);
  });

  it('is of one stage, and goes back with a run that is resumed', () => {
    const history = createHistory([sample(1), sample(5), sample(9)]);
    history.rewind(0, 5);
    expect(stepsOf(history)).toEqual([1, 5]);
    history.add(sample(6));
    history.add(sample(2, 3));
    expect(stepsOf(history)).toEqual([2]);
    history.rewind(4, 0);
    expect(stepsOf(history)).toEqual([]);
  });

  it('comes back from its bytes as it was, odd samples included', async () => {
    const odd = { stage: 0, step: 9, total: 10, telemetry: { values: { loss: NaN, chi: 1e-30 } } };
    const wide = { ...sample(10), telemetry: { values: {}, layers: { 'a/b': { x: Float32Array.of(1, 2) }, c: {} } } };
    const samples = [sample(1), sample(2), odd, wide, sample(11)];
    const back = await readHistory(writeHistory(samples));
    expect(back.map(({ step }) => step)).toEqual([1, 2, 9, 10, 11]);
    expect(back[1]).toEqual(samples[1]);
    expect(back[2]?.telemetry.values).toEqual({ loss: NaN, chi: 1e-30 });
    expect(back[3]?.telemetry.layers?.['a/b']?.['x']).toEqual(Float32Array.of(1, 2));
    expect(back[4]).toEqual(samples[4]);
    expect(await readHistory(writeHistory([]))).toEqual([]);
  });
});
