import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkError, type Network } from '../../network/graph';
import { runReference } from '../../network/reference';
import { buildZooNetwork } from '../../network/zoo';
import type { Executor, StepOptions } from '../executor';
import { createExecutor } from '../runtime';
import { channelMoments, referenceDifference, referenceLoss, tinyImages, tinyNetwork } from './tiny-network';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const images = tinyImages(4);
const onDevice = (batch = images): tf.Tensor4D =>
  tf.tensor4d(batch.values, batch.shape as [number, number, number, number]);

/** Mean cross-entropy with the classes of `batch`. */
function crossEntropy(batch = images): StepOptions['loss'] {
  return ([logits]) => {
    const labels = tf.oneHot(tf.tensor1d(batch.classes, 'int32'), 3);
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits ?? []), tf.cast(labels, 'float32')), -1)));
  };
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(...Array.from(expected, (value, at) => Math.abs((found[at] ?? Number.NaN) - value)));
}

describe('inference', () => {
  it('agrees with the reference interpreter, logits and activations', () => {
    const network = tinyNetwork();
    const loaded = executor.load(network);
    const taps = ['stem.norm', 'both', 'scaled', 'mean'];
    const expected = runReference(network, images, { taps });
    const x = onDevice();
    const logits = loaded.forward(x);
    expect(largestDifference(logits.dataSync(), expected.outputs[0]?.values ?? [])).toBeLessThan(2e-5);
    const found = loaded.activations(x, taps);
    for (const tap of taps) {
      const reference = expected.taps.get(tap);
      expect(found.get(tap)?.shape).toEqual(reference?.shape);
      expect(largestDifference(found.get(tap)?.dataSync() ?? [], reference?.values ?? [])).toBeLessThan(2e-5);
    }
    tf.dispose([x, logits, ...found.values()]);
    loaded.dispose();
  });

  it('agrees with the reference interpreter on a pruned ResNet-8 with option A shortcuts', () => {
    const network = buildZooNetwork({ architecture: 'resnet8', widths: [5, 9, 13], seed: 2 });
    const loaded = executor.load(network);
    const shape = [2, 32, 32, 3];
    const values = Float32Array.from({ length: 2 * 32 * 32 * 3 }, (_, at) => Math.sin(at * 0.7) + 0.2);
    const x = tf.tensor4d(values, [2, 32, 32, 3]);
    const logits = loaded.forward(x);
    const expected = runReference(network, { shape, values }).outputs[0]?.values ?? [];
    expect(largestDifference(logits.dataSync(), expected)).toBeLessThan(1e-4);
    tf.dispose([x, logits]);
    loaded.dispose();
  });

  it('multiplies gates into the outputs of the named layers', () => {
    const network = tinyNetwork();
    const loaded = executor.load(network);
    const gate = tf.tensor1d([0, 1, 0.5, 2]);
    const x = onDevice();
    const logits = loaded.forward(x, { gates: new Map([['stem.norm', gate]]) });
    // A gate on a batch norm is a scaled gamma and beta.
    const scaled = (name: string): Float32Array =>
      (network.tensors[name]?.values ?? new Float32Array()).map((value, at) => value * ([0, 1, 0.5, 2][at] ?? 0));
    const tensors = {
      ...network.tensors,
      'stem.norm.gamma': { shape: [4], values: scaled('stem.norm.gamma') },
      'stem.norm.beta': { shape: [4], values: scaled('stem.norm.beta') },
    };
    const expected = runReference({ ...network, tensors }, images).outputs[0]?.values ?? [];
    expect(largestDifference(logits.dataSync(), expected)).toBeLessThan(2e-5);
    tf.dispose([x, gate, logits]);
    loaded.dispose();
  });
});

