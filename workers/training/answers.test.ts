import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Network } from '../network/graph';
import { graphFromText } from '../network/text';
import { answerImages, answerPixels } from './answers';
import { evaluate } from './evaluate';
import { tinyDataset, tinyNetwork } from './tiny-task';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

describe('answerImages', () => {
  it('gives prediction and margin of each image, by hand', async () => {
    // Logits = the mean of each colour, bytes / 100.
    const network: Network = {
      graph: graphFromText('input 1x1x3 / globalPool / fc = dense 3'),
      tensors: { 'fc.kernel': { shape: [3, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) } },
      meta: { name: 'Colour', history: [] },
    };
    const split = { count: 2, images: Uint8Array.of(200, 100, 0, 200, 100, 0), labels: Uint16Array.of(0, 1) };
    const normalisation = { mean: [0, 0, 0], std: [100 / 255, 100 / 255, 100 / 255] };
    const loaded = executor.load(network);
    const answers = await answerImages({ loaded, split, shape: [1, 1, 3], normalisation, classes: 3, batchSize: 1 });
    loaded.dispose();
    const total = Math.exp(2) + Math.exp(1) + 1;
    expect([...answers.predictions]).toEqual([0, 0]);
    expect(answers.margins[0]).toBeCloseTo((Math.exp(2) - Math.exp(1)) / total, 6);
    expect(answers.margins[1]).toBeCloseTo((Math.exp(1) - Math.exp(2)) / total, 6);
    expect([...answers.labels]).toEqual([0, 1]);
  });

  it('agrees with the accuracy of the whole split, the last small batch included', async () => {
    const { splits, shape, normalisation } = tinyDataset(8, 50);
    const loaded = executor.load(tinyNetwork(3));
    const options = { loaded, split: splits.validation, shape, normalisation, classes: 3, batchSize: 16 };
    const { accuracy } = await evaluate(options);
    const { predictions, margins, labels } = await answerImages(options);
    loaded.dispose();
    const right = predictions.filter((answer, image) => answer === labels[image]).length;
    expect(right / 50).toBeCloseTo(accuracy, 12);
    expect(margins.filter((margin) => margin > 0)).toHaveLength(right);
    await expect(
      answerImages({ ...options, loaded: executor.load(tinyNetwork(3)), images: 10 }),
    ).resolves.toMatchObject({ predictions: predictions.slice(0, 10) });
  });
});

describe('answerPixels', () => {
  it('counts the pixels of each class in each image, by hand; those without a class nowhere', async () => {
    // Every pixel says the brightest of its colours.
    const network: Network = {
      graph: graphFromText('input 1x3x3 / y = conv 3 1x1'),
      tensors: { 'y.kernel': { shape: [1, 1, 3, 3], values: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) } },
      meta: { name: 'Colour', history: [] },
    };
    const [red, green] = [
      [200, 0, 0],
      [0, 200, 0],
    ];
    const split = {
      count: 2,
      images: Uint8Array.from([red, red, green, green, green, red].flatMap((own) => own ?? [])),
      labels: new Uint16Array(),
      masks: Uint8Array.of(0, 1, 255, 1, 1, 2),
    };
    const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] };
    const loaded = executor.load(network);
    const { counts, images } = await answerPixels({ loaded, split, shape: [1, 3, 3], normalisation, classes: 3 });
    loaded.dispose();
    expect(images).toBe(2);
    // Of class 0, 1, 2: told right, there, told.
    expect([...counts.subarray(0, 9)]).toEqual([1, 1, 2, 0, 1, 0, 0, 0, 0]);
    expect([...counts.subarray(9)]).toEqual([0, 0, 1, 2, 2, 2, 0, 1, 0]);
  });
});
