import { describe, expect, it } from 'vitest';
import { datasetCache } from './cache';
import { openDataset } from './index';
import { memoryBlobStore } from './storage';

const batch = new Uint8Array(20 * 3073).map((_, at) => (at % 3073 === 0 ? Math.floor(at / 3073) % 10 : at % 251));
const files = [new File([batch], 'data_batch_1.bin'), new File([batch], 'test_batch.bin')];

describe('openDataset', () => {
  it('draws Shapes-10 as large as it is asked to', async () => {
    const { splits } = await openDataset({ source: 'shapes10', train: 20, validation: 10, test: 10 }, []);
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([20, 10, 10]);
  });

  it('opens CIFAR-10 again out of the cache, with other counts too', async () => {
    const cache = datasetCache(memoryBlobStore());
    const first = await openDataset({ source: 'cifar10' }, files, { cache });
    expect(await openDataset({ source: 'cifar10' }, [], { cache })).toEqual(first);
    const { splits } = await openDataset({ source: 'cifar10', train: 3, validation: 4, test: 5 }, [], { cache });
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([3, 4, 5]);
    expect(splits.validation.images).toEqual(first.splits.validation.images.subarray(6 * 3072));
  });

  it('prefers files that are given to what it kept', async () => {
    const cache = datasetCache(memoryBlobStore());
    await openDataset({ source: 'cifar10' }, files, { cache });
    const [train] = files;
    const { splits } = await openDataset({ source: 'cifar10' }, train === undefined ? [] : [train], { cache });
    expect(splits.test.count).toBe(0);
  });

  it('keeps folders of other names and sizes apart', async () => {
    const cache = datasetCache(memoryBlobStore());
    const decode = (_: Uint8Array, size: number): Promise<Uint8Array> =>
      Promise.resolve(new Uint8Array(size * size * 3));
    const images = ['a/0.png', 'a/1.png', 'b/0.png', 'b/1.png'].map((path) => new File(['x'], path));
    await openDataset({ source: 'folder', name: 'pets', size: 16 }, images, { cache, decode });
    expect((await openDataset({ source: 'folder', name: 'pets', size: 16 }, [], { cache })).shape[0]).toBe(16);
    await expect(openDataset({ source: 'folder', name: 'pets' }, [], { cache })).rejects.toThrow(
      'The images of "pets" are missing; open the folder or zip archive again.',
    );
  });

  it('says that nothing is kept where the browser keeps nothing', async () => {
    const { notes } = await openDataset({ source: 'cifar10' }, files, { cache: null });
    expect(notes.at(-1)).toContain('must be opened again after a reload');
    await expect(openDataset({ source: 'cifar10' }, [], { cache: null })).rejects.toMatchObject({ kind: 'empty' });
  });
});
