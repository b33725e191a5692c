import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildZooNetwork } from '../../network/zoo';
import { createAdam } from '../../training/adam';
import { classificationLoss, type LossOptions } from '../../training/loss';
import { createSgd, trainedParameter, type Optimiser, type Trained } from '../../training/optimiser';
import type { Executor } from '../executor';
import { noise } from '../golden/golden';
import { followStatistics } from '../ops/batch-norm';
import { denseInputGradient, denseKernelGradient } from '../ops/dense';
import { repeatOverImage } from '../ops/channels';
import { createExecutor } from '../runtime';
import { startWgsl, stopWgsl } from './wgsl-operation';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'webgpu' });
});
afterAll(() => executor.dispose());
beforeEach(() => startWgsl('registers'));

/** The device's limit decides how many tensors a dispatch changes; WebGPU's smallest is 8. */
const fewestBuffers = 8;

/** Values in [-1, 1). */
function random(seed: number, shape: readonly number[]): tf.Tensor {
  return tf.tensor(noise({ seed, shape, offset: 0 }), [...shape]);
}

/** Largest difference, relative to the largest expected value. */
function difference(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(values).toHaveLength(expected.length);
  const size = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const apart = Array.from(expected, (value, at) => Math.abs((values[at] ?? NaN) - value) / size);
  return apart.some(Number.isNaN) ? Infinity : Math.max(...apart);
}

async function close(found: tf.Tensor, expected: ArrayLike<number>): Promise<void> {
  expect(difference(await found.data(), expected)).toBeLessThan(1e-4);
}

/** Dispatches of `work`, tfjs's and ours. */
function dispatchesOf(work: () => void): number {
  const prototype = GPUComputePassEncoder.prototype;
  const original = Object.getOwnPropertyDescriptor(prototype, 'dispatchWorkgroups');
  if (original === undefined) throw new Error('There are no compute passes here.');
  let count = 0;
  const counted = new Proxy(original.value as (...sizes: number[]) => void, {
    apply(target, pass, sizes: number[]) {
      count++;
      Reflect.apply(target, pass, sizes);
    },
  });
  Object.defineProperty(prototype, 'dispatchWorkgroups', { ...original, value: counted });
  try {
    work();
  } finally {
    Object.defineProperty(prototype, 'dispatchWorkgroups', original);
  }
  return count;
}

