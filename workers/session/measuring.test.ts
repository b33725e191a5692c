import { dispose } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { BatchManner } from '../methods/method';
import { tinyDataset, tinyNetwork } from '../training/tiny-task';
import { methodBatches } from './measuring';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

it('a method is given images as they are, or moved as in training where it asks for that', async () => {
  const dataset = tinyDataset(20, 4);
  const [height, width, channels] = dataset.shape;
  const { signal } = new AbortController();
  const read = async (manner?: BatchManner): Promise<{ pixels: number[]; labels: number[] }> => {
    const found = { pixels: [] as number[], labels: [] as number[] };
    for await (const { images, labels } of methodBatches(tinyNetwork(1), dataset, { signal })('train', 12, manner)) {
      found.pixels.push(...images.dataSync());
      found.labels.push(...labels.dataSync());
      dispose([images, labels]);
    }
    return found;
  };
  const [plain, moved] = [await read(), await read({ augment: true })];
  const [mean = NaN] = dataset.normalisation.mean;
  const [deviation = NaN] = dataset.normalisation.std;
  const size = height * width * channels;
  // The first twelve images, every pixel where it was.
  const expected = Array.from(dataset.splits.train.images.subarray(0, 12 * size), (v) => (v / 255 - mean) / deviation);
  expect(plain.pixels).toHaveLength(expected.length);
  for (const [at, value] of plain.pixels.entries()) expect(value).toBeCloseTo(expected[at] ?? NaN, 4);
  expect(moved.labels).toEqual(plain.labels);
  // A crop brings black borders to nearly every image.
  const images = Array.from({ length: 12 }, (_, image) => image * size);
  const same = images.filter((at) =>
    moved.pixels.slice(at, at + size).every((value, pixel) => value === plain.pixels[at + pixel]),
  );
  expect(same.length).toBeLessThan(3);
  expect(Math.min(...moved.pixels)).toBeCloseTo(-mean / deviation, 4);
  expect(Math.min(...plain.pixels)).toBeGreaterThan(-mean / deviation + 0.1);
});
