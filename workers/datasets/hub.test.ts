import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetCache } from './cache';
import { DatasetError } from './dataset';
import { decodeParquet } from './hub/parquet';
import { startHub, type LocalHub } from './hub/local-hub';
import { openDataset } from './index';
import { memoryBlobStore } from './storage';

const fixture = (name: string): Buffer => readFileSync(new URL(`hub/fixtures/${name}`, import.meta.url));
const train = fixture('train-00000-of-00001.parquet');
const test = fixture('test-00000-of-00001.parquet');
const trainPath = 'plain_text/train-00000-of-00001.parquet';

/** Image i as `hub/fixtures/make.py` says: pixel (x, y) is (8 x, 8 y, 7 i modulo 256). */
function picture(index: number): number[] {
  return Array.from({ length: 32 * 32 }, (_, at) => [8 * (at % 32), 8 * Math.floor(at / 32), (7 * index) % 256]).flat();
}

let hub: LocalHub;
beforeEach(async () => {
  hub = await startHub({ [trainPath]: train, 'plain_text/test-00000-of-00001.parquet': test });
});
afterEach(() => hub.close());

const open = (more: Parameters<typeof openDataset>[2] = {}) =>
  openDataset({ source: 'hub', url: hub.page }, [], { cache: datasetCache(memoryBlobStore()), ...more });

describe('a data set from a hub', () => {
  it('is downloaded, verified and decoded exactly', async () => {
    const progress: number[] = [];
    const { splits, classes, shape, name, notes, flip } = await open({ progress: (done) => progress.push(done) });
    expect([classes, shape, name, flip]).toEqual([['red', 'green', 'blue'], [32, 32, 3], 'tiny (24 + 6 images)', true]);
    expect(notes).toEqual([]);
    // Of 24 images, half go to validation: 500 would be too many.
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([12, 12, 6]);
    expect([...splits.train.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect([...splits.train.images.subarray(11 * 3072)]).toEqual(picture(11));
    expect([...splits.test.images.subarray(0, 3072)]).toEqual(picture(24));
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
  });

  it('comes out of the cache the second time, with no request, and leaves no segments behind', async () => {
    const store = memoryBlobStore();
    const first = await open({ cache: datasetCache(store) });
    expect((await store.list()).map(({ name }) => name.split('.').at(-1))).toEqual(['set']);
    hub.requests.length = 0;
    const second = await open({ cache: datasetCache(store) });
    expect(hub.requests).toEqual([]);
    expect(second).toEqual(first);
  });

  it('says so when there is no room to keep it', async () => {
    const { notes, splits } = await open({ cache: datasetCache(memoryBlobStore(50_000)) });
    expect(splits.train.count).toBe(12);
    expect(notes[0]).toMatch(/^tiny is not kept for the next visit\. The browser's storage for this page is full/);
  });

  it('says so when the browser keeps nothing', async () => {
    expect((await open({ cache: null })).notes).toEqual([
      'This browser keeps no files for the page: the images must be opened again after a reload.',
    ]);
  });

  it('refuses what is not what the hub announced', async () => {
    hub.listing = (truth) => truth.map((entry) => ({ ...entry, lfs: { ...entry.lfs, oid: 'f'.repeat(64) } }));
    await expect(open()).rejects.toMatchObject({ kind: 'checksum' });
  });

  it('stops when it is told to', async () => {
    await expect(open({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('parquet that cannot be read', () => {
  const decode = (bytes: Uint8Array) => decodeParquet(new Uint8Array(bytes), 'x.parquet', {});

  it.each([
    ['a web page', Buffer.from('<html>not found</html>'), 'x.parquet is damaged or in an unknown form at its footer'],
    ['nothing', Buffer.alloc(0), 'at its footer'],
    ['a file cut short', train.subarray(0, 5000), 'at its footer'],
    ['a file without its beginning', train.subarray(train.length - 4000), 'x.parquet is damaged'],
  ])('%s', async (_, bytes, message) => {
    await expect(decode(bytes)).rejects.toBeInstanceOf(DatasetError);
    await expect(decode(bytes)).rejects.toThrow(message);
  });

  it('names the row whose image is damaged', async () => {
    await expect(decode(fixture('damaged-image.parquet'))).rejects.toThrow(
      'x.parquet is damaged or in an unknown form at the image of row 2 (Error while decompressing the data).',
    );
  });
});