describe('softmax cross-entropy', () => {
  interface Terms {
    readonly smoothing: number;
    readonly unlabelled: readonly number[];
    readonly distillation: { readonly weight: number; readonly temperature: number } | undefined;
  }

  /** The definition, in double precision: `[loss, gradient]`. */
  function reference(
    [rows, classes]: readonly [number, number],
    logits: ArrayLike<number>,
    labels: ArrayLike<number>,
    teacher: ArrayLike<number>,
    { smoothing, unlabelled, distillation }: Terms,
  ): [number, Float64Array] {
    const gradient = new Float64Array(rows * classes);
    const { weight, temperature } = distillation ?? { weight: 0, temperature: 1 };
    const counted = rows - unlabelled.length;
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      if (unlabelled.includes(row)) continue;
      const own = (values: ArrayLike<number>): number[] =>
        Array.from({ length: classes }, (_, c) => values[row * classes + c] ?? NaN);
      const shares = (values: number[], t: number): number[] => {
        const powers = values.map((value) => Math.exp(value / t));
        return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
      };
      const [p, soft] = [shares(own(logits), 1), shares(own(logits), temperature)];
      const q = shares(own(teacher), temperature);
      own(labels).forEach((label, c) => {
        const target = (1 - smoothing) * label + smoothing / classes;
        const [pc = NaN, sc = NaN, qc = NaN] = [p[c], soft[c], q[c]];
        loss -= ((1 - weight) * target * Math.log(pc)) / counted;
        loss += (weight * temperature ** 2 * qc * Math.log(qc / sc)) / counted;
        gradient[row * classes + c] = ((1 - weight) * (pc - target) + weight * temperature * (sc - qc)) / counted;
      });
    }
    return [loss, gradient];
  }

  const plain = { smoothing: 0, unlabelled: [], distillation: undefined };
  it.each<{ title: string; shape: readonly [number, number] } & Terms>([
    { title: 'one image', shape: [1, 10], ...plain },
    { title: '37 images of 13 classes, smoothed', shape: [37, 13], ...plain, smoothing: 0.1 },
    { title: 'distilled', shape: [5, 3], ...plain, distillation: { weight: 0.7, temperature: 4 } },
    {
      title: 'more rows than parts, some unlabelled, smoothed and distilled',
      shape: [601, 3],
      smoothing: 0.2,
      unlabelled: [0, 7, 600],
      distillation: { weight: 0.4, temperature: 2 },
    },
    { title: 'some unlabelled', shape: [12, 2], ...plain, unlabelled: [3, 11] },
  ])('$title: as defined, in two dispatches', async ({ title: _title, shape, ...terms }) => {
    const [rows, classes] = shape;
    const before = tf.memory().numTensors;
    // Large logits, whose exponentials would overflow.
    const logits = tf.tidy(() => tf.add<tf.Tensor>(tf.mul(random(1, shape), 9), 200));
    const teacher = tf.tidy(() => tf.mul<tf.Tensor2D>(random(2, shape), 6));
    const oneHot = Array.from({ length: rows }, (_, row) =>
      Array.from({ length: classes }, (__, c) => Number(!terms.unlabelled.includes(row) && c === (row * 7) % classes)),
    );
    const labels = tf.tensor2d(oneHot);
    const { smoothing, unlabelled, distillation } = terms;
    const options: LossOptions = {
      labels,
      labelled: rows - unlabelled.length,
      labelSmoothing: smoothing,
      distillation: distillation === undefined ? undefined : { logits: teacher, ...distillation },
    };
    const evaluate = (): { value: tf.Tensor; grad: tf.Tensor } =>
      tf.valueAndGrad((z: tf.Tensor) => classificationLoss(options)([z]))(logits);
    const expected = reference(shape, await logits.data(), oneHot.flat(), await teacher.data(), terms);
    // The first one compiles.
    tf.dispose(Object.values(evaluate()));
    const found: { value?: tf.Tensor; grad?: tf.Tensor } = {};
    // Two of ours, ones for the tape, and the product with them.
    expect(dispatchesOf(() => Object.assign(found, evaluate()))).toBeLessThanOrEqual(4);
    const { value, grad } = found;
    if (value === undefined || grad === undefined) throw new Error('The loss gave nothing.');
    expect(value.shape).toEqual([]);
    await close(value, [expected[0]]);
    await close(grad, expected[1]);
    stopWgsl();
    const composed = tf.tidy(evaluate);
    await close(value, await composed.value.data());
    await close(grad, await composed.grad.data());
    tf.dispose([logits, teacher, labels]);
    tf.dispose(Object.values(found));
    tf.dispose([composed.value, composed.grad]);
    expect(tf.memory().numTensors).toBe(before);
    executor.check();
  });

  it('is no number where a logit is none', async () => {
    const labels = tf.tensor2d([[1, 0, 0]]);
    const loss = tf.tidy(() => classificationLoss({ labels })([tf.tensor2d([[1, NaN, 2]])]));
    expect(Number.isFinite((await loss.data())[0])).toBe(false);
    tf.dispose([loss, labels]);
  });
});

