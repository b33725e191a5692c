import '@tensorflow/tfjs-backend-cpu';
import { grad, memory, setBackend, tensor2d, type Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { classificationLoss, type LossOptions } from './loss';

beforeAll(async () => {
  await setBackend('cpu');
});

const LABELS = [
  [1, 0, 0],
  [0, 0, 1],
];
const LOGITS = [
  [1, 2, 3],
  [0.5, -1, 4],
];
const TEACHER = [
  [3, 0, -2],
  [1, 1, 2],
];

function probabilities(row: readonly number[], temperature = 1): number[] {
  const powers = row.map((value) => Math.exp(value / temperature));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** The definition, in float64. */
function reference(logits: number[][], smoothing: number, weight: number, temperature: number): number {
  let total = 0;
  logits.forEach((row, b) => {
    const p = probabilities(row);
    const soft = probabilities(row, temperature);
    const teacher = probabilities(TEACHER[b] ?? [], temperature);
    row.forEach((_, c) => {
      const target = (1 - smoothing) * (LABELS[b]?.[c] ?? NaN) + smoothing / row.length;
      total -= (1 - weight) * target * Math.log(p[c] ?? NaN);
      const q = teacher[c] ?? NaN;
      total += weight * temperature ** 2 * q * Math.log(q / (soft[c] ?? NaN));
    });
  });
  return total / logits.length;
}

function options(smoothing: number, weight: number, temperature: number): LossOptions {
  return {
    labels: tensor2d(LABELS),
    labelSmoothing: smoothing,
    ...(weight > 0 ? { distillation: { logits: tensor2d(TEACHER), weight, temperature } } : {}),
  };
}

describe('classificationLoss', () => {
  it('is ln 10 for ten equal logits, whatever the smoothing', () => {
    const labels = tensor2d([[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]);
    for (const labelSmoothing of [0, 0.1]) {
      const loss = classificationLoss({ labels, labelSmoothing })(tensor2d([new Array<number>(10).fill(2.5)]));
      expect(loss.dataSync()[0]).toBeCloseTo(Math.log(10), 5);
    }
  });

  it.each([
    [0, 0, 1],
    [0.1, 0, 1],
    [0, 0.5, 4],
    [0.2, 0.7, 2],
    [0, 1, 3],
  ])('smoothing %f, distillation %f at temperature %f: value and gradient', (smoothing, weight, temperature) => {
    const loss = classificationLoss(options(smoothing, weight, temperature));
    const logits = tensor2d(LOGITS);
    expect(loss(logits).dataSync()[0]).toBeCloseTo(reference(LOGITS, smoothing, weight, temperature), 5);

    const gradient = grad((x) => loss(x as Tensor2D))(logits).dataSync();
    const h = 1e-5;
    LOGITS.forEach((row, b) =>
      row.forEach((_, c) => {
        const shifted = (by: number) => LOGITS.map((r, i) => r.map((v, j) => (i === b && j === c ? v + by : v)));
        const up = reference(shifted(h), smoothing, weight, temperature);
        const down = reference(shifted(-h), smoothing, weight, temperature);
        expect(gradient[b * 3 + c]).toBeCloseTo((up - down) / (2 * h), 5);
      }),
    );
  });

  it('is zero with gradient zero where the student equals the teacher', () => {
    const loss = classificationLoss(options(0, 1, 4));
    const teacher = tensor2d(TEACHER);
    expect(loss(teacher).dataSync()[0]).toBeCloseTo(0, 6);
    for (const value of grad((x) => loss(x as Tensor2D))(teacher).dataSync()) expect(value).toBeCloseTo(0, 6);
  });

  it('stays finite for logits of 1000', () => {
    const loss = classificationLoss({ labels: tensor2d([[1, 0]]) })(tensor2d([[0, 1000]]));
    expect(loss.dataSync()[0]).toBeCloseTo(1000, 2);
  });

  it('leaves no tensor behind but the value', () => {
    const loss = classificationLoss(options(0.1, 0.5, 4));
    const logits = tensor2d(LOGITS);
    const before = memory().numTensors;
    loss(logits).dispose();
    expect(memory().numTensors).toBe(before);
  });
});
