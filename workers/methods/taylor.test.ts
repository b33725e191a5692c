import { concat1d, dispose, memory, ones, tensor1d, tidy, variable, type Tensor1D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor, LoadedNetwork } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { drawCueRods } from '../datasets/cue-rods';
import type { LayerId, Network } from '../network/graph';
import type { FilterScores } from '../network/plan';
import { networkFromText } from '../network/text';
import { tinyGated } from '../network/zoo/gating/tiny-gated';
import { plainBatches } from '../training/batching';
import { uploadBatch } from '../training/device-batch';
import { classificationLoss, passLoss } from '../training/loss';
import { tinyDataset } from '../training/tiny-task';
import { MethodError } from './method';
import { taylor } from './taylor';
import { testContext } from './test-context';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const dataset = tinyDataset(64, 8);

/** A residual block (the batch norms meet in an addition), a depthwise layer, a convolution with bias and no batch norm. Smooth activations. */
const text = `input 8x8x3 / conv 4 3x3 p1 / bn / top = swish / conv 4 3x3 p1 / bn / add < . top /
  depthwise 3x3 p1 / bn / swish / plain = conv 3 3x3 s2 p1 bias / swish / globalPool / fc = dense 3 bias`;

async function scoresOf(network: Network, batchSize: number, loaded: LoadedNetwork): Promise<FilterScores> {
  const context = testContext(taylor, network, { settings: { images: 32 }, loaded, dataset, batchSize });
  const hooks = await taylor.begin(context);
  if (hooks.score === undefined) throw new Error('Taylor must score.');
  return hooks.score();
}

/** The same 32 images. */
function batchesOf(batchSize: number): ReturnType<typeof uploadBatch>[] {
  const { shape, normalisation, splits } = dataset;
  const host = plainBatches({ split: splits.train, shape, normalisation, batchSize, images: 32 });
  return [...host].map((batch) => uploadBatch(batch, shape, 3));
}