describe('updates in place', () => {
  const sizes = [[3, 3, 13, 37], [37], [1], [64], [5, 13], [65], [2, 3], [129], [7], [3, 3, 1, 1], [130]];
  const makers: readonly { name: string; make: (trained: readonly Trained[]) => Optimiser; state: number }[] = [
    { name: 'SGD', make: (trained) => createSgd({ trained, momentum: 0, weightDecay: 0.1 }), state: 0 },
    { name: 'SGD with momentum', make: (trained) => createSgd({ trained, momentum: 0.9, weightDecay: 0.1 }), state: 1 },
    { name: 'Adam', make: (trained) => createAdam(trained, 0.1), state: 2 },
  ];

  async function trainedBy(make: (trained: readonly Trained[]) => Optimiser, label: string) {
    const trained = sizes.map((shape, at): Trained => {
      const start = random(at + 1, shape);
      const value = tf.variable(start, true, `${label} ${at}`);
      start.dispose();
      return { name: value.name, value, decays: at % 2 === 0 };
    });
    const optimiser = make(trained);
    let dispatches = 0;
    for (let step = 0; step < 3; step++) {
      // One has no gradient in the second step.
      const given = trained.filter((_, at) => step !== 1 || at !== 4);
      const gradients = new Map(given.map(({ name, value }, at) => [name, random(100 * step + at, value.shape)]));
      dispatches = dispatchesOf(() => optimiser.apply(gradients, 0.1 / (step + 1)));
      tf.dispose([...gradients.values()]);
    }
    const values = await Promise.all(trained.map(async ({ value }) => (await value.data()).slice()));
    const state = Object.values(await optimiser.readState()).map((tensor) => tensor.values);
    optimiser.dispose();
    tf.dispose(trained.map(({ value }) => value));
    return { values, state, dispatches };
  }

  it.each(makers)('$name: as composed, in as few dispatches as bindings allow', async ({ name, make, state }) => {
    const before = tf.memory().numTensors;
    const found = await trainedBy(make, `own ${name}`);
    stopWgsl();
    const expected = await trainedBy(make, `composed ${name}`);
    for (const kind of ['values', 'state'] as const) {
      expect(found[kind]).toHaveLength(expected[kind].length);
      for (const [at, values] of found[kind].entries()) {
        expect(difference(values, expected[kind][at] ?? [])).toBeLessThan(1e-4);
      }
    }
    // One buffer holds the rate; a variable takes its gradient, itself and its state.
    const together = Math.floor((fewestBuffers - 1) / (2 + state));
    expect(found.dispatches).toBeLessThanOrEqual(Math.ceil(sizes.length / together));
    expect(tf.memory().numTensors).toBe(before);
    executor.check();
  });

  it('leave a clone of the variable as it was, and show what was read before as changed', async () => {
    const value = tf.variable(tf.tensor1d([1, 2]), true, 'cloned');
    const clone = value.clone();
    const optimiser = createSgd({ trained: [{ name: 'cloned', value, decays: false }], momentum: 0.5, weightDecay: 0 });
    const gradient = tf.tensor1d([1, -1]);
    const step = (): void => optimiser.apply(new Map([['cloned', gradient]]), 1);
    step();
    expect([...(await value.data())]).toEqual([0, 3]);
    step();
    // v = 0.5 + 1.
    expect([...(await value.data())]).toEqual([-1.5, 4.5]);
    expect([...(await clone.data())]).toEqual([1, 2]);
    optimiser.dispose();
    tf.dispose([value, clone, gradient]);
  });

  it('running statistics follow their batches, also where two layers share them', async () => {
    const variables = (channels: number): { mean: tf.Variable; variance: tf.Variable } => ({
      mean: tf.variable(tf.ones([channels])),
      variance: tf.variable(tf.mul(tf.ones([channels]), 2)),
    });
    const batch = (channels: number): { mean: tf.Tensor; variance: tf.Tensor } => ({
      mean: tf.mul(tf.ones([channels]), 3),
      variance: tf.mul(tf.ones([channels]), 4),
    });
    const channels = [13, 37, 1, 128, 64];
    const layers = channels.map((count) => ({ running: variables(count), batch: batch(count), positions: 5 }));
    const [first] = layers;
    if (first === undefined) throw new Error('There are layers.');
    followStatistics([...layers, { ...first, batch: batch(13) }], 0.5);
    // Halfway from 1 to 3; half of 2 and 5 / 8 of 4. The first once more.
    for (const { running } of layers.slice(1)) {
      await close(
        running.mean,
        Array.from({ length: running.mean.size }, () => 2),
      );
      await close(
        running.variance,
        Array.from({ length: running.variance.size }, () => 3.5),
      );
    }
    await close(
      first.running.mean,
      Array.from({ length: 13 }, () => 2.5),
    );
    await close(
      first.running.variance,
      Array.from({ length: 13 }, () => 4.25),
    );
    for (const { running, batch: used } of layers)
      tf.dispose([running.mean, running.variance, used.mean, used.variance]);
    executor.check();
  });
});

