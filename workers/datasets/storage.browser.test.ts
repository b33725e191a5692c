import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetCache } from './cache';
import { openDataset } from './index';
import { directoryStore, type BlobStore } from './storage';

const folder = 'storage-test';
let store: BlobStore;

beforeEach(async () => {
  const root = await navigator.storage.getDirectory();
  store = directoryStore(await root.getDirectoryHandle(folder, { create: true }));
});
afterEach(async () => {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(folder, { recursive: true });
});

describe('blobs in OPFS', () => {
  it('come back as they were written, replace each other whole, and go', async () => {
    expect(await store.read('a')).toBeUndefined();
    await store.write('a', ['one ', new Uint8Array([116, 119, 111])]);
    expect(await (await store.read('a'))?.text()).toBe('one two');
    await store.write('a', ['3']);
    expect(await (await store.read('a'))?.text()).toBe('3');
    const [entry] = await store.list();
    expect(entry?.name).toBe('a');
    expect(Math.abs(Date.now() - (entry?.written ?? 0))).toBeLessThan(60_000);
    await store.remove('a');
    await store.remove('a');
    expect(await store.list()).toEqual([]);
  });
});

describe('decoded sets in OPFS', () => {
  const record = new Uint8Array(3073).fill(7);
  const files = [new File([record, record, record, record], 'data_batch_1.bin')];

  it('open again without their files', async () => {
    const cache = datasetCache(store);
    const first = await openDataset({ source: 'cifar10' }, files, { cache });
    const again = await openDataset({ source: 'cifar10' }, [], { cache });
    expect(again).toEqual(first);
    const fewer = await openDataset({ source: 'cifar10', validation: 1, train: 2 }, [], { cache });
    expect([fewer.splits.train.count, fewer.splits.validation.count]).toEqual([2, 1]);
  });

  it('are thrown away when a byte changed', async () => {
    const cache = datasetCache(store);
    await openDataset({ source: 'cifar10' }, files, { cache });
    const [entry] = await store.list();
    const bytes = new Uint8Array((await (await store.read(entry?.name ?? ''))?.arrayBuffer()) ?? new ArrayBuffer());
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    await store.write(entry?.name ?? '', [bytes]);
    expect(await cache.get('cifar10')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    await expect(openDataset({ source: 'cifar10' }, [], { cache })).rejects.toThrow('No file of CIFAR-10 was opened.');
  });
});
