import { beforeAll, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { openDataset } from '../datasets';
import { resultSchemas } from '../protocol-schema';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

const baseUrl = 'http://localhost/studio/';
const { network: source, data } = tinyRecipe();

describe('networks compared on the same images', () => {
  let studio: Rehearsal;
  let networks: string[];
  let dataset: string;
  beforeAll(async () => {
    studio = rehearse();
    await studio.call('start', { device: 'wasm', baseUrl });
    const open = (seed: number) => studio.call('openNetwork', { source, files: [], seed });
    networks = [(await open(4)).network, (await open(5)).network, (await open(6)).network];
    dataset = (await studio.call('openDataset', { source: data, files: [] })).dataset;
  });

  it('counts, for every two, the images only one of them gets right', async () => {
    const found = await studio.call('compareNetworks', { networks, dataset, split: 'validation', images: 50 });
    if (found.task !== 'classification') throw new Error('Images have classes here.');
    expect(v.is(resultSchemas.compareNetworks, found)).toBe(true);
    expect(found).toMatchObject({ images: 50, split: 'validation', testUses: 0 });
    const right = found.answers.map(({ predictions }) =>
      [...predictions].map((answer, at) => answer === found.labels[at]),
    );
    expect(found.pairs.map(({ first, second }) => [first, second])).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    for (const { first, second, onlyFirst, onlySecond, difference } of found.pairs) {
      const only = (one: number, other: number) =>
        right[one]?.filter((own, at) => own && right[other]?.[at] === false).length;
      expect(onlyFirst).toBe(only(first, second));
      expect(onlySecond).toBe(only(second, first));
      expect(difference).toBeCloseTo((onlySecond - onlyFirst) / 50, 12);
    }
    for (const [at, network] of networks.entries()) {
      const { accuracy } = await studio.call('evaluate', { network, dataset, split: 'validation', images: 50 });
      expect((right[at]?.filter(Boolean).length ?? 0) / 50).toBeCloseTo(accuracy, 12);
    }
  });

  it('one network beside itself differs nowhere', async () => {
    const twice = [networks[0] ?? '', networks[0] ?? ''];
    const { pairs } = await studio.call('compareNetworks', {
      networks: twice,
      dataset,
      split: 'validation',
      images: null,
    });
    expect(pairs[0]).toMatchObject({ onlyFirst: 0, onlySecond: 0, difference: 0, pValue: 1 });
  });

  it('every network that reads the test split is a use of it', async () => {
    const { testUses } = await studio.call('compareNetworks', { networks, dataset, split: 'test', images: 8 });
    expect(testUses).toBe(3);
  });

  it('stops between batches when cancelled', async () => {
    const abort = new AbortController();
    const params = { networks, dataset, split: 'train', images: null } as const;
    const call = studio.call('compareNetworks', params, { signal: abort.signal, progress: () => abort.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('times all of them, quartiles around the median', async () => {
    const { times } = await studio.call('timeNetworks', { networks, batch: 4 });
    expect(times).toHaveLength(3);
    for (const { low, median, high } of times) {
      expect(low).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(median);
    }
  });

  it('hands out the bytes of single images', async () => {
    const { dataset: open } = studio.engine.dataset(dataset);
    const size = 32 * 32 * 3;
    const { shape, pixels } = await studio.call('imagesAt', { dataset, split: 'validation', indices: [7, 2] });
    expect(shape).toEqual([32, 32, 3]);
    expect(pixels.subarray(size)).toEqual(open.splits.validation.images.slice(2 * size, 3 * size));
    expect(pixels.subarray(0, size)).toEqual(open.splits.validation.images.slice(7 * size, 8 * size));
    await expect(studio.call('imagesAt', { dataset, split: 'validation', indices: [64] })).rejects.toThrow('end at 63');
  });
});

it('where every pixel has a class, networks are compared by mIoU, image by image', async () => {
  const studio = rehearse({ change: () => ({ openDataset: (source, files) => openDataset(source, files) }) });
  await studio.call('start', { device: 'wasm', baseUrl });
  const open = (seed: number) =>
    studio.call('openNetwork', { source: { source: 'gated', backbone: 'shallow', passes: 2 }, files: [], seed });
  const networks = [(await open(1)).network, (await open(2)).network];
  const rods = { source: 'cuerods', train: 1, validation: 12, test: 1 } as const;
  const { dataset } = await studio.call('openDataset', { source: rods, files: [] });
  const asked = { dataset, split: 'validation', images: null } as const;
  const found = await studio.call('compareNetworks', { ...asked, networks });
  expect(v.is(resultSchemas.compareNetworks, found)).toBe(true);
  if (found.task !== 'segmentation') throw new Error('Pixels have classes here.');
  expect([...found.labelled]).toEqual(new Array(12).fill(32 * 32));
  const alone = await Promise.all(networks.map((network) => studio.call('evaluate', { ...asked, network })));
  found.answers.forEach(({ mIoU, perClass, right }, at) => {
    expect(mIoU).toBeCloseTo(alone[at]?.accuracy ?? NaN, 12);
    expect(perClass).toEqual(alone[at]?.perClass);
    expect(right.reduce((sum, own) => sum + own, 0)).toBe(perClass.reduce((sum, { correct }) => sum + correct, 0));
  });
  // One image from close by is the image that was counted, with the same answers.
  for (const [at, network] of networks.entries()) {
    const { truth, passes } = await studio.call('looks', {
      network,
      dataset,
      split: 'validation',
      image: 3,
      passes: null,
    });
    const prediction = passes.at(-1)?.prediction ?? new Uint8Array();
    expect(prediction.filter((answer, pixel) => answer === truth?.[pixel]).length).toBe(found.answers[at]?.right[3]);
  }
  const [pair] = found.pairs;
  if (pair === undefined) throw new Error('Two networks are one pair.');
  expect(pair.difference).toBeCloseTo((alone[1]?.accuracy ?? NaN) - (alone[0]?.accuracy ?? NaN), 12);
  expect(pair.low).toBeLessThan(pair.difference);
  expect(pair.high).toBeGreaterThan(pair.difference);
  const better = (one: number, other: number) =>
    found.answers[one]?.right.filter((own, image) => own > (found.answers[other]?.right[image] ?? 0)).length;
  expect([pair.onlyFirst, pair.onlySecond]).toEqual([better(0, 1), better(1, 0)]);

  const [first = ''] = networks;
  const same = await studio.call('compareNetworks', { ...asked, networks: [first, first] });
  expect(same.pairs).toEqual([
    { first: 0, second: 1, onlyFirst: 0, onlySecond: 0, difference: 0, low: 0, high: 0, pValue: 1 },
  ]);
});
