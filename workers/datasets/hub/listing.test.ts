import { afterEach, describe, expect, it } from 'vitest';
import { listHubFiles, repositoryOf } from './listing';
import { startHub, type LocalHub, type TreeEntry } from './local-hub';

let hub: LocalHub | undefined;
afterEach(() => hub?.close());

const bytes = Buffer.from('abc');
/** SHA-256 of "abc" (FIPS 180-4, example B.1). */
const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

async function list(paths: readonly string[], change?: (truth: readonly TreeEntry[]) => unknown) {
  hub = await startHub(Object.fromEntries(paths.map((path) => [path, bytes])));
  if (change !== undefined) hub.listing = change;
  return listHubFiles(hub.page, fetch);
}

describe('repositoryOf', () => {
  it('reads pages of data sets, with and without a revision', () => {
    const origin = 'https://huggingface.co';
    expect(repositoryOf('https://huggingface.co/datasets/uoft-cs/cifar10')).toEqual({
      origin,
      id: 'uoft-cs/cifar10',
      revision: 'main',
    });
    expect(repositoryOf('https://huggingface.co/datasets/a/b.c/tree/v1.0/').revision).toBe('v1.0');
  });

  it.each(['https://huggingface.co/uoft-cs/cifar10', 'cifar10', 'https://huggingface.co/datasets/a/b/blob/main/x'])(
    'refuses %s with advice',
    (address) => {
      expect(() => repositoryOf(address)).toThrow(/is no data set's page on a hub\. Give an address like/);
    },
  );
});

describe('listHubFiles', () => {
  it('finds shards with size and checksum, in order', async () => {
    const files = await list([
      'README.md',
      'plain_text/train-00001-of-00002.parquet',
      'plain_text/train-00000-of-00002.parquet',
      'plain_text/test-00000-of-00001.parquet',
    ]);
    expect(files.map(({ split, path }) => [split, path])).toEqual([
      ['test', 'plain_text/test-00000-of-00001.parquet'],
      ['train', 'plain_text/train-00000-of-00002.parquet'],
      ['train', 'plain_text/train-00001-of-00002.parquet'],
    ]);
    expect(files[0]).toMatchObject({ size: 3, sha256: digest });
    expect(files[0]?.url).toBe(`${hub?.page}/resolve/main/plain_text/test-00000-of-00001.parquet`);
  });

  it('takes one configuration only', async () => {
    const files = await list(['a/train-0-of-1.parquet', 'default/train-0-of-1.parquet', 'default/val-0-of-1.parquet']);
    expect(files.map(({ path }) => path)).toEqual(['default/train-0-of-1.parquet', 'default/val-0-of-1.parquet']);
    expect(files[1]?.split).toBe('validation');
  });

  it('has no checksum for files that are not stored as large ones', async () => {
    const files = await list(['train-0-of-1.parquet'], (truth) =>
      truth.map(({ type, path, size }) => ({ type, path, size })),
    );
    expect(files[0]).toMatchObject({ size: 3, sha256: null });
  });

  it.each([
    ['no parquet', ['README.md'], undefined, 'holds no parquet files named'],
    ['another form', ['train-0-of-1.parquet'], () => ({ error: 'gone' }), 'lists its files in an unknown form'],
  ] as const)('says so: %s', async (_, paths, change, message) => {
    await expect(list(paths, change)).rejects.toThrow(message);
  });

  it('says what to do when the hub cannot be reached', async () => {
    await expect(listHubFiles('http://127.0.0.1:9/datasets/a/b', fetch)).rejects.toMatchObject({
      kind: 'network',
      message: expect.stringContaining('or download the data set by hand'),
    });
  });
});
