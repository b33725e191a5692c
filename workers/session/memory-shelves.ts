/** Shelves in memory: for Node, and where the browser denies storage. */
import type { RunRecord } from './run-record';
import type { BlobShelf, RecordShelf } from './store';

export function memoryBlobs(): BlobShelf {
  const blobs = new Map<string, Uint8Array>();
  return {
    async write(name, bytes) {
      blobs.set(name, bytes.slice());
    },
    async read(name) {
      const bytes = blobs.get(name);
      if (bytes === undefined) throw new Error(`There is no blob "${name}".`);
      return bytes;
    },
    async remove(name) {
      blobs.delete(name);
    },
    names: async () => [...blobs.keys()],
  };
}

export function memoryRecords(): RecordShelf {
  const records = new Map<string, RunRecord>();
  return {
    all: async () => [...records.values()],
    get: async (run) => records.get(run),
    async put(record) {
      records.set(record.run, structuredClone(record));
    },
    async remove(run) {
      records.delete(run);
    },
  };
}
