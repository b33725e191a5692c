/**
 * Downloads one large file so that nothing that arrived is fetched twice: a broken connection goes on where it broke,
 * a closed tab too (whole segments are stored as they come), and what arrives is checked against its SHA-256.
 */
import { DatasetError, reasonOf } from '../dataset';
import { sha256 } from '../identity';
import { nameFor, StorageFullError, type BlobStore } from '../storage';
import { requestManners, type Fetch, type HubFile } from './listing';

export interface DownloadOptions {
  readonly fetch: Fetch;
  /** Keeps the segments of unfinished downloads; null = a reload starts anew. */
  readonly store: BlobStore | null;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that are there, of the file's size. */
  readonly onBytes?: ((received: number) => void) | undefined;
  /** Bytes stored at a time. Default 4 MB. */
  readonly segmentBytes?: number | undefined;
  /** Attempts in a row that may bring nothing. Default 5. */
  readonly attempts?: number | undefined;
  /** Wait before the second attempt, milliseconds; doubles with every further one. Default 1,000. */
  readonly retryMs?: number | undefined;
  /** A connection that is silent so long counts as broken, milliseconds. Default 30,000. */
  readonly stallMs?: number | undefined;
}

/** Worth another attempt. */
class Interruption extends Error {}

const isTemporary = (status: number): boolean => status === 408 || status === 429 || status >= 500;

function refusal(file: HubFile, status: number): Error {
  if (isTemporary(status)) return new Interruption(`status ${status}`);
  return new DatasetError(
    'network',
    `${file.url} answered with status ${status}. The data set may have moved; download it by hand and open the files.`,
    file.path,
  );
}

const wait = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });

/** What has arrived: stored segments, then bytes that are not stored yet. */
class Arrival {
  received = 0;
  private readonly segments: Blob[] = [];
  private pending: Uint8Array<ArrayBuffer>[] = [];
  private pendingBytes = 0;
  private store: BlobStore | null;

  constructor(
    private readonly key: string,
    private readonly options: DownloadOptions,
  ) {
    this.store = options.store;
  }

  private segmentName(index: number): string {
    return `${this.key}.${index}.part`;
  }

  /** Takes up what an earlier download left. */
  async resume(size: number): Promise<void> {
    for (;;) {
      const segment = await this.store?.read(this.segmentName(this.segments.length));
      if (segment === undefined) break;
      this.segments.push(segment);
      this.received += segment.size;
    }
    if (this.received > size) await this.discard();
  }

  async add(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.pending.push(chunk);
    this.pendingBytes += chunk.length;
    this.received += chunk.length;
    if (this.pendingBytes >= (this.options.segmentBytes ?? 4e6)) await this.flush();
  }

  /** Stores what is pending; keeps it in memory when there is no room or no store. */
  async flush(): Promise<void> {
    if (this.pendingBytes === 0) return;
    const segment = new Blob(this.pending);
    try {
      await this.store?.write(this.segmentName(this.segments.length), [segment]);
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
      this.store = null;
    }
    this.segments.push(segment);
    this.pending = [];
    this.pendingBytes = 0;
  }

  async discard(): Promise<void> {
    const prefix = `${this.key}.`;
    for (const { name } of (await this.options.store?.list()) ?? []) {
      if (name.startsWith(prefix) && name.endsWith('.part')) await this.options.store?.remove(name);
    }
    this.segments.length = 0;
    this.pending = [];
    this.pendingBytes = 0;
    this.received = 0;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Blob([...this.segments, ...this.pending]).arrayBuffer());
  }
}

/**
 * One connection: asks for what is missing and adds it as it comes.
 * `ranged` false asks for the whole file and skips what is there, for servers that do not allow ranges across origins.
 */
async function receive(file: HubFile, arrival: Arrival, ranged: boolean, options: DownloadOptions): Promise<void> {
  const { fetch, signal, stallMs = 30_000, onBytes } = options;
  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(), stallMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), stallMs);
  };
  const headers = ranged && arrival.received > 0 ? { Range: `bytes=${arrival.received}-` } : {};
  try {
    const response = await fetch(file.url, {
      ...requestManners,
      headers,
      signal: signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]),
    });
    if (!response.ok || response.body === null) throw refusal(file, response.status);
    // A server that knows no ranges answers with the whole file.
    let skip = response.status === 206 ? 0 : arrival.received;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      alive();
      const fresh = value.subarray(Math.min(skip, value.length));
      skip -= value.length - fresh.length;
      if (fresh.length > 0) await arrival.add(fresh);
      onBytes?.(arrival.received);
      if (arrival.received > file.size) {
        await reader.cancel();
        break;
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DatasetError || error instanceof Interruption) throw error;
    const silent = stall.signal.aborted ? `nothing came for ${stallMs / 1000} s` : undefined;
    throw new Interruption(silent ?? reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Goes on through broken connections until the file is whole. */
async function receiveAll(file: HubFile, arrival: Arrival, options: DownloadOptions): Promise<void> {
  const { attempts = 5, retryMs = 1000, signal } = options;
  let ranged = true;
  let fruitless = 0;
  while (arrival.received < file.size) {
    const before = arrival.received;
    try {
      await receive(file, arrival, ranged, options);
      if (arrival.received === before) throw new Interruption('the answer was empty');
      if (arrival.received < file.size) throw new Interruption('the connection was closed early');
    } catch (error) {
      await arrival.flush();
      if (!(error instanceof Interruption)) throw error;
      const progressed = arrival.received > before;
      fruitless = progressed ? 0 : fruitless + 1;
      // A refused preflight looks like no connection at all: next time without a range.
      ranged = progressed || !ranged;
      if (fruitless >= attempts) {
        throw new DatasetError(
          'network',
          `${file.path} could not be downloaded beyond ${arrival.received} of ${file.size} bytes (${error.message}). Check ` +
            'the connection and start again: what arrived is kept.',
          file.path,
        );
      }
      await wait(progressed ? 0 : retryMs * 2 ** (fruitless - 1), signal);
    }
  }
}

/** A finished download. `verified` is false where the hub gave no checksum: then only the size was compared. */
export interface Downloaded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly verified: boolean;
  /** Removes the stored segments, once the contents are safe elsewhere. */
  readonly forget: () => Promise<void>;
}

/** Downloads `file`, or takes it from the store where it is whole already. Throws `DatasetError`. */
export async function download(file: HubFile, options: DownloadOptions): Promise<Downloaded> {
  const arrival = new Arrival(await nameFor(`${file.sha256 ?? file.url} ${file.size}`), options);
  await arrival.resume(file.size);
  options.onBytes?.(arrival.received);
  await receiveAll(file, arrival, options);
  const bytes = await arrival.bytes();
  const digest = file.sha256 === null ? null : await sha256(bytes);
  if (bytes.length !== file.size || digest !== file.sha256) {
    await arrival.discard();
    throw new DatasetError(
      'checksum',
      `${file.path} is not what the hub announced: ${bytes.length} bytes with SHA-256 ${digest ?? 'unknown'} instead of ` +
        `${file.size} with ${file.sha256 ?? 'none given'}. It was thrown away; start the download again.`,
      file.path,
    );
  }
  return { bytes, verified: digest !== null, forget: () => arrival.discard() };
}
