import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSgd } from '../../training/optimiser';
import type { Executor } from '../executor';
import { batchNormGradients, followStatistics, normalise, normaliseBatch } from '../ops/batch-norm';
import { scaleShift } from '../ops/channels';
import { createExecutor } from '../runtime';

/** Rows that fill no block, several blocks, and no whole period. */
const shapes = [
  [1, 2, 2, 1],
  [3, 5, 7, 3],
  [2, 33, 31, 13],
  [5, 9, 9, 37],
  [4, 32, 32, 16],
  [2, 6, 6, 130],
  [9, 10],
] as const;

const epsilon = 1e-3;

/**
 * Definition of batch norm, addition, rectifier and their gradients, in double precision. `found` is the output that was
 * computed: where one precision says just above zero and the other just below, gradients follow it.
 */
function reference(
  values: Record<'x' | 'gamma' | 'beta' | 'residual' | 'dy' | 'found', ArrayLike<number>>,
  channels: number,
  rectified: boolean,
) {
  const at = (array: ArrayLike<number>, index: number): number => array[index] ?? 0;
  const rows = values.x.length / channels;
  const y = new Float64Array(values.x.length);
  const dx = new Float64Array(values.x.length);
  const perChannel = (): Float64Array => new Float64Array(channels);
  const [mean, variance, gamma, beta] = [perChannel(), perChannel(), perChannel(), perChannel()];
  for (let channel = 0; channel < channels; channel++) {
    const places = Array.from({ length: rows }, (_, row) => row * channels + channel);
    const average = (of: (place: number) => number): number => places.reduce((sum, place) => sum + of(place), 0) / rows;
    const center = average((place) => at(values.x, place));
    const spread = average((place) => (at(values.x, place) - center) ** 2);
    const deviation = Math.sqrt(spread + epsilon);
    const hat = (place: number): number => (at(values.x, place) - center) / deviation;
    const scale = at(values.gamma, channel);
    for (const place of places) {
      const sum = hat(place) * scale + at(values.beta, channel) + at(values.residual, place);
      y[place] = rectified ? Math.max(0, sum) : sum;
    }
    const slope = (place: number): number => (rectified && at(values.found, place) <= 0 ? 0 : at(values.dy, place));
    const [byBeta, byGamma] = [average(slope), average((place) => slope(place) * hat(place))];
    for (const place of places) dx[place] = (scale / deviation) * (slope(place) - byBeta - hat(place) * byGamma);
    mean[channel] = center;
    variance[channel] = spread;
    gamma[channel] = byGamma * rows;
    beta[channel] = byBeta * rows;
  }
  return { y, mean, variance, dx, gamma, beta };
}

/** Largest difference, as a share of the largest value or of `least`. */
function error(found: tf.Tensor, expected: Float64Array, least = 1e-6): number {
  const values = found.dataSync();
  expect(values.length).toBe(expected.length);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), least);
  return expected.reduce((worst, value, at) => {
    const distance = Math.abs((values[at] ?? Number.NaN) - value) / scale;
    return distance <= worst ? worst : Number.isNaN(distance) ? Infinity : distance;
  }, 0);
}

