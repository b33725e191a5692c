import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSgd, trainedParameter } from '../../training/optimiser';
import { tinyImages, tinyNetwork } from '../eager/tiny-network';
import type { Executor, StepOptions } from '../executor';
import { compareCase, goldenCases, noise } from '../golden/golden';
import { rectifyGradient } from '../ops/activation';
import { batchNormGradients, normalise, normaliseBatch } from '../ops/batch-norm';
import { channelSum, imageMean, scaleShift } from '../ops/channels';
import { convolve, convolveInputGradient, convolveKernelGradient, type ConvolutionWindow } from '../ops/convolution';
import { windowedSize } from '../ops/spatial';
import { createExecutor } from '../runtime';
import { startWgsl, stopWgsl, wgslRuns, type Tiling } from './wgsl-operation';

interface Variant {
  readonly tiling: Tiling;
  readonly quads: boolean;
}

const variants: readonly Variant[] = [
  { tiling: 'registers', quads: true },
  { tiling: 'registers', quads: false },
  { tiling: 'shared', quads: true },
];

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'webgpu' });
});
afterAll(() => executor.dispose());

let seed = 0;
beforeEach(() => {
  seed = 0;
});

function random(shape: readonly number[], offset = 0): tf.Tensor4D {
  const tensor: tf.Tensor = tf.tensor(noise({ seed: ++seed, shape, offset }), [...shape]);
  return tensor as tf.Tensor4D;
}

/** Largest difference, relative to the largest expected value. */
async function difference(found: tf.Tensor, expected: tf.Tensor): Promise<number> {
  expect(found.shape).toEqual(expected.shape);
  const [values, wanted] = [await found.data(), await expected.data()];
  let [largest, size] = [0, 0];
  values.forEach((value, at) => {
    const apart = Math.abs(value - (wanted[at] ?? Number.NaN));
    largest = apart <= largest ? largest : Number.isNaN(apart) ? Infinity : apart;
    size = Math.max(size, Math.abs(wanted[at] ?? 0));
  });
  return largest / size;
}

/** `compute` on our kernels and composed of tfjs's, compared output by output. */
async function compareWithComposed(variant: Variant, compute: () => tf.Tensor[]): Promise<void> {
  startWgsl(variant.tiling, variant.quads);
  const found = compute();
  stopWgsl();
  expect(wgslRuns()).toBe(false);
  const expected = compute();
  for (const [at, tensor] of found.entries()) {
    const twin = expected[at];
    if (twin === undefined) throw new Error('The composed path gave fewer tensors.');
    expect(await difference(tensor, twin), `output ${at}`).toBeLessThan(1e-3);
  }
  tf.dispose([found, expected]);
  executor.check();
}

interface Case extends ConvolutionWindow {
  readonly title: string;
  readonly input: readonly [number, number, number, number];
  readonly filters: number;
  readonly groups: number;
}

const square = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
const cases: readonly Case[] = [
  { title: '3 to 16 channels', ...square, input: [3, 12, 10, 3], filters: 16 },
  { title: '13 to 37 channels', ...square, input: [2, 9, 7, 13], filters: 37 },
  {
    title: '37 to 13, stride 2, padding 0 1 0 1',
    ...square,
    stride: [2, 2],
    padding: [0, 1, 0, 1],
    input: [1, 10, 9, 37],
    filters: 13,
  },
  {
    title: '1x1, stride 2',
    ...square,
    kernelSize: [1, 1],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
    input: [2, 8, 8, 16],
    filters: 32,
  },
  {
    title: '5x3, stride 1 2, dilation 2 1',
    kernelSize: [5, 3],
    stride: [1, 2],
    padding: [2, 1, 0, 2],
    dilation: [2, 1],
    groups: 1,
    input: [2, 13, 11, 5],
    filters: 6,
  },
  {
    title: '7x7, stride 2, one channel',
    kernelSize: [7, 7],
    stride: [2, 2],
    padding: [3, 3, 3, 3],
    dilation: [1, 1],
    groups: 1,
    input: [2, 17, 15, 1],
    filters: 9,
  },
  {
    title: '2x4, stride 3 2, dilation 1 2, rows and columns that no window reaches',
    kernelSize: [2, 4],
    stride: [3, 2],
    padding: [1, 0, 2, 1],
    dilation: [1, 2],
    groups: 1,
    input: [3, 13, 12, 6],
    filters: 7,
  },
  { title: '64 to 64 channels, 130 pixels', ...square, input: [1, 13, 10, 64], filters: 64 },
  { title: '3 groups', ...square, groups: 3, input: [2, 7, 6, 9], filters: 15 },
];

describe.each(variants)('tiles in $tiling, quads: $quads', (variant) => {
  it.each(cases)('convolves and gives both gradients: $title', async ({ input, filters, groups, ...window }) => {
    const [batch, height, width, channels] = input;
    const [rows, columns] = windowedSize([height, width], window);
    const x = random(input);
    const kernel = random([...window.kernelSize, channels / groups, filters]);
    const dy = random([batch, rows, columns, filters]);
    await compareWithComposed(variant, () => [
      convolve(x, kernel, window, groups),
      convolveInputGradient(dy, kernel, input, window, groups),
      convolveKernelGradient(x, dy, window, groups),
    ]);
    tf.dispose([x, kernel, dy]);
  });
});