it('goes back through a dense layer and a mean over images', async () => {
  const [x, kernel, dy] = [random(1, [3, 2]) as tf.Tensor2D, random(2, [2, 5]), random(3, [3, 5])];
  const values = async (tensor: tf.Tensor): Promise<number[][]> => (await tensor.array()) as number[][];
  const [inputs, weights, slopes] = [await values(x), await values(kernel), await values(dy)];
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? NaN), 0);
  const column = (matrix: number[][], at: number): number[] => matrix.map((row) => row[at] ?? NaN);
  const [byInput, byKernel] = [denseInputGradient(dy, kernel), denseKernelGradient(x, dy)];
  await close(
    byInput,
    slopes.flatMap((slope) => weights.map((row) => dot(slope, row))),
  );
  await close(
    byKernel,
    [0, 1].flatMap((at) => [0, 1, 2, 3, 4].map((out) => dot(column(inputs, at), column(slopes, out)))),
  );
  const repeated = repeatOverImage(x, 2, 3, 0.5);
  await close(
    repeated,
    inputs.flatMap((row) => Array.from({ length: 6 }, () => row.map((value) => value / 2)).flat()),
  );
  tf.dispose([x, kernel, dy, byInput, byKernel, repeated]);
});

it('a training step of ResNet-8 takes few dispatches', () => {
  const network = executor.load(buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', seed: 1 }));
  const images = random(1, [2, 32, 32, 3]) as tf.Tensor4D;
  const labels = tf.tensor2d([3, 7].map((label) => Array.from({ length: 10 }, (_, at) => Number(at === label))));
  const trained = network.parameters.map((parameter) => trainedParameter(parameter));
  const optimiser = createSgd({ trained, momentum: 0.9, weightDecay: 5e-4 });
  const step = (): void => {
    const { loss, outputs, gradients } = network.step(images, { loss: classificationLoss({ labels }) });
    optimiser.apply(gradients, 0.1);
    tf.dispose([loss, ...outputs, ...gradients.values()]);
  };
  // The first makes the optimiser's buffers.
  step();
  const bound =
    // Nine convolutions. Eight of them hand a gradient down.
    9 +
    8 +
    // Their kernels' gradients, and sums of the parts that some come in.
    9 * 2 +
    // Nine batch norms, three each way; running statistics, two layers at a time with ten buffers.
    9 * 3 * 2 +
    Math.ceil(9 / Math.floor(fewestBuffers / 4)) +
    // Rectifiers after the three additions; the sum of both branches' gradients.
    3 +
    3 +
    // Mean of images and back; dense layer and bias, and back: two products, two for the bias.
    2 +
    2 +
    4 +
    // Loss, ones for the tape, their product.
    2 +
    2 +
    // 29 tensors, each with gradient and velocity, and the rate.
    Math.ceil(29 / Math.floor((fewestBuffers - 1) / 3));
  expect(trained).toHaveLength(29);
  const counted = dispatchesOf(step);
  expect(counted).toBeLessThanOrEqual(bound);
  optimiser.dispose();
  network.dispose();
  tf.dispose([images, labels]);
});