describe('step', () => {
  it.each([
    ['its batch', 'batch'],
    ['running statistics', 'running'],
  ] as const)('normalised by %s gives the loss and the gradients of finite differences, in float64', (_, batchNorm) => {
    const whole = tinyNetwork();
    const statistics = Object.entries(whole.tensors).map(([name, { shape, values }]) => {
      const shift = name.endsWith('.mean') ? 0.2 : name.endsWith('.variance') ? 0.5 : 0;
      return [name, { shape, values: values.map((value) => value + shift) }] as const;
    });
    const network = { ...whole, tensors: Object.fromEntries(statistics) };
    const loaded = executor.load(network);
    const x = onDevice();
    const { loss, outputs, gradients } = loaded.step(x, { loss: crossEntropy(), batchNorm });
    expect(loss.dataSync()[0]).toBeCloseTo(referenceLoss(network, images, batchNorm), 5);
    expect([...gradients.keys()].toSorted()).toEqual(loaded.parameters.map(({ name }) => name).toSorted());
    for (const { name } of loaded.parameters) {
      const values = gradients.get(name)?.dataSync() ?? new Float32Array();
      const entries = [0, 1, 2, 3].map((part) => Math.floor((part * (values.length - 1)) / 3));
      const largest = Math.max(...values.map(Math.abs), 1e-3);
      for (const at of new Set(entries)) {
        const expected = referenceDifference(network, images, name, at, batchNorm);
        expect(Math.abs((values[at] ?? Number.NaN) - expected) / largest, `${name}[${at}]`).toBeLessThan(1e-3);
      }
    }
    if (batchNorm === 'running') {
      for (const [name, value] of loaded.statistics) {
        expect([...value.dataSync()], name).toEqual([...(network.tensors[name]?.values ?? [])]);
      }
    }
    tf.dispose([x, loss, ...outputs, ...gradients.values()]);
    loaded.dispose();
  });

  it('carries gradients to the variables that gates and the extra loss are computed from', () => {
    const network = tinyNetwork();
    const loaded = executor.load(network);
    const logGate = tf.variable(tf.tensor1d([0.1, -0.2, 0.3, 0]), true, 'log gate');
    const x = onDevice();
    const { gradients, ...rest } = loaded.step(x, {
      loss: crossEntropy(),
      gates: () => new Map([['stem.norm', tf.exp(logGate)]]),
      extraLoss: () => tf.sum(tf.mul(logGate, tf.tensor1d([1, 2, 3, 4]))),
      extraVariables: [logGate],
      trainParameters: false,
    });
    expect([...gradients.keys()]).toEqual(['log gate']);
    const found = gradients.get('log gate')?.dataSync() ?? [];
    // gate g on a batch norm: gamma' = g gamma, beta' = g beta; d/d(log g) = gamma' dL/dgamma' + beta' dL/dbeta'.
    const moved = (name: string): Float32Array =>
      (network.tensors[name]?.values ?? new Float32Array()).map(
        (value, at) => value * Math.exp([0.1, -0.2, 0.3, 0][at] ?? 0),
      );
    const [gamma, beta] = [moved('stem.norm.gamma'), moved('stem.norm.beta')];
    const gated: Network = {
      ...network,
      tensors: {
        ...network.tensors,
        'stem.norm.gamma': { shape: [4], values: gamma },
        'stem.norm.beta': { shape: [4], values: beta },
      },
    };
    for (let at = 0; at < 4; at++) {
      const expected =
        (gamma[at] ?? 0) * referenceDifference(gated, images, 'stem.norm.gamma', at) +
        (beta[at] ?? 0) * referenceDifference(gated, images, 'stem.norm.beta', at) +
        (at + 1);
      expect(found[at]).toBeCloseTo(expected, 3);
    }
    tf.dispose([x, rest.loss, ...rest.outputs, ...gradients.values(), logGate]);
    loaded.dispose();
  });

  it('adds the gradient of an extra loss on the parameters themselves', () => {
    const network = tinyNetwork();
    const loaded = executor.load(network);
    const bias = loaded.parameters.find(({ name }) => name === 'logits.bias');
    if (bias === undefined) throw new Error('The tiny network has a bias.');
    const x = onDevice();
    const plain = loaded.step(x, { loss: crossEntropy() });
    const extra = loaded.step(x, { loss: crossEntropy(), extraLoss: () => tf.sum(tf.square(bias.value)) });
    const before = plain.gradients.get('logits.bias')?.dataSync() ?? [];
    const values = network.tensors['logits.bias']?.values ?? [];
    const expected = Array.from(before, (gradient, at) => gradient + 2 * (values[at] ?? 0));
    expect(largestDifference(extra.gradients.get('logits.bias')?.dataSync() ?? [], expected)).toBeLessThan(1e-6);
    for (const { loss, outputs, gradients } of [plain, extra]) tf.dispose([loss, ...outputs, ...gradients.values()]);
    x.dispose();
    loaded.dispose();
  });

  it('moves running statistics by the momentum, with the unbiased variance, and no parameter', async () => {
    const network = inputNorm();
    const loaded = executor.load(network);
    const x = onDevice();
    const loss: StepOptions['loss'] = ([logits]) => tf.sum(logits ?? []);
    const { mean, variance } = channelMoments(images.values, 2);
    const positions = 4 * 7 * 6;
    const still = loaded.step(x, { loss, statisticsMomentum: 0 });
    expect(await loaded.readBack()).toEqual(network.tensors);
    const moved = loaded.step(x, { loss, statisticsMomentum: 0.25 });
    const after = await loaded.readBack();
    // Running statistics start at mean 0, variance 1.
    const expectedVariance = variance.map((value) => 0.75 + (0.25 * value * positions) / (positions - 1));
    expect(
      largestDifference(
        after['mean']?.values ?? [],
        mean.map((value) => 0.25 * value),
      ),
    ).toBeLessThan(1e-6);
    expect(largestDifference(after['variance']?.values ?? [], expectedVariance)).toBeLessThan(1e-6);
    expect(after['kernel']).toEqual(network.tensors['kernel']);
    for (const step of [still, moved]) tf.dispose([step.loss, ...step.outputs, ...step.gradients.values()]);
    x.dispose();
    loaded.dispose();
  });

  it('is bit-equal when repeated, and leaves no tensor behind', () => {
    const loaded = executor.load(tinyNetwork());
    const gate = tf.variable(tf.tensor1d([1, 0.5, 0.25, 1]), true, 'leak gate');
    const x = onDevice();
    const run = (): Float32Array[] => {
      const { loss, outputs, gradients } = loaded.step(x, {
        loss: crossEntropy(),
        gates: () => new Map([['stem.norm', tf.mul(gate, 2)]]),
        extraVariables: [gate],
        statisticsMomentum: 0,
      });
      const values = [loss, ...outputs, ...gradients.values()].map(
        (tensor) => tensor.dataSync().slice() as Float32Array,
      );
      tf.dispose([loss, ...outputs, ...gradients.values()]);
      loaded.forward(x).dispose();
      return values;
    };
    const first = run();
    const tensors = tf.memory().numTensors;
    const bytes = tf.memory().numBytes;
    for (let step = 0; step < 5; step++) expect(run()).toEqual(first);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.memory().numBytes).toBe(bytes);
    tf.dispose([x, gate]);
    loaded.dispose();
  });

  it('keeps nothing of a step whose loss throws', () => {
    const loaded = executor.load(tinyNetwork());
    const x = onDevice();
    const before = tf.memory().numTensors;
    const loss = (): tf.Scalar => {
      throw new RangeError('no loss today');
    };
    expect(() => loaded.step(x, { loss })).toThrow('no loss today');
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
    loaded.dispose();
  });
});

