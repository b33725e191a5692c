import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Split } from '../datasets/dataset';
import type { Network } from '../network/graph';
import { graphFromText } from '../network/text';
import { evaluate, iouOf, meanIou } from './evaluate';
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
      { correct: 1, count: 2, answered: 2 },
      { correct: 1, count: 1, answered: 2 },
      { correct: 1, count: 2, answered: 1 },
    ]);
    expect(result).toMatchObject({ metric: 'accuracy', score: 0.6, passes: [{ mIoU: null, bands: [] }] });
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

describe('evaluate, pixel by pixel', () => {
  // The first pass answers a pixel's brightest channel, the second always "blue".
  const network: Network = {
    graph: graphFromText('input 2x2x3 / y1 = conv 3 1x1 / y2 = conv 3 1x1 bias < input / output < y1 y2'),
    tensors: {
      'y1.kernel': { shape: [1, 1, 3, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) },
      'y2.kernel': { shape: [1, 1, 3, 3], values: new Float32Array(9) },
      'y2.bias': { shape: [3], values: Float32Array.of(0, 0, 1) },
    },
    meta: { name: 'Two looks', history: [] },
  };
  const [R, G, B] = [
    [200, 100, 100],
    [100, 200, 100],
    [100, 100, 200],
  ];
  const split: Split = {
    count: 2,
    images: Uint8Array.from([R, R, G, B, G, G, R, B].flatMap((pixel) => pixel ?? [])),
    labels: new Uint16Array(),
    // Of the first picture three are right and one red is called red though green; in the second one pixel has no class.
    masks: Uint8Array.of(0, 1, 1, 2, 1, 1, 255, 0),
    cueDistances: Float32Array.of(1, 8, 8.1, 20, 0.5, -1, 3, 14),
  };
  const bands = [
    { name: 'near', to: 8 },
    { name: 'mid', to: 14 },
    { name: 'far', to: Infinity },
  ];
  const measured = () =>
    evaluate({
      loaded: executor.load(network),
      split,
      bands,
      shape: [2, 2, 3],
      normalisation,
      classes: 3,
      batchSize: 1,
    });

  it('counts by hand: one confusion matrix a pass over all images, without the ignored pixel', async () => {
    const { passes, metric, score, images } = await measured();
    const [first, second] = passes;
    // Labels 0 1 1 2 1 1 - 0, answers R R G B G G - B.
    expect([...(first?.confusion ?? [])]).toEqual([1, 0, 1, 1, 3, 0, 0, 0, 1]);
    expect(first?.accuracy).toBeCloseTo(5 / 7, 12);
    // Red 1 of {2 labels, 2 answers}: 1/3; green 3 of {4, 3}: 3/4; blue 1 of {1, 2}: 1/2.
    expect(first?.mIoU).toBeCloseTo((1 / 3 + 3 / 4 + 1 / 2) / 3, 12);
    // Always blue: one of seven; red 0/2, green 0/4, blue 1/7.
    expect(second?.accuracy).toBeCloseTo(1 / 7, 12);
    expect(second?.mIoU).toBeCloseTo(1 / 7 / 3, 12);
    expect({ metric, score, images }).toEqual({ metric: 'mIoU', score: second?.mIoU, images: 2 });
  });

  it('tells accuracy by distance: pixels with a label and a distance alone, band ends included', async () => {
    const [first] = (await measured()).passes;
    // Distances 1 (right), 8 (wrong), 8.1, 20, 0.5 (right), 14 (wrong); 3 has no label, one pixel no distance.
    expect(first?.bands).toEqual([
      { name: 'near', correct: 2, count: 3 },
      { name: 'mid', correct: 1, count: 2 },
      { name: 'far', correct: 1, count: 1 },
    ]);
    expect(first?.byDistance.count).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    expect(first?.byDistance.correct).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('is 1 for a perfect answer, and leaves out classes that never occur', () => {
    const perfect = [
      { correct: 5, count: 5, answered: 5 },
      { correct: 0, count: 0, answered: 0 },
      { correct: 2, count: 2, answered: 2 },
    ];
    expect(meanIou(perfect)).toBe(1);
    expect(perfect.map(iouOf)).toEqual([1, null, 1]);
    // The usual 2x2 example: labels 0 0 / 1 1, answers 0 1 / 1 1: 1/2 and 2/3.
    expect(
      meanIou([
        { correct: 1, count: 2, answered: 1 },
        { correct: 2, count: 2, answered: 3 },
      ]),
    ).toBeCloseTo(7 / 12, 12);
  });

  it('refuses networks for images where pixels have labels, and the other way round', async () => {
    const options = { shape: [1, 2, 3] as const, normalisation, classes: 3 };
    const masked = { ...split, count: 1, masks: Uint8Array.of(0, 1) };
    const whole = executor.load(colourNetwork);
    await expect(evaluate({ ...options, loaded: whole, split: masked })).rejects.toThrow(
      'labels every pixel of 1x2 images, the network answers once for each image',
    );
    const loaded = executor.load(network);
    await expect(
      evaluate({ loaded, split: pictures([]), shape: [2, 2, 3], normalisation, classes: 3 }),
    ).rejects.toThrow('answers for every pixel, the data set has one label for each image');
    const nothing = { ...split, masks: new Uint8Array(8).fill(255) };
    await expect(evaluate({ loaded, split: nothing, shape: [2, 2, 3], normalisation, classes: 3 })).rejects.toThrow(
      'No pixel of these images has a label',
    );
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
