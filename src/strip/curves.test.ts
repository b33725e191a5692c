import { describe, expect, it } from 'vitest';
import type { MetricPoint, Progress } from '../../workers/protocol';
import { sampleRun } from '../studio/run-sample';
import { trainingCurves } from './curves';

const { recipe } = sampleRun({ epochs: 20 });

const point = (step: number, change: Partial<MetricPoint> = {}): MetricPoint => ({
  stage: 3,
  epoch: 0,
  step,
  loss: 1,
  accuracy: null,
  split: null,
  learningRate: 0.02,
  ...change,
});

const progress: Progress = {
  stage: 3,
  stageName: 'fine-tune',
  note: 'epoch 1 of 20',
  done: 10,
  total: 400,
  imagesPerSecond: null,
  multiplyAddsPerSecond: null,
  secondsLeft: null,
};

describe('trainingCurves', () => {
  it('is absent before the first point', () => expect(trainingCurves(recipe, [], progress, 96)).toBeNull());

  it('tells the training loss from measured accuracy', () => {
    const curves = trainingCurves(
      recipe,
      [point(0, { loss: 2 }), point(10, { loss: 1 }), point(20, { loss: 0.9, accuracy: 0.917, split: 'validation' })],
      progress,
      92.1,
    );
    expect(curves?.loss.raw.map(({ y }) => y)).toEqual([2, 1]);
    expect(curves?.accuracy.points).toHaveLength(1);
    expect(curves?.lastAccuracy).toBeCloseTo(91.7, 10);
    expect(curves?.steps).toBe(400);
    // The smoothed loss starts at the first value: (0.85 * 0.15 * 2 + 0.15 * 1) / (0.85 * 0.15 + 0.15).
    expect(curves?.loss.smooth[0]?.y).toBeCloseTo(2, 10);
    expect(curves?.lastLoss).toBeCloseTo(0.405 / 0.2775, 10);
  });

  it('marks epochs along the steps', () => {
    const curves = trainingCurves(recipe, [point(10)], progress, null);
    expect(curves?.epochTicks).toEqual([
      { at: 0, epoch: 0 },
      { at: 100, epoch: 5 },
      { at: 200, epoch: 10 },
      { at: 300, epoch: 15 },
      { at: 400, epoch: 20 },
    ]);
  });

  it('shows the latest stage alone', () => {
    const curves = trainingCurves(recipe, [point(900, { stage: 1, loss: 9 }), point(5, { loss: 1 })], null, null);
    expect(curves?.loss.raw).toEqual([{ x: 5, y: 1 }]);
    expect(curves?.steps).toBe(5);
  });

  it('thins a long run without moving its mean', () => {
    const points = Array.from({ length: 2400 }, (_, step) => point(step, { loss: step % 2 === 0 ? 1 : 3 }));
    const raw = trainingCurves(recipe, points, null, null)?.loss.raw ?? [];
    expect(raw).toHaveLength(240);
    expect(raw.every(({ y }) => y === 2)).toBe(true);
  });

  it('survives a loss that is not a number', () => {
    const curves = trainingCurves(recipe, [point(0, { loss: 1 }), point(1, { loss: Number.NaN })], null, null);
    expect(curves?.lastLoss).toBe(1);
  });
});
