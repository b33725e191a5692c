import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Split } from '../datasets/dataset';
import type { Network } from '../network/graph';
import { graphFromText } from '../network/text';
import { evaluate } from './evaluate';
import type { AnswerOptions } from './logits';
import { recalibrate } from './recalibrate';
import { tinyDataset, tinyNetwork } from './tiny-task';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

/** Logits = the mean of each colour over a 1x2 picture. */
const colourNetwork: Network = {
  graph: graphFromText('input 1x2x3 / globalPool / fc = dense 3'),
  tensors: { 'fc.kernel': { shape: [3, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) } },
  meta: { name: 'Colour', history: [] },
};

/** Pictures as [r, g, b] means in byte units; both pixels differ, their mean is the given one. */
function pictures(list: readonly { colour: readonly number[]; label: number }[]): Split {
  return {
    count: list.length,
    images: Uint8Array.from(list.flatMap(({ colour }) => [...colour.map((v) => v - 1), ...colour.map((v) => v + 1)])),
    labels: Uint16Array.from(list.map(({ label }) => label)),
  };
}

// Normalised so that a byte of 100 is 1: logits are colour / 100.
const normalisation = { mean: [0, 0, 0], std: [100 / 255, 100 / 255, 100 / 255] };

describe('evaluate', () => {
  const split = pictures([
    { colour: [200, 100, 100], label: 0 },
    { colour: [100, 200, 100], label: 0 },
    { colour: [100, 200, 100], label: 1 },
    { colour: [100, 100, 200], label: 2 },
    { colour: [200, 100, 100], label: 2 },
  ]);
  const options = (changes: Partial<AnswerOptions> = {}): AnswerOptions => ({
    loaded: executor.load(colourNetwork),
    split,
    shape: [1, 2, 3],
    normalisation,
    classes: 3,
    ...changes,
  });

  it('counts by hand: 3 of 5 right, the confusion and the loss', async () => {
    const seen: string[] = [];
    const result = await evaluate(
      options({ batchSize: 2, onProgress: (done, total) => seen.push(`${done}/${total}`) }),
    );
    expect(result.accuracy).toBeCloseTo(0.6, 12);
    expect(result.images).toBe(5);
    expect([...result.confusion]).toEqual([1, 1, 0, 0, 1, 0, 1, 0, 1]);
    expect(result.perClass).toEqual([
      { correct: 1, count: 2 },
      { correct: 1, count: 1 },
      { correct: 1, count: 2 },
    ]);
    // Logits 2, 1, 1: ln(e^2 + 2e) - 2 where right, - 1 where wrong.
    const normaliser = Math.log(Math.exp(2) + 2 * Math.exp(1));
    expect(result.loss).toBeCloseTo((3 * (normaliser - 2) + 2 * (normaliser - 1)) / 5, 5);
    expect(seen).toEqual(['2/5', '4/5', '5/5']);
  });

  it('takes the first images when limited, and leaves no tensor behind', async () => {
    const limited = options({ images: 3 });
    const before = memory().numTensors;
    expect(await evaluate(limited)).toMatchObject({ images: 3, accuracy: 2 / 3 });
    expect(memory().numTensors).toBe(before);
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const running = evaluate(
      options({ batchSize: 1, signal: controller.signal, onProgress: () => controller.abort() }),
    );
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('refuses a data set with other classes or another size', async () => {
    await expect(evaluate(options({ classes: 10 }))).rejects.toThrow('tells 3 classes apart, the data set has 10');
    await expect(evaluate(options({ shape: [2, 1, 3] }))).rejects.toThrow('takes 1x2x3 images, the data set has 2x1x3');
  });
});

describe('recalibrate', () => {
  const dataset = tinyDataset(50, 10);
  const base = { shape: dataset.shape, normalisation: dataset.normalisation, classes: 3, split: dataset.splits.train };

  it('puts the exact mean and variance of the first convolution behind its batch norm, and changes nothing else', async () => {
    const start = tinyNetwork(2);
    // A 1x1 picture of the kernel: only the centre tap of filter f, channel f % 3, so the output is the input channel.
    const kernel = new Float32Array(3 * 3 * 3 * 6);
    for (let f = 0; f < 6; f++) kernel[((1 * 3 + 1) * 3 + (f % 3)) * 6 + f] = 1;
    const network = {
      ...start,
      tensors: { ...start.tensors, 'conv1.kernel': { shape: [3, 3, 3, 6], values: kernel } },
    };
    const loaded = executor.load(network);
    expect(await recalibrate({ ...base, loaded, images: 1000, seed: 1, batchSize: 16 })).toBe(50);
    const after = await loaded.readBack();
    loaded.dispose();
    for (let channel = 0; channel < 3; channel++) {
      const values: number[] = [];
      for (let at = channel; at < base.split.images.length; at += 3) {
        values.push(((base.split.images[at] ?? NaN) / 255 - 0.4) / 0.2);
      }
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      for (const filter of [channel, channel + 3]) {
        expect(after['bn1.mean']?.values[filter]).toBeCloseTo(mean, 5);
        expect(after['bn1.variance']?.values[filter]).toBeCloseTo(variance, 4);
      }
    }
    for (const name of Object.keys(network.tensors).filter((key) => !/mean|variance/.test(key))) {
      expect(after[name]).toEqual(network.tensors[name as keyof typeof network.tensors]);
    }
  });

  it('draws the same images for the same seed', async () => {
    const means = async (seed: number): Promise<number[]> => {
      const loaded = executor.load(tinyNetwork(2));
      await recalibrate({ ...base, loaded, images: 20, seed });
      const tensors = await loaded.readBack();
      loaded.dispose();
      return [...(tensors['bn1.mean']?.values ?? [])];
    };
    expect(await means(1)).toEqual(await means(1));
    expect(await means(2)).not.toEqual(await means(1));
  });

  it('leaves a network without batch norm alone', async () => {
    const loaded = executor.load(colourNetwork);
    const split = pictures([{ colour: [1, 2, 3], label: 0 }]);
    expect(await recalibrate({ loaded, split, shape: [1, 2, 3], normalisation, classes: 3, images: 10, seed: 1 })).toBe(
      0,
    );
  });
});
