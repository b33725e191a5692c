/** Shelves of the browser: blobs in the origin's private file system, records in IndexedDB. */
import { openDB } from 'idb';
import type { RunRecord } from './run-record';
import type { BlobShelf, RecordShelf } from './store';

const FOLDER = 'runs';
const DATABASE = 'espalier';
const WRITER_LOCK = 'espalier-run-writer';
/** A terminated worker's lock is free within milliseconds; a second tab's stays. */
const WRITER_PATIENCE_MS = 3000;

/** Throws where the browser denies its file system (private windows, sandboxed frames). */
export async function opfsBlobs(): Promise<BlobShelf> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  return {
    async write(name, bytes) {
      const file = await folder.getFileHandle(name, { create: true });
      // Not a sync access handle: that writes in place, so a crash tears the file, and past the quota it writes less
      // than asked without an error. This stream replaces the file as a whole on close.
      const stream = await file.createWritable();
      try {
        await stream.write(bytes as Uint8Array<ArrayBuffer>);
        await stream.close();
      } catch (error) {
        await stream.abort().catch(() => undefined);
        throw error;
      }
    },
    async read(name) {
      const file = await folder.getFileHandle(name);
      return new Uint8Array(await (await file.getFile()).arrayBuffer());
    },
    async remove(name) {
      await folder.removeEntry(name).catch((error: unknown) => {
        if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      });
    },
    async names() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },
  };
}

/** Throws where the browser denies IndexedDB. */
export async function databaseRecords(): Promise<RecordShelf> {
  const database = await openDB(DATABASE, 1, {
    upgrade: (fresh) => void fresh.createObjectStore('runs', { keyPath: 'run' }),
    // A newer tab wants to upgrade: let it.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  return {
    all: () => database.getAll('runs'),
    get: (run) => database.get('runs', run),
    async put(record: RunRecord) {
      const transaction = database.transaction('runs', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.put(record), transaction.done]);
    },
    async remove(run) {
      const transaction = database.transaction('runs', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.delete(run), transaction.done]);
    },
  };
}

/**
 * Asks to be the one writer of this origin and keeps that right for the worker's life. False while another tab has it;
 * `onLate` is called when it comes after all. True where the browser has no locks.
 */
export async function becomeWriter(onLate: () => void = () => undefined): Promise<boolean> {
  const { locks } = navigator;
  if (locks === undefined) return true;
  return new Promise((resolve) => {
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      resolve(false);
    }, WRITER_PATIENCE_MS);
    locks
      .request(WRITER_LOCK, () => {
        clearTimeout(patience);
        if (isLate) onLate();
        else resolve(true);
        return new Promise<never>(() => undefined);
      })
      .catch(() => resolve(false));
  });
}