describe.each(['own', 'composed'] as const)('%s batch norm', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm', kernels });
  });
  afterAll(() => executor.dispose());

  it.each([1, 2, 13, 37])('running statistics of %i channels follow a batch', (channels) => {
    tf.tidy(() => {
      const vector = (seed: number): tf.Tensor1D => tf.randomUniform([channels], -1, 2, 'float32', seed);
      const [running, batch] = [
        { mean: vector(1), variance: vector(2) },
        { mean: vector(3), variance: vector(4) },
      ];
      const found = { mean: tf.variable(running.mean), variance: tf.variable(running.variance) };
      followStatistics([{ running: found, batch, positions: 5 }], 0.1);
      // PyTorch: momentum 0.1 of the mean, and of the unbiased variance, 5 / 4 of the population's.
      const expected = (key: 'mean' | 'variance', share: number): Float64Array =>
        Float64Array.from(running[key].dataSync(), (old, at) => 0.9 * old + share * (batch[key].dataSync()[at] ?? NaN));
      expect(error(found.mean, expected('mean', 0.1))).toBeLessThan(1e-6);
      expect(error(found.variance, expected('variance', 0.125))).toBeLessThan(1e-6);
      tf.dispose([found.mean, found.variance]);
    });
  });

  it.each(shapes.map((shape) => ({ shape })))('by given statistics, with what follows: $shape', ({ shape }) => {
    tf.tidy(() => {
      const channels = shape.at(-1) ?? 1;
      const x = tf.randomUniform([...shape], -3, 3, 'float32', 1);
      const residual = tf.randomUniform([...shape], -1, 1, 'float32', 2);
      const vector = (seed: number): tf.Tensor1D => tf.randomUniform([channels], 0.5, 2, 'float32', seed);
      const [mean, variance, gamma, beta] = [vector(3), vector(4), vector(5), vector(6)];
      const values = [mean, variance, gamma, beta].map((tensor) => tensor.dataSync());
      const added = residual.dataSync();
      const expected = Float64Array.from(x.dataSync(), (value, at) => {
        const [m = 0, v = 0, g = 0, b = 0] = values.map((own) => own[at % channels] ?? NaN);
        return Math.max(0, ((value - m) / Math.sqrt(v + epsilon)) * g + b + (added[at] ?? NaN));
      });
      const found = normalise(x, mean, variance, gamma, beta, epsilon, { residual, rectified: true });
      expect(error(found, expected)).toBeLessThan(1e-5);
    });
  });

  const cases = shapes.flatMap((shape) =>
    [false, true].flatMap((rectified) => [false, true].map((added) => ({ shape, rectified, added }))),
  );

  it.each(cases)('$shape, rectified: $rectified, added: $added', ({ shape, rectified, added }) => {
    tf.tidy(() => {
      const channels = shape.at(-1) ?? 1;
      // Far from zero, where a one-pass variance would cancel.
      const x = tf.randomUniform([...shape], 9, 12, 'float32', 1);
      const gamma = tf.randomUniform([channels], 0.5, 2, 'float32', 2);
      const beta = tf.randomUniform([channels], -1, 1, 'float32', 3);
      const residual = added ? tf.randomUniform([...shape], -1, 1, 'float32', 4) : undefined;
      const dy = tf.randomUniform([...shape], -1, 1, 'float32', 5);
      const { output, mean, variance } = normaliseBatch(x, gamma, beta, epsilon, { residual, rectified });
      const expected = reference(
        {
          x: x.dataSync(),
          gamma: gamma.dataSync(),
          beta: beta.dataSync(),
          residual: residual?.dataSync() ?? [],
          dy: dy.dataSync(),
          found: output.dataSync(),
        },
        channels,
        rectified,
      );
      const mask = rectified ? output : undefined;
      const gradients = batchNormGradients(dy, x, mean, variance, gamma, epsilon, mask);
      expect(error(output, expected.y)).toBeLessThan(2e-5);
      expect(error(mean, expected.mean)).toBeLessThan(1e-6);
      expect(error(variance, expected.variance)).toBeLessThan(1e-5);
      expect(error(gradients.input, expected.dx)).toBeLessThan(5e-5);
      expect(error(gradients.gamma, expected.gamma, 1)).toBeLessThan(5e-5);
      expect(error(gradients.beta, expected.beta, 1)).toBeLessThan(5e-5);
    });
  });

  it('scales without a shift, and lets numbers that are none show', () => {
    const found = tf.tidy(() =>
      scaleShift(
        tf.tensor2d([
          [1, 2, NaN],
          [4, 5, 6],
        ]),
        tf.tensor1d([2, 3, 4]),
        undefined,
      ),
    );
    const values = [...found.dataSync()];
    found.dispose();
    expect(Number.isFinite(values[2])).toBe(false);
    expect(values.toSpliced(2, 1)).toEqual([2, 6, 8, 15, 24]);
  });
});

describe('the update', () => {
  it('equals the composed one bit for bit, for any number of values', async () => {
    const found: Float32Array[][] = [];
    for (const kernels of ['own', 'composed'] as const) {
      const executor = await createExecutor({ device: 'wasm', kernels });
      const name = `weight ${kernels}`;
      const value = tf.variable(tf.randomUniform([13], -1, 1, 'float32', 1), true, name);
      const optimiser = createSgd({ trained: [{ name, value, decays: true }], momentum: 0.9, weightDecay: 5e-4 });
      for (const seed of [2, 3, 4]) {
        const gradient = tf.randomUniform([13], -1, 1, 'float32', seed);
        optimiser.apply(new Map([[name, gradient]]), 0.1);
        gradient.dispose();
      }
      const state = await optimiser.readState();
      found.push([Float32Array.from(value.dataSync()), state[name]?.values ?? new Float32Array()]);
      optimiser.dispose();
      value.dispose();
      executor.dispose();
    }
    expect(found[0]?.[1]).toHaveLength(13);
    expect(found[0]).toEqual(found[1]);
  });
});