describe('recalibrate', () => {
  it('finds mean and population variance of all images, whatever the batches', async () => {
    const loaded = executor.load(inputNorm());
    const all = tinyImages(5, 8);
    const perImage = 7 * 6 * 2;
    async function* batches(): AsyncGenerator<tf.Tensor4D> {
      yield tf.tensor4d(all.values.slice(0, 3 * perImage), [3, 7, 6, 2]);
      await Promise.resolve();
      yield tf.tensor4d(all.values.slice(3 * perImage), [2, 7, 6, 2]);
    }
    const before = tf.memory().numTensors;
    await loaded.recalibrate(batches());
    expect(tf.memory().numTensors).toBe(before);
    const { mean, variance } = channelMoments(all.values, 2);
    const after = await loaded.readBack();
    expect(largestDifference(after['mean']?.values ?? [], mean)).toBeLessThan(1e-6);
    expect(largestDifference(after['variance']?.values ?? [], variance)).toBeLessThan(1e-5);
    loaded.dispose();
  });

  it('refuses to recalibrate on nothing', async () => {
    const loaded = executor.load(inputNorm());
    async function* none(): AsyncGenerator<tf.Tensor4D> {}
    await expect(loaded.recalibrate(none())).rejects.toThrow('needs at least one batch');
    loaded.dispose();
  });
});

