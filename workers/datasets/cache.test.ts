import { describe, expect, it } from 'vitest';
import { datasetCache } from './cache';
import type { Collection } from './collection';
import { ignoredPixel } from './dataset';
import { directoryStore, memoryBlobStore, StorageFullError } from './storage';

const collection: Collection = {
  source: 'folder',
  title: 'pets',
  classes: ['cat', 'dog'],
  shape: [1, 2, 3],
  normalisation: { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
  flip: false,
  pools: {
    train: { count: 1, images: Uint8Array.of(1, 2, 3, 4, 5, 6), labels: Uint16Array.of(1) },
    validation: { count: 1, images: Uint8Array.of(9, 8, 7, 6, 5, 4), labels: Uint16Array.of(0) },
    test: { count: 0, images: new Uint8Array(), labels: new Uint16Array() },
  },
  notes: ['a note'],
};

describe('the cache of decoded sets', () => {
  it('gives back what it was given, under its key alone', async () => {
    const cache = datasetCache(memoryBlobStore());
    expect(await cache.put('pets', collection)).toBeNull();
    expect(await cache.get('pets')).toEqual(collection);
    expect(await cache.get('Pets')).toBeUndefined();
    const open = { ...collection, pools: { ...collection.pools, validation: null } };
    await cache.put('open', open);
    expect(await cache.get('open')).toEqual(open);
    const masked = (count: number) => ({
      count,
      images: new Uint8Array(6 * count).fill(7),
      labels: new Uint16Array(),
      masks: Uint8Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? ignoredPixel : at)),
    });
    const augmentation = { padding: 7, quarterTurns: false };
    const street = { ...collection, augmentation, pools: { train: masked(3), validation: masked(2), test: masked(0) } };
    await cache.put('street', street);
    expect(await cache.get('street')).toEqual(street);
  });

  it('finds every changed byte and every cut', async () => {
    const store = memoryBlobStore();
    const cache = datasetCache(store);
    await cache.put('pets', collection);
    const name = (await store.list())[0]?.name ?? '';
    const whole = new Uint8Array((await (await store.read(name))?.arrayBuffer()) ?? new ArrayBuffer());
    const reread = async (bytes: Uint8Array<ArrayBuffer>): Promise<Collection | undefined> => {
      await store.write(name, [bytes]);
      return cache.get('pets');
    };
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      const read = await reread(bytes);
      // Titles and numbers in the header carry no checksum of their own; images and labels must be exact.
      if (read !== undefined) expect(read.pools).toEqual(collection.pools);
      if (at % 10 === 0) expect(await reread(whole.slice(0, at))).toBeUndefined();
    }
    expect(await reread(whole)).toEqual(collection);
    expect(await reread(new Uint8Array([...whole, 0]))).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  it('says what could not be kept, and keeps what was there', async () => {
    const store = memoryBlobStore(2000);
    const cache = datasetCache(store);
    await cache.put('pets', collection);
    const images = new Uint8Array(60_000);
    const large = {
      ...collection,
      title: 'large',
      pools: { ...collection.pools, test: { count: 10_000, images, labels: new Uint16Array(10_000) } },
    };
    expect(await cache.put('large', large)).toBe(
      "large is not kept for the next visit. The browser's storage for this page is full: 1 MB more are needed. Delete " +
        'stored runs or free space on the disk.',
    );
    expect(await cache.get('pets')).toEqual(collection);
  });

  it('lets old sets go when new ones come, and touches nothing else', async () => {
    const store = memoryBlobStore();
    const cache = datasetCache(store);
    await store.write('download.0.part', ['x']);
    for (const key of ['one', 'two', 'three', 'four', 'five']) {
      await cache.put(key, collection);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    expect(await cache.get('one')).toBeUndefined();
    expect(await cache.get('two')).toEqual(collection);
    expect(await cache.get('five')).toEqual(collection);
    expect(await store.read('download.0.part')).toBeDefined();
  });
});

describe('a directory that is full', () => {
  it('is a typed error with the size, and leaves no half-written file', async () => {
    const removed: string[] = [];
    const missing = (): Promise<never> => Promise.reject(new DOMException('No such file.', 'NotFoundError'));
    const writable = {
      write: () => Promise.reject(new DOMException('Quota exceeded.', 'QuotaExceededError')),
      close: () => Promise.resolve(),
      abort: () => Promise.resolve(),
    };
    const directory = {
      getFileHandle: (_: string, options?: { create?: boolean }) =>
        options?.create === true ? Promise.resolve({ createWritable: () => Promise.resolve(writable) }) : missing(),
      removeEntry: (name: string) => Promise.resolve(void removed.push(name)),
    } as unknown as FileSystemDirectoryHandle;
    const error: unknown = await directoryStore(directory)
      .write('a', ['abc', new Uint8Array(5)])
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageFullError);
    expect(error).toMatchObject({ bytesNeeded: 8 });
    expect(removed).toEqual(['a']);
  });
});