// Tiles in registers have theirs in `golden.browser.test.ts`.
describe('tiles in shared memory', () => {
  it.each(goldenCases.filter(({ layer }) => layer.op === 'conv'))('golden: $name', async (golden) => {
    startWgsl('shared');
    const before = tf.memory().numTensors;
    for (const { what, excess } of await compareCase(golden)) {
      expect(excess, `${what}: error over tolerance`).toBeLessThanOrEqual(1);
    }
    expect(tf.memory().numTensors).toBe(before);
    executor.check();
  });
});

describe('passes over pixels', () => {
  const [variant = { tiling: 'registers', quads: true } as const] = variants;

  it.each([
    { shape: [3, 7, 5, 13], offset: 0 },
    { shape: [2, 33, 17, 6], offset: 100 },
    { shape: [1, 1, 1, 5], offset: 0 },
    { shape: [70, 3], offset: -3 },
  ])('batch norm of $shape about $offset, forward and back', async ({ shape, offset }) => {
    const channels = [shape.at(-1) ?? 1];
    const [x, residual, dy] = [random(shape, offset), random(shape), random(shape)];
    const [gamma, beta] = [random(channels), random(channels)];
    const one = shape.slice(0, -1).every((length) => length === 1);
    await compareWithComposed(variant, () => {
      const plain = normaliseBatch(x, undefined, undefined, 1e-3);
      const { output, mean, variance } = normaliseBatch(x, gamma, beta, 1e-3, { residual, rectified: true });
      const given = plain.mean.clone();
      const back = batchNormGradients(dy, x, mean, variance, gamma, 1e-3);
      const masked = batchNormGradients(dy, x, mean, variance, undefined, 1e-3, output);
      tf.dispose([plain.mean, plain.variance]);
      // Of one pixel, variance, normalised value and gradient are nothing but rounding.
      const vanishing = [plain.output, variance, back.input, back.gamma, masked.input, masked.gamma];
      if (!one) return [output, given, mean, back.beta, masked.beta, ...vanishing];
      tf.dispose(vanishing);
      return [output, given, mean, back.beta, masked.beta];
    });
    tf.dispose([x, residual, dy, gamma, beta]);
  });

  it.each([{ shape: [3, 7, 5, 13] }, { shape: [70, 37] }])(
    'batch norm of $shape by given statistics',
    async ({ shape }) => {
      const channels = [shape.at(-1) ?? 1];
      const [x, residual] = [random(shape), random(shape)];
      const [gamma, beta, mean] = [random(channels), random(channels), random(channels)];
      const variance = tf.square(random(channels));
      await compareWithComposed(variant, () => {
        return [
          normalise(x, mean, variance, gamma, beta, 1e-3, { residual, rectified: true }),
          normalise(x, mean, variance, gamma, undefined, 1e-3),
          normalise(x, mean, variance, undefined, undefined, 1e-3, { rectified: true }),
        ];
      });
      tf.dispose([x, residual, gamma, beta, mean, variance]);
    },
  );

  it('sums channels, averages images, scales, shifts and goes back through a rectifier', async () => {
    const [x, dy, scale, shift] = [random([2, 5, 7, 11]), random([2, 5, 7, 11]), random([11]), random([11])];
    await compareWithComposed(variant, () => [
      channelSum(x),
      imageMean(x),
      scaleShift(x, scale, shift),
      scaleShift(x, scale, undefined),
      rectifyGradient(dy, tf.relu(x)),
    ]);
    tf.dispose([x, dy, scale, shift]);
  });
});

describe('a training step', () => {
  /** Loss and every tensor after three steps; `reads` counts what came back to the host meanwhile. */
  async function trained(): Promise<{ tensors: Map<string, Float32Array>; reads: number }> {
    const network = executor.load(tinyNetwork());
    const images = tinyImages(4);
    const x = tf.tensor4d(images.values, [4, 7, 6, 2]);
    const labels = tf.tensor2d(
      images.classes.flatMap((label) => [0, 1, 2].map((at) => (at === label ? 1 : 0))),
      [4, 3],
    );
    const optimiser = createSgd({
      trained: network.parameters.map((parameter) => trainedParameter(parameter)),
      momentum: 0.9,
      weightDecay: 1e-2,
    });
    const backend = tf.backend() as WebGPUBackend;
    const watched = [vi.spyOn(backend, 'read'), vi.spyOn(backend, 'readSync')];
    for (let at = 0; at < 3; at++) {
      const loss: StepOptions['loss'] = ([logits]) =>
        tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits ?? []), labels), -1)));
      const step = network.step(x, { loss });
      optimiser.apply(step.gradients, 0.1);
      tf.dispose([step.loss, ...step.outputs, ...step.gradients.values()]);
    }
    const reads = watched.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    for (const spy of watched) spy.mockRestore();
    const tensors = new Map(
      Object.entries(await network.readBack()).map(([name, { values }]) => [name, Float32Array.from(values)]),
    );
    optimiser.dispose();
    network.dispose();
    tf.dispose([x, labels]);
    return { tensors, reads };
  }

  it('gives the weights of the composed path, leaks nothing and reads nothing back', async () => {
    startWgsl('registers');
    const before = tf.memory().numTensors;
    const found = await trained();
    expect(tf.memory().numTensors).toBe(before);
    expect(found.reads).toBe(0);
    stopWgsl();
    const expected = await trained();
    expect([...found.tensors.keys()]).toEqual([...expected.tensors.keys()]);
    for (const [name, values] of found.tensors) {
      const twin = expected.tensors.get(name) ?? new Float32Array();
      const size = twin.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      const apart = values.reduce((most, value, at) => Math.max(most, Math.abs(value - (twin[at] ?? Number.NaN))), 0);
      expect(apart / size, name).toBeLessThan(1e-3);
    }
    executor.check();
  });
});