describe('tensors in and out', () => {
  it('reads back what was loaded and assigned, bit for bit, and frees everything', async () => {
    const before = tf.memory().numTensors;
    const [network, other] = [tinyNetwork(5), tinyNetwork(6)];
    const loaded = executor.load(network);
    expect(await loaded.readBack()).toEqual(network.tensors);
    loaded.assign(other.tensors);
    expect(await loaded.snapshot()).toEqual({ ...network, tensors: other.tensors });
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the tensor that is missing, unknown or of the wrong shape', () => {
    const network = tinyNetwork();
    const { shared: _, ...rest } = network.tensors;
    expect(() => executor.load({ ...network, tensors: rest })).toThrow(NetworkError);
    expect(() => executor.load({ ...network, tensors: rest })).toThrow('no tensor "shared", which layer "twice.a"');
    const loaded = executor.load(network);
    const wrong = { shape: [2], values: new Float32Array(2) };
    expect(() => loaded.assign({ 'logits.bias': wrong })).toThrow('"logits.bias" must have shape [3], but has [2]');
    expect(() => loaded.assign({ nothing: wrong })).toThrow('no tensor "nothing"');
    loaded.dispose();
  });

  it('lists parameters with role and layers', () => {
    const loaded = executor.load(tinyNetwork());
    const shared = loaded.parameters.find(({ name }) => name === 'shared');
    expect(shared).toMatchObject({ role: 'kernel', layers: ['twice.a', 'twice.b'] });
    expect([...loaded.statistics.keys()]).toEqual([
      'stem.norm.mean',
      'stem.norm.variance',
      'both.norm.mean',
      'both.norm.variance',
    ]);
    loaded.dispose();
  });
});

/** A batch norm right on the images, so that its statistics are known; then a mean and a dense layer. */
function inputNorm(): Network {
  return {
    graph: {
      layers: [
        { id: 'input', inputs: [], op: 'input', shape: [7, 6, 2] },
        { id: 'norm', inputs: ['input'], op: 'batchNorm', mean: 'mean', variance: 'variance', epsilon: 1e-5 },
        { id: 'pool', inputs: ['norm'], op: 'globalPool', mode: 'average' },
        { id: 'logits', inputs: ['pool'], op: 'dense', units: 3, kernel: 'kernel' },
      ],
      outputs: ['logits'],
    },
    tensors: {
      mean: { shape: [2], values: new Float32Array(2) },
      variance: { shape: [2], values: new Float32Array([1, 1]) },
      kernel: { shape: [2, 3], values: new Float32Array([1, 2, 3, 4, 5, 6]) },
    },
    meta: { name: 'input norm', history: [] },
  };
}
