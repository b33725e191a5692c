import '@tensorflow/tfjs-backend-cpu';
import { grad, memory, setBackend, softmax, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { classificationLoss, passLoss, passWeights, type LossOptions } from './loss';

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
  it('takes probabilities for what they are: same value, and through the softmax the same gradient', () => {
    const logits = tensor2d(LOGITS);
    const given = options(0.1, 0.5, 2);
    const direct = classificationLoss(given);
    const ofProbabilities = classificationLoss({ ...given, probabilities: true });
    expect(ofProbabilities([softmax(logits)]).dataSync()[0]).toBeCloseTo(direct([logits]).dataSync()[0] ?? NaN, 5);
    const expected = grad((z) => direct([z]))(logits).dataSync();
    const p = softmax(logits);
    const byProbability = grad((x) => ofProbabilities([x]))(p).dataSync();
    // The softmax's own backward pass: dz = p (g - sum of g p).
    const values = p.dataSync();
    for (let at = 0; at < values.length; at++) {
      const row = at - (at % 3);
      const inner = [0, 1, 2].reduce((sum, c) => sum + (byProbability[row + c] ?? NaN) * (values[row + c] ?? NaN), 0);
      expect((values[at] ?? NaN) * ((byProbability[at] ?? NaN) - inner)).toBeCloseTo(expected[at] ?? NaN, 5);
    }
  });

  it('is ln 10 for ten equal logits, whatever the smoothing', () => {
    const labels = tensor2d([[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]);
    for (const labelSmoothing of [0, 0.1]) {
      const loss = classificationLoss({ labels, labelSmoothing })([tensor2d([new Array<number>(10).fill(2.5)])]);
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
    expect(loss([logits]).dataSync()[0]).toBeCloseTo(reference(LOGITS, smoothing, weight, temperature), 5);

    const gradient = grad((x) => loss([x]))(logits).dataSync();
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
    expect(loss([teacher]).dataSync()[0]).toBeCloseTo(0, 6);
    for (const value of grad((x) => loss([x]))(teacher).dataSync()) expect(value).toBeCloseTo(0, 6);
  });

  it('stays finite for logits of 1000', () => {
    const loss = classificationLoss({ labels: tensor2d([[1, 0]]) })([tensor2d([[0, 1000]])]);
    expect(loss.dataSync()[0]).toBeCloseTo(1000, 2);
  });

  it('leaves no tensor behind but the value', () => {
    const loss = classificationLoss(options(0.1, 0.5, 4));
    const logits = tensor2d(LOGITS);
    const before = memory().numTensors;
    loss([logits]).dispose();
    expect(memory().numTensors).toBe(before);
  });
});

describe('passLoss', () => {
  const labels = [
    [0, 1, 0],
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
  ];
  const first = [0.5, -1, 2, 9, 9, -9, 1, 0, -2, 0, 1, 0];
  const second = [1, 1, 0, -3, 5, 2, 2, 0, 0, -1, 0, 3];
  const options = { labels: tensor2d(labels), labelled: 3 };
  /** Mean cross-entropy over the three labelled rows, in float64. */
  const meanOf = (logits: readonly number[]): number =>
    [0, 2, 3].reduce((sum, row) => {
      const p = probabilities(logits.slice(3 * row, 3 * row + 3));
      return sum - Math.log(p[labels[row]?.indexOf(1) ?? NaN] ?? NaN) / 3;
    }, 0);
  /** Two images of 1x2 pixels. */
  const asImages = (logits: readonly number[]) => tensor4d([...logits], [2, 1, 2, 3]);

  it('weighs passes so that the weights sum to 1', () => {
    expect(passWeights('uniform', 4)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(passWeights('last', 3)).toEqual([0, 0, 1]);
    expect(passWeights('ramp', 3)).toEqual([1 / 6, 2 / 6, 3 / 6]);
    for (const weighting of ['uniform', 'last', 'ramp'] as const) {
      for (const passes of [1, 2, 3, 4]) {
        expect(passWeights(weighting, passes).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it.each([
    ['uniform', 1 / 2, 1 / 2],
    ['last', 0, 1],
    ['ramp', 1 / 3, 2 / 3],
  ] as const)('%s: the weighted sum over passes, over pixels with a class alone', (weighting, one, two) => {
    const loss = passLoss({ ...options, weighting })([asImages(first), asImages(second)]);
    expect(loss.dataSync()[0]).toBeCloseTo(one * meanOf(first) + two * meanOf(second), 5);
  });

  it('gives an ignored pixel no gradient, smoothed or distilled, and every other one its own', () => {
    const teacher = { logits: tensor2d(second, [4, 3]), weight: 0.3, temperature: 2 };
    for (const more of [{}, { labelSmoothing: 0.1 }, { distillation: teacher }]) {
      const loss = passLoss({ ...options, ...more });
      const gradient = [...grad((x) => loss([x]))(asImages(first)).dataSync()];
      expect(gradient.slice(3, 6)).toEqual([0, 0, 0]);
      for (const row of [0, 2, 3])
        expect(gradient.slice(3 * row, 3 * row + 3).every((value) => value !== 0)).toBe(true);
      const changed = [...first];
      changed[4] = -50;
      expect(loss([asImages(changed)]).dataSync()).toEqual(loss([asImages(first)]).dataSync());
    }
    const gradient = grad((x) => passLoss(options)([x]))(asImages(first)).dataSync();
    const [red = NaN, green = NaN, blue = NaN] = probabilities(first.slice(0, 3));
    [red / 3, (green - 1) / 3, blue / 3].forEach((value, at) => expect(gradient[at]).toBeCloseTo(value, 6));
  });

  it('is zero where nothing has a label, and knows outputs of another shape for no passes', () => {
    const none = passLoss({ labels: tensor2d(labels.map(() => [0, 0, 0])), labelled: 0 });
    expect(Math.abs(none([asImages(first)]).dataSync()[0] ?? NaN)).toBe(0);
    const beside = passLoss(options)([asImages(first), tensor2d([[1, 2, 3, 4]])]);
    expect(beside.dataSync()[0]).toBeCloseTo(meanOf(first), 5);
  });
});