describe('taylor', () => {
  it('equals the finite difference of the loss with respect to a gate, squared and averaged over batches', async () => {
    const network = networkFromText(text, 3);
    const loaded = executor.load(network);
    const scores = await scoresOf(network, 16, loaded);
    // Behind the batch norm where there is one, on the layer itself where there is none.
    const places: Record<LayerId, { gate: LayerId; count: number }> = {
      conv1: { gate: 'bn1', count: 4 },
      conv2: { gate: 'bn2', count: 4 },
      depthwise1: { gate: 'bn3', count: 4 },
      plain: { gate: 'plain', count: 3 },
      fc: { gate: 'fc', count: 3 },
    };
    expect(Object.keys(scores)).toEqual(Object.keys(places));
    const batches = batchesOf(16);
    const lossAt = (gate: LayerId, values: number[], batch: (typeof batches)[number]): number =>
      tidy(() => {
        const gates = new Map([[gate, tensor1d(values)]]);
        const { loss } = loaded.step(batch.images, {
          loss: classificationLoss({ labels: batch.labels }),
          gates: () => gates,
          statisticsMomentum: 0,
        });
        return loss.dataSync()[0] ?? NaN;
      });
    const h = 1e-2;
    for (const [layer, { gate, count }] of Object.entries(places)) {
      for (let filter = 0; filter < count; filter++) {
        const at = (value: number) => Array.from({ length: count }, (_, c) => (c === filter ? value : 1));
        const squares = batches.map((batch) => {
          // Fourth-order central difference: the losses are float32, so h cannot be small.
          const near = lossAt(gate, at(1 + h), batch) - lossAt(gate, at(1 - h), batch);
          const far = lossAt(gate, at(1 + 2 * h), batch) - lossAt(gate, at(1 - 2 * h), batch);
          return ((8 * near - far) / (12 * h)) ** 2;
        });
        const expected = squares.reduce((sum, value) => sum + value, 0) / squares.length;
        const found = scores[layer]?.[filter] ?? NaN;
        expect(Math.abs(Math.sqrt(found) - Math.sqrt(expected)), `${layer} ${filter}`).toBeLessThan(
          2e-3 * Math.sqrt(expected) + 3e-4,
        );
      }
    }
    loaded.dispose();
  });

  it('equals (gamma dgamma + beta dbeta)^2 behind a batch norm and (sum w dw + b db)^2 without', async () => {
    const network = networkFromText(text, 4);
    const loaded = executor.load(network);
    const scores = await scoresOf(network, 32, loaded);
    const [batch] = batchesOf(32);
    if (batch === undefined) throw new Error('There must be a batch.');
    const { gradients } = loaded.step(batch.images, {
      loss: classificationLoss({ labels: batch.labels }),
      statisticsMomentum: 0,
    });
    /** Sum over each channel (last axis) of value times gradient. */
    const product = (name: string, channels: number): number[] => {
      const values = network.tensors[name]?.values ?? [];
      const gradient = gradients.get(name)?.dataSync() ?? [];
      const sums = new Array<number>(channels).fill(0);
      for (const [at, value] of values.entries())
        sums[at % channels] = (sums[at % channels] ?? 0) + value * (gradient[at] ?? NaN);
      return sums;
    };
    const check = (layer: LayerId, names: readonly string[], channels: number): void => {
      const parts = names.map((name) => product(name, channels));
      for (let filter = 0; filter < channels; filter++) {
        const gate = parts.reduce((sum, part) => sum + (part[filter] ?? NaN), 0);
        const found = Math.sqrt(scores[layer]?.[filter] ?? NaN);
        expect(Math.abs(found - Math.abs(gate)), `${layer} ${filter}`).toBeLessThan(1e-4 * Math.abs(gate) + 1e-6);
      }
    };
    check('conv1', ['bn1.gamma', 'bn1.beta'], 4);
    check('conv2', ['bn2.gamma', 'bn2.beta'], 4);
    check('plain', ['plain.kernel', 'plain.bias'], 3);
    check('fc', ['fc.kernel', 'fc.bias'], 3);
    loaded.dispose();
  });

  it('of a filter that passes share: the finite difference of the loss of all passes with its gate in all of them', async () => {
    const rectified = tinyGated({ passes: 3, kernel: 3, image: [32, 32] });
    const layers = rectified.graph.layers.map((layer) =>
      layer.op === 'activation' && layer.kind === 'relu' ? { ...layer, kind: 'swish' as const } : layer,
    );
    const network: Network = { ...rectified, graph: { ...rectified.graph, layers } };
    const rods = await drawCueRods({ train: 4, validation: 1, test: 1 });
    const loaded = executor.load(network);
    const context = testContext(taylor, network, { settings: { images: 32 }, loaded, dataset: rods });
    const scores = (await (await taylor.begin(context)).score?.()) ?? {};
    const { shape, normalisation, splits } = rods;
    const [host] = plainBatches({ split: splits.train, shape, normalisation, batchSize: 4, images: 4 });
    if (host === undefined) throw new Error('There must be a batch.');
    const { images, labels, labelled } = uploadBatch(host, shape, 4);
    const at = (layers: readonly LayerId[], filter: number, value: number): number =>
      tidy(() => {
        const count = scores[layers[0] ?? '']?.length ?? 0;
        const own = Array.from({ length: count }, (_, c) => (c === filter ? value : 1));
        const places = layers.map((id) => [id.replace(/conv1$/, 'conv1.bn'), tensor1d(own)] as const);
        const { loss } = loaded.step(images, {
          loss: passLoss({ labels, labelled }),
          gates: () => new Map(places),
          statisticsMomentum: 0,
        });
        return loss.dataSync()[0] ?? NaN;
      });
    const h = 0.02;
    for (const [name, first] of [
      ['stage1.conv1', 1],
      ['stage3.conv1', 1],
      ['stage2.gate.conv', 2],
      ['stage1.propagator.conv', 2],
    ] as const) {
      const users = [1, 2, 3].filter((pass) => pass >= first).map((pass) => `pass${pass}.${name}`);
      for (const layer of users) expect(scores[layer]).toEqual(scores[users[0] ?? '']);
      for (const filter of [0, 5, 11]) {
        const near = at(users, filter, 1 + h) - at(users, filter, 1 - h);
        const far = at(users, filter, 1 + 2 * h) - at(users, filter, 1 - 2 * h);
        const expected = Math.abs((8 * near - far) / (12 * h));
        const found = Math.sqrt(scores[users[0] ?? '']?.[filter] ?? NaN);
        expect(Math.abs(found - expected), `${name} ${filter}`).toBeLessThan(1e-2 * expected + 1e-4);
      }
    }
    dispose([images, labels]);
    loaded.dispose();
  });

  it('adds up all the batch norms that read a filter through concatenations', async () => {
    const dense = networkFromText(
      `input 8x8x3 / a = conv 2 3x3 p1 / bn / relu / b = conv 2 3x3 p1 / all = concat < a b / bn / relu /
       globalPool / fc = dense 3`,
      5,
    );
    const loaded = executor.load(dense);
    const scores = await scoresOf(dense, 32, loaded);
    const [batch] = batchesOf(32);
    if (batch === undefined) throw new Error('There must be a batch.');
    // One gate on filter 0 of `a`, standing behind both batch norms that read it.
    const gate = variable(tensor1d([1]));
    const { gradients } = loaded.step(batch.images, {
      loss: classificationLoss({ labels: batch.labels }),
      gates: () =>
        new Map([
          ['bn1', widened(gate, 2)],
          ['bn2', widened(gate, 4)],
        ]),
      extraVariables: [gate],
      trainParameters: false,
      statisticsMomentum: 0,
    });
    const gradient = gradients.get(gate.name)?.dataSync()[0] ?? NaN;
    expect(scores['a']?.[0]).toBeCloseTo(gradient ** 2, 7);
    expect(gradient ** 2).toBeGreaterThan(1e-7);
    loaded.dispose();
  });

  it('changes neither weights nor running statistics, and leaves no tensor behind', async () => {
    const network = networkFromText(text, 3);
    const loaded = executor.load(network);
    const before = memory().numTensors;
    await scoresOf(network, 10, loaded);
    expect(memory().numTensors).toBe(before);
    expect(await loaded.readBack()).toEqual(network.tensors);
    loaded.dispose();
  });

  it('stops when told to', async () => {
    const network = networkFromText(text, 3);
    const loaded = executor.load(network);
    const controller = new AbortController();
    const context = testContext(taylor, network, {
      loaded,
      dataset,
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    const hooks = await taylor.begin(context);
    await expect(hooks.score?.()).rejects.toMatchObject({ name: 'AbortError' });
    loaded.dispose();
  });

  it('asks for a device', async () => {
    await expect(taylor.begin(testContext(taylor, networkFromText(text)))).rejects.toThrow(MethodError);
  });
});

/** `[gate, 1, 1, ...]`, differentiable in `gate`. */
function widened(gate: Tensor1D, length: number): Tensor1D {
  return concat1d([gate, ones([length - 1])]);
}
