import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { databaseRecords } from './browser-shelves';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { parseRecipe } from './recipe';
import { emptyLedger, type RunRecord } from './run-record';
import {
  createRunStore,
  freshBlob,
  type BlobShelf,
  type FreshBlob,
  type RecordShelf,
  type RunStore,
  type StoreOptions,
} from './store';

const recipe = parseRecipe({
  version: 1,
  name: 'tiny',
  network: { source: 'zoo', architecture: 'resnet8' },
  data: { source: 'shapes10' },
  stages: [{ stage: 'prune', budget: 0.5 }],
});

function recordAt(step: number, network: FreshBlob, original: FreshBlob): RunRecord {
  return {
    version: 1,
    run: 'run-1',
    name: 'tiny',
    recipe,
    state: 'running',
    started: 1000,
    candidates: [],
    result: null,
    error: null,
    origin: 'here',
    ledger: emptyLedger,
    metrics: [],
    evaluations: [],
    telemetry: null,
    blobs: { original: original.stored },
    checkpoint: { stage: 0, step, network: network.stored, training: null },
  };
}

const bytesOf = (value: number): Uint8Array => new Uint8Array(64).fill(value);

interface Bench {
  readonly blobs: BlobShelf;
  readonly records: RecordShelf;
  readonly troubles: { message: string; bytes: number | null }[];
  readonly open: (options?: { blobs?: BlobShelf; records?: RecordShelf; writer?: StoreOptions['writer'] }) => RunStore;
}

function bench(): Bench {
  const blobs = memoryBlobs();
  const records = memoryRecords();
  const troubles: Bench['troubles'] = [];
  const trouble = (message: string, bytes: number | null): void => void troubles.push({ message, bytes });
  return { blobs, records, troubles, open: (options) => createRunStore({ blobs, records, trouble, ...options }) };
}

/** Works for `steps` calls, then every call fails and nothing more reaches the shelves: the power is off. */
function untilPowerFails(shelves: { blobs: BlobShelf; records: RecordShelf }, steps: number) {
  let left = steps;
  const powered = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left <= 0) throw new Error('No power.');
    left -= 1;
    return action();
  };
  return {
    blobs: {
      write: (name: string, bytes: Uint8Array) => powered(() => shelves.blobs.write(name, bytes)),
      read: (name: string) => powered(() => shelves.blobs.read(name)),
      remove: (name: string) => powered(() => shelves.blobs.remove(name)),
      names: () => powered(() => shelves.blobs.names()),
    },
    records: {
      all: () => powered(() => shelves.records.all()),
      get: (run: string) => powered(() => shelves.records.get(run)),
      put: (record: RunRecord) => powered(() => shelves.records.put(record)),
      remove: (run: string) => powered(() => shelves.records.remove(run)),
    },
  };
}

