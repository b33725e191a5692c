/** Named blobs that outlive the page: decoded sets and unfinished downloads. In the browser a folder of its OPFS. */
import { sha256 } from './identity';

export interface BlobStore {
  /** Undefined when there is no such blob. */
  read(name: string): Promise<Blob | undefined>;
  /** All or nothing: a blob of that name is whole, before and after. Throws `StorageFullError`. */
  write(name: string, parts: readonly BlobPart[]): Promise<void>;
  /** Does nothing when there is no such blob. */
  remove(name: string): Promise<void>;
  /** With the time of the last write, milliseconds since the epoch. */
  list(): Promise<readonly { readonly name: string; readonly written: number }[]>;
}

/** The browser gives no more room. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
  constructor(readonly bytesNeeded: number) {
    super(
      `The browser's storage for this page is full: ${Math.ceil(bytesNeeded / 1e6)} MB more are needed. Delete stored ` +
        'runs or free space on the disk.',
    );
  }
}

const byteLength = (part: BlobPart): number =>
  typeof part === 'string' ? new TextEncoder().encode(part).length : part instanceof Blob ? part.size : part.byteLength;

const isNotFound = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotFoundError';
const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';

async function undefinedIfMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A store in `directory`. */
export function directoryStore(directory: FileSystemDirectoryHandle): BlobStore {
  return {
    async read(name) {
      const handle = await undefinedIfMissing(directory.getFileHandle(name));
      return handle?.getFile();
    },
    async write(name, parts) {
      const bytes = parts.reduce((sum, part) => sum + byteLength(part), 0);
      const isNew = (await undefinedIfMissing(directory.getFileHandle(name))) === undefined;
      const handle = await directory.getFileHandle(name, { create: true });
      // Writes go to a copy that replaces the file when it is closed (a sync access handle would tear it in a crash).
      const writable = await handle.createWritable();
      try {
        for (const part of parts) await writable.write(part);
        await writable.close();
      } catch (error) {
        await writable.abort().catch(() => undefined);
        if (isNew) await directory.removeEntry(name).catch(() => undefined);
        throw isFull(error) ? new StorageFullError(bytes) : error;
      }
    },
    async remove(name) {
      await undefinedIfMissing(directory.removeEntry(name));
    },
    async list() {
      const found: { name: string; written: number }[] = [];
      for await (const handle of directory.values()) {
        if (handle.kind !== 'file') continue;
        const file = await undefinedIfMissing(handle.getFile());
        if (file !== undefined) found.push({ name: handle.name, written: file.lastModified });
      }
      return found;
    },
  };
}

/** The page's store in OPFS, or null where the browser has none or denies it (private windows, old browsers). */
export async function browserBlobStore(): Promise<BlobStore | null> {
  try {
    const root = await navigator.storage.getDirectory();
    const directory = await root.getDirectoryHandle('datasets', { create: true });
    // Safari before 26 has OPFS without this.
    return 'createWritable' in FileSystemFileHandle.prototype ? directoryStore(directory) : null;
  } catch {
    return null;
  }
}

/** Forgets everything with the page; stands in where there is no OPFS. `capacity` in bytes. */
export function memoryBlobStore(capacity = Infinity): BlobStore {
  const blobs = new Map<string, { blob: Blob; written: number }>();
  return {
    read: (name) => Promise.resolve(blobs.get(name)?.blob),
    write(name, parts) {
      const blob = new Blob([...parts]);
      const others = [...blobs].reduce((sum, [other, { blob }]) => sum + (other === name ? 0 : blob.size), 0);
      if (others + blob.size > capacity) return Promise.reject(new StorageFullError(blob.size));
      blobs.set(name, { blob, written: Date.now() });
      return Promise.resolve();
    },
    remove(name) {
      blobs.delete(name);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...blobs].map(([name, { written }]) => ({ name, written }))),
  };
}

/** A file name for any key: its hash, so that slashes, lengths and letter case do not matter. */
export async function nameFor(key: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(key))).slice(0, 40);
}
