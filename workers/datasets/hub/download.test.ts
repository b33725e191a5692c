import { afterEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { DatasetError } from '../dataset';
import { memoryBlobStore } from '../storage';
import { download, type DownloadOptions } from './download';
import { listHubFiles, type HubFile } from './listing';
import { startHub, type Fault, type LocalHub } from './local-hub';

const random = createRandom(7);
const contents = Buffer.from(Array.from({ length: 100_000 }, () => random.integer(256)));
const path = 'data/train-00000-of-00001.parquet';
const target = `/datasets/someone/tiny/resolve/main/${path}`;

let hub: LocalHub;
afterEach(() => hub.close());

async function prepare(...faults: Fault[]): Promise<HubFile> {
  hub = await startHub({ [path]: contents });
  hub.faults.push(...faults);
  const [file] = await listHubFiles(hub.page, fetch);
  if (file === undefined) throw new Error('The local hub lists no file.');
  hub.requests.length = 0;
  return file;
}

const options = (more: Partial<DownloadOptions> = {}): DownloadOptions => ({
  fetch,
  store: memoryBlobStore(),
  segmentBytes: 10_000,
  retryMs: 5,
  stallMs: 300,
  ...more,
});

describe('download', () => {
  it('gets the file in one request, verified, with progress up to its size', async () => {
    const file = await prepare();
    const received: number[] = [];
    const { bytes, verified } = await download(file, options({ onBytes: (count) => received.push(count) }));
    expect(contents.equals(bytes)).toBe(true);
    expect(verified).toBe(true);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
    expect(received.at(-1)).toBe(contents.length);
    expect(hub.requests).toEqual([`GET ${target}`]);
  });

  it('goes on where the connection broke', async () => {
    const file = await prepare({ cut: 33_333 }, { cut: 20_000 });
    const { bytes } = await download(file, options());
    expect(contents.equals(bytes)).toBe(true);
    expect(hub.requests).toEqual([`GET ${target}`, `GET ${target} bytes=33333-`, `GET ${target} bytes=53333-`]);
  });

  it('goes on after a stall and after temporary refusals', async () => {
    const file = await prepare({ stall: 12_345 }, { status: 503 }, { status: 429 });
    const { bytes } = await download(file, options());
    expect(contents.equals(bytes)).toBe(true);
    // A refusal that brought nothing is followed by a request without a range, in case ranges are what is refused.
    expect(hub.requests).toEqual([
      `GET ${target}`,
      `GET ${target} bytes=12345-`,
      `GET ${target}`,
      `GET ${target} bytes=12345-`,
    ]);
  });

  it('reads on correctly from a server that knows no ranges', async () => {
    const file = await prepare({ cut: 50_000 });
    hub.ranges = false;
    expect(contents.equals((await download(file, options())).bytes)).toBe(true);
  });

  it('resumes in another visit from the stored segments', async () => {
    const file = await prepare({ cut: 47_000 }, { status: 404 });
    const store = memoryBlobStore();
    await expect(download(file, options({ store }))).rejects.toThrow('answered with status 404');
    hub.requests.length = 0;
    const { bytes, forget } = await download(file, options({ store }));
    expect(contents.equals(bytes)).toBe(true);
    expect(hub.requests).toEqual([`GET ${target} bytes=47000-`]);
    await forget();
    expect(await store.list()).toEqual([]);
  });

  it('keeps what arrived when it is cancelled', async () => {
    const file = await prepare({ stall: 30_000 });
    const store = memoryBlobStore();
    const cancel = new AbortController();
    const onBytes = (received: number): void => {
      if (received >= 30_000) cancel.abort();
    };
    await expect(download(file, options({ store, signal: cancel.signal, onBytes }))).rejects.toThrow(/abort/i);
    hub.requests.length = 0;
    await download(file, options({ store }));
    expect(hub.requests).toEqual([`GET ${target} bytes=30000-`]);
  });

  it('needs no request for a file that is whole already', async () => {
    const file = await prepare();
    const store = memoryBlobStore();
    await download(file, options({ store }));
    hub.requests.length = 0;
    expect(contents.equals((await download(file, options({ store }))).bytes)).toBe(true);
    expect(hub.requests).toEqual([]);
  });

  it('goes on in memory when the store is full', async () => {
    const file = await prepare();
    const { bytes } = await download(file, options({ store: memoryBlobStore(35_000) }));
    expect(contents.equals(bytes)).toBe(true);
  });

  it('works without a store', async () => {
    const file = await prepare({ cut: 5 });
    expect(contents.equals((await download(file, options({ store: null }))).bytes)).toBe(true);
  });
});

describe('downloads that fail', () => {
  it('gives up after attempts that brought nothing, and says how far it came', async () => {
    const file = await prepare({ cut: 1000 }, { status: 500 }, { status: 500 }, { status: 500 });
    const error: unknown = await download(file, options({ attempts: 3 })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error).toMatchObject({ kind: 'network', file: path });
    expect(String(error)).toContain('could not be downloaded beyond 1000 of 100000 bytes (status 500)');
  });

  it('throws away what does not match the checksum', async () => {
    const file = { ...(await prepare()), sha256: '0'.repeat(64) };
    const store = memoryBlobStore();
    await expect(download(file, options({ store }))).rejects.toMatchObject({ kind: 'checksum', file: path });
    expect(await store.list()).toEqual([]);
  });

  it('finds a stored segment that was damaged between visits', async () => {
    const file = await prepare({ cut: 47_000 }, { status: 404 });
    const store = memoryBlobStore();
    await download(file, options({ store })).catch(() => undefined);
    const [segment] = (await store.list()).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    await store.write(segment?.name ?? '', [new Uint8Array(10_000)]);
    await expect(download(file, options({ store }))).rejects.toMatchObject({ kind: 'checksum' });
    expect(contents.equals((await download(file, options({ store }))).bytes)).toBe(true);
  });

  it('compares sizes where the hub gives no checksum', async () => {
    const file = { ...(await prepare()), sha256: null };
    expect((await download(file, options())).verified).toBe(false);
    await expect(download({ ...file, size: 99_000 }, options())).rejects.toMatchObject({ kind: 'checksum' });
  });
});