describe('run store', () => {
  it('saves, replaces checkpoints, keeps candidates, and leaves no blob that nobody names', async () => {
    const { blobs, troubles, open } = bench();
    const store = open();
    const original = await freshBlob('run-1', bytesOf(1));
    const first = await freshBlob('run-1', bytesOf(2));
    const second = await freshBlob('run-1', bytesOf(3));
    await store.commit(recordAt(10, first, original), [original, first]);
    await store.commit(recordAt(20, second, original), [second]);
    expect((await blobs.names()).toSorted()).toEqual([original.stored.name, second.stored.name].toSorted());

    const reopened = open();
    const [record] = await reopened.records();
    expect(record?.checkpoint?.step).toBe(20);
    expect(await reopened.record('run-1')).toEqual(record);
    expect(await reopened.record('run-2')).toBeUndefined();
    expect(await reopened.read(second.stored)).toEqual(bytesOf(3));
    await expect(reopened.read(first.stored)).rejects.toMatchObject({ kind: 'missing' });
    await reopened.remove('run-1');
    expect(await blobs.names()).toEqual([]);
    expect(await open().records()).toEqual([]);
    expect(troubles).toEqual([]);
  });

  it('survives a crash at every moment of a save: the last complete save opens, orphans are swept', async () => {
    const outcomes = new Set<number | undefined>();
    let crashes = 0;
    for (let steps = 0; ; steps += 1) {
      const { blobs, records, troubles, open } = bench();
      const original = await freshBlob('run-1', bytesOf(1));
      const first = await freshBlob('run-1', bytesOf(2));
      const second = await freshBlob('run-1', bytesOf(3));
      await open().commit(recordAt(10, first, original), [original, first]);
      await open(untilPowerFails({ blobs, records }, steps)).commit(recordAt(20, second, original), [second]);

      const after = open();
      const [record] = await after.records();
      outcomes.add(record?.checkpoint?.step);
      const network = record?.checkpoint?.network ?? first.stored;
      expect(await after.read(network)).toEqual(record?.checkpoint?.step === 20 ? bytesOf(3) : bytesOf(2));
      expect(await after.read(original.stored)).toEqual(bytesOf(1));
      await after.commit(recordAt(30, second, original), [second]);
      expect((await blobs.names()).length).toBe(2);
      if (troubles.length === 0) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThanOrEqual(6);
    expect(outcomes).toEqual(new Set([10, 20]));
  });

  it('notices bytes that come back changed, and keeps the save before', async () => {
    const { blobs, records, troubles, open } = bench();
    const original = await freshBlob('run-1', bytesOf(1));
    await open().commit(recordAt(10, original, original), [original]);
    const torn: BlobShelf = { ...blobs, write: (name, bytes) => blobs.write(name, bytes.subarray(0, 40)) };
    const next = await freshBlob('run-1', bytesOf(2));
    await open({ blobs: torn }).commit(recordAt(20, next, original), [next]);
    expect(troubles[0]?.message).toContain('gave back other bytes');
    expect((await open({ records }).records())[0]?.checkpoint?.step).toBe(10);
    expect(await blobs.names()).toEqual([original.stored.name]);
  });

  it('goes on in memory when the disk is full, says so once, and saves all of it when there is room', async () => {
    const { blobs, troubles, open } = bench();
    let full = true;
    const small: BlobShelf = {
      ...blobs,
      async write(name, bytes) {
        if (full) throw new DOMException('No room.', 'QuotaExceededError');
        return blobs.write(name, bytes);
      },
    };
    const store = open({ blobs: small });
    const original = await freshBlob('run-1', bytesOf(1));
    const first = await freshBlob('run-1', bytesOf(2));
    const second = await freshBlob('run-1', bytesOf(3));
    await store.commit(recordAt(10, first, original), [original, first]);
    await store.commit(recordAt(20, second, original), [second]);
    expect(troubles).toEqual([{ message: expect.stringContaining('no room left'), bytes: 128 }]);
    expect((await store.records())[0]?.checkpoint?.step).toBe(20);
    expect(await store.read(original.stored)).toEqual(bytesOf(1));
    expect(await blobs.names()).toEqual([]);

    full = false;
    await store.commit(recordAt(30, second, original));
    expect((await open().records())[0]?.checkpoint?.step).toBe(30);
    expect(await open().read(original.stored)).toEqual(bytesOf(1));
    expect(troubles.length).toBe(1);
  });

  it('writes nothing while another tab is the writer', async () => {
    const { blobs, troubles, open } = bench();
    const original = await freshBlob('run-1', bytesOf(1));
    const reader = open({ writer: async () => false });
    await reader.commit(recordAt(10, original, original), [original]);
    expect(troubles[0]?.message).toContain('another tab');
    expect(await blobs.names()).toEqual([]);
    expect((await reader.records()).length).toBe(1);
    expect((await open().records()).length).toBe(0);
  });

  it('saves what it kept in memory when the tab that wrote is closed', async () => {
    const { troubles, open } = bench();
    const original = await freshBlob('run-1', bytesOf(1));
    let otherTabCloses = (): void => undefined;
    const store = open({
      writer: async (onLate) => {
        otherTabCloses = onLate;
        return false;
      },
    });
    await store.commit(recordAt(10, original, original), [original]);
    expect(await open().records()).toEqual([]);
    otherTabCloses();
    const second = await freshBlob('run-1', bytesOf(2));
    await store.commit({ ...recordAt(20, second, original), run: 'run-2' }, [second, original]);
    expect((await open().records()).map(({ run, checkpoint }) => [run, checkpoint?.step])).toEqual([
      ['run-1', 10],
      ['run-2', 20],
    ]);
    expect(await open().read(original.stored)).toEqual(bytesOf(1));
    expect(troubles.length).toBe(1);
  });

  it('saves a run that found no room as soon as another is removed', async () => {
    const { blobs, open } = bench();
    let room = 1;
    const small: BlobShelf = {
      ...blobs,
      async write(name, bytes) {
        if (room === 0) throw new DOMException('No room.', 'QuotaExceededError');
        room -= 1;
        return blobs.write(name, bytes);
      },
      async remove(name) {
        room += 1;
        return blobs.remove(name);
      },
    };
    const store = open({ blobs: small });
    const first = await freshBlob('run-1', bytesOf(1));
    const second = await freshBlob('run-2', bytesOf(2));
    await store.commit(recordAt(10, first, first), [first]);
    await store.commit({ ...recordAt(10, second, second), run: 'run-2', state: 'finished' }, [second]);
    expect((await open().records()).map(({ run }) => run)).toEqual(['run-1']);
    await store.remove('run-1');
    expect((await open().records()).map(({ run }) => run)).toEqual(['run-2']);
    expect(await open().read(second.stored)).toEqual(bytesOf(2));
  });

  it('shows a run again that was removed and is brought back', async () => {
    const { open } = bench();
    const store = open();
    const original = await freshBlob('run-1', bytesOf(1));
    await store.commit(recordAt(10, original, original), [original]);
    await store.remove('run-1');
    await store.commit(recordAt(10, original, original), [original]);
    expect((await store.records()).map(({ run }) => run)).toEqual(['run-1']);
    expect((await store.record('run-1'))?.run).toBe('run-1');
  });

  it('leaves records of a newer version, and their blobs, untouched', async () => {
    const { blobs, records, open } = bench();
    const newer = { version: 2, run: 'run-9', shape: 'unknown' };
    const shelves: RecordShelf = { ...records, all: async () => [newer, ...(await records.all())] };
    await blobs.write('run-9.abc.safetensors', bytesOf(9));
    await blobs.write('run-7.orphan.safetensors', bytesOf(7));
    const original = await freshBlob('run-1', bytesOf(1));
    await open({ records: shelves }).commit(recordAt(10, original, original), [original]);
    expect((await blobs.names()).toSorted()).toEqual([original.stored.name, 'run-9.abc.safetensors'].toSorted());
    expect((await open({ records: shelves }).records()).map(({ run }) => run)).toEqual(['run-1']);
  });

  it('says when a saved network was damaged on disk', async () => {
    const { blobs, open } = bench();
    const original = await freshBlob('run-1', bytesOf(1));
    await open().commit(recordAt(10, original, original), [original]);
    await blobs.write(original.stored.name, bytesOf(2));
    await expect(open().read(original.stored)).rejects.toMatchObject({ kind: 'damaged' });
  });
});

describe('records in IndexedDB', () => {
  it('come back as they were put, and go when removed', async () => {
    const shelf = await databaseRecords();
    const original = await freshBlob('run-1', bytesOf(1));
    const record = recordAt(10, original, original);
    await shelf.put(record);
    await shelf.put({ ...record, run: 'run-2' });
    expect(await (await databaseRecords()).all()).toEqual([record, { ...record, run: 'run-2' }]);
    expect(await shelf.get('run-2')).toEqual({ ...record, run: 'run-2' });
    await shelf.remove('run-1');
    expect(await shelf.get('run-1')).toBeUndefined();
    expect((await shelf.all()).map((stored) => (stored as RunRecord).run)).toEqual(['run-2']);
  });
});
