/** The store of a browser: its private file system and IndexedDB, or memory where it denies them. */
import { becomeWriter, databaseRecords, opfsBlobs } from './browser-shelves';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { createRunStore, type BlobShelf, type RecordShelf, type RunStore, type StoreOptions } from './store';

interface Shelves {
  readonly blobs: BlobShelf;
  readonly records: RecordShelf;
}

/** Opens at first use. `trouble` hears when runs are kept in memory alone. */
export function browserStore(trouble: StoreOptions['trouble']): RunStore {
  let opened: Promise<Shelves> | undefined;
  const shelves = (): Promise<Shelves> => (opened ??= openShelves(trouble));
  return createRunStore({
    blobs: {
      write: async (name, bytes) => (await shelves()).blobs.write(name, bytes),
      read: async (name) => (await shelves()).blobs.read(name),
      remove: async (name) => (await shelves()).blobs.remove(name),
      names: async () => (await shelves()).blobs.names(),
    },
    records: {
      all: async () => (await shelves()).records.all(),
      get: async (run) => (await shelves()).records.get(run),
      put: async (record) => (await shelves()).records.put(record),
      remove: async (run) => (await shelves()).records.remove(run),
    },
    writer: becomeWriter,
    trouble,
  });
}

async function openShelves(trouble: StoreOptions['trouble']): Promise<Shelves> {
  try {
    return { blobs: await opfsBlobs(), records: await databaseRecords() };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    trouble(`The browser denies storage (${cause}), so runs last until the tab closes. Export what you need.`, null);
    return { blobs: memoryBlobs(), records: memoryRecords() };
  }
}
