/**
 * Where runs are kept: records that point to blobs, saved so that a crash at any moment leaves the last complete save.
 *
 * A save writes new blobs under new names, reads them back and compares length and SHA-256, then moves the record to
 * them in one durable transaction, and only then removes the blobs nobody names any more. When the disk is full or
 * refuses, the run goes on in memory and says so; the next save that succeeds, or a run that is removed, saves it too.
 */
import type { RunId } from '../protocol';
import { sha256 } from '../datasets/identity';
import { blobNames, parseRecord, storedBlobs, type RunRecord, type StoredBlob } from './run-record';

/** Bytes by name. */
export interface BlobShelf {
  /** All or nothing: a failed write leaves no file that could be taken for a whole one. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Throws when there is no such blob. */
  read(name: string): Promise<Uint8Array>;
  /** No error when there is no such blob. */
  remove(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

/** Records by run, each put in one durable transaction. */
export interface RecordShelf {
  all(): Promise<readonly unknown[]>;
  get(run: RunId): Promise<unknown>;
  put(record: RunRecord): Promise<void>;
  remove(run: RunId): Promise<void>;
}

export type StorageErrorKind = 'quota' | 'damaged' | 'missing' | 'denied';

/** Saving or reading back failed; the message says what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  constructor(
    readonly kind: StorageErrorKind,
    message: string,
    readonly blob?: string,
  ) {
    super(message);
  }
}

/** A blob before it is saved, and what the record will say about it. */
export interface FreshBlob {
  readonly stored: StoredBlob;
  readonly bytes: Uint8Array;
}

export interface RunStore {
  /** All readable records, oldest run first. */
  records(): Promise<readonly RunRecord[]>;
  record(run: RunId): Promise<RunRecord | undefined>;
  /** Saves `record` and the blobs it names for the first time. Never throws for want of space: see `trouble`. */
  commit(record: RunRecord, fresh?: readonly FreshBlob[]): Promise<void>;
  /** Bytes of a blob, checked against its hash. Throws `StorageError`. */
  read(blob: StoredBlob): Promise<Uint8Array>;
  remove(run: RunId): Promise<void>;
}

export interface StoreOptions {
  readonly blobs: BlobShelf;
  readonly records: RecordShelf;
  /**
   * Asked before the first save: may this worker write, or does another tab? `onLate` is called when that tab is gone.
   * Absent = yes.
   */
  readonly writer?: ((onLate: () => void) => Promise<boolean>) | undefined;
  /** Told once when saving begins to fail; `bytes` is what could not be saved. */
  readonly trouble: (message: string, bytes: number | null) => void;
}

/** Names a blob of `run` so that it never meets another one. */
export async function freshBlob(run: RunId, bytes: Uint8Array): Promise<FreshBlob> {
  const name = `${run}.${Date.now().toString(36)}${Math.random().toString(36).slice(2, 10)}.safetensors`;
  return { stored: { name, bytes: bytes.byteLength, sha256: await sha256(bytes) }, bytes };
}

interface Unsaved {
  readonly record: RunRecord;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** A store over two shelves. Reading works at once; the first save waits for `writer` and sweeps orphans. */
export function createRunStore({ blobs, records, writer, trouble }: StoreOptions): RunStore {
  /** What could not be saved yet, complete for its run. */
  const unsaved = new Map<RunId, Unsaved>();
  const removed = new Set<RunId>();
  /** Blobs of the last save of each run, where this worker knows it. */
  const lastNames = new Map<RunId, ReadonlySet<string>>();
  let troubled = false;
  let last: Promise<unknown> = Promise.resolve();
  let ready: Promise<boolean> | undefined;

  /** One save at a time: each looks at what the one before left on the shelves. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  }

  const savedRecords = async (): Promise<RunRecord[]> =>
    (await records.all()).flatMap((stored) => parseRecord(stored) ?? []);

  async function sweep(): Promise<void> {
    const stored = await records.all();
    const named = new Set<string>();
    const unreadable: string[] = [];
    for (const entry of stored) {
      const record = parseRecord(entry);
      if (record !== undefined) for (const name of blobNames(record)) named.add(name);
      else unreadable.push(String((entry as { run?: unknown } | null)?.run));
    }
    for (const name of await blobs.names()) {
      // Blobs of a record we cannot read may still be named by it.
      const foreign = unreadable.some((run) => name.startsWith(`${run}.`));
      if (!named.has(name) && !foreign) await blobs.remove(name);
    }
  }

  function mayWrite(): Promise<boolean> {
    ready ??= (writer?.(takeOver) ?? Promise.resolve(true)).then(async (granted) => {
      if (granted) await sweep().catch(() => undefined);
      return granted;
    });
    return ready;
  }

  /** The tab that did the saving is closed. */
  function takeOver(): void {
    ready = Promise.resolve(true);
    void inTurn(async () => {
      await sweep().catch(() => undefined);
      await saveHeld();
    });
  }

  async function writeChecked({ name, bytes, sha256: hash }: StoredBlob, content: Uint8Array): Promise<void> {
    await blobs.write(name, content);
    const back = await blobs.read(name);
    if (back.byteLength !== bytes || (await sha256(back)) !== hash) {
      throw new StorageError('damaged', `The disk gave back other bytes than were saved in "${name}".`, name);
    }
  }

  async function savedNames(run: RunId): Promise<ReadonlySet<string>> {
    const known = lastNames.get(run);
    if (known !== undefined) return known;
    const record = parseRecord(await records.get(run));
    return record === undefined ? new Set() : blobNames(record);
  }

  async function save(record: RunRecord, content: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const before = await savedNames(record.run);
    const written: string[] = [];
    try {
      for (const stored of storedBlobs(record)) {
        const bytes = content.get(stored.name);
        if (bytes === undefined) continue;
        written.push(stored.name);
        await writeChecked(stored, bytes);
      }
      await records.put(record);
    } catch (error) {
      for (const name of written) await blobs.remove(name).catch(() => undefined);
      throw error;
    }
    const kept = blobNames(record);
    lastNames.set(record.run, kept);
    for (const name of before) {
      // An orphan left behind here is swept at the next start.
      if (!kept.has(name)) await blobs.remove(name).catch(() => undefined);
    }
  }

  function hold(record: RunRecord, content: ReadonlyMap<string, Uint8Array>, reason: string): void {
    unsaved.set(record.run, { record, blobs: content });
    if (troubled) return;
    troubled = true;
    trouble(reason, [...content.values()].reduce((sum, { byteLength }) => sum + byteLength, 0) || null);
  }

  /** What is in memory alone may find room by now. */
  async function saveHeld(): Promise<void> {
    for (const [run, held] of unsaved) {
      try {
        await save(held.record, held.blobs);
      } catch {
        break;
      }
      unsaved.delete(run);
    }
    troubled = unsaved.size > 0;
  }

  async function commit(record: RunRecord, fresh: readonly FreshBlob[]): Promise<void> {
    // A project may bring back a run that was removed.
    removed.delete(record.run);
    const kept = blobNames(record);
    const content = new Map([...(unsaved.get(record.run)?.blobs ?? [])].filter(([name]) => kept.has(name)));
    for (const { stored, bytes } of fresh) content.set(stored.name, bytes);
    if (!(await mayWrite())) {
      hold(
        record,
        content,
        'The studio is open in another tab, which does the saving. Work in this tab stays in memory until that one is closed.',
      );
      return;
    }
    try {
      await save(record, content);
      unsaved.delete(record.run);
    } catch (error) {
      hold(record, content, savingFailed(error));
      return;
    }
    await saveHeld();
  }

  return {
    async records() {
      const saved = await savedRecords().catch(() => []);
      const held = [...unsaved.values()].map(({ record }) => record);
      const hidden = new Set([...removed, ...held.map(({ run }) => run)]);
      return [...saved.filter(({ run }) => !hidden.has(run)), ...held].toSorted((a, b) => a.started - b.started);
    },
    async record(run) {
      const held = unsaved.get(run)?.record;
      if (held !== undefined || removed.has(run)) return held;
      return parseRecord(await records.get(run).catch(() => undefined));
    },
    commit: (record, fresh = []) => inTurn(() => commit(record, fresh)),
    async read(blob) {
      const held = [...unsaved.values()]
        .map((entry) => entry.blobs.get(blob.name))
        .find((bytes) => bytes !== undefined);
      const bytes = held ?? (await blobs.read(blob.name).catch(() => undefined));
      if (bytes === undefined) {
        throw new StorageError('missing', 'The browser has removed this network from its storage.', blob.name);
      }
      if (bytes.byteLength !== blob.bytes || (await sha256(bytes)) !== blob.sha256) {
        throw new StorageError('damaged', 'This saved network was damaged on disk; run its recipe again.', blob.name);
      }
      return bytes;
    },
    remove: (run) =>
      inTurn(async () => {
        unsaved.delete(run);
        removed.add(run);
        if (!(await mayWrite())) return;
        const names = await savedNames(run);
        await records.remove(run);
        lastNames.delete(run);
        for (const name of names) await blobs.remove(name);
        await saveHeld();
      }),
  };
}

function savingFailed(error: unknown): string {
  const full = error instanceof Error && error.name === 'QuotaExceededError';
  if (full) {
    return 'The browser has no room left for this run; it goes on in memory. Export what you need or delete runs.';
  }
  const cause = error instanceof Error ? error.message : String(error);
  return `Saving failed, so the run goes on in memory: ${cause} Export what you need before you close the tab.`;
}
