/**
 * Checkpoints of PyTorch before 1.6: four pickles (magic number, protocol, system, object), the list of storage keys, then
 * each storage as its element count (8 bytes) and its elements.
 */
import { elementBytes } from '../element-types';
import { FormatError } from '../format-error';
import { ByteReader } from './byte-reader';
import type { Checkpoint } from './index';
import { readPickle } from './pickle';
import type { PersistentId } from './pickle-values';
import { findStateDict } from './state-dict';
import { type StorageReference, storageReference } from './tensor-references';

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;

/** Throws `FormatError`. */
export async function openLegacyFile(blob: Blob, file: string): Promise<Checkpoint> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const reader = new ByteReader(bytes, file);
  if (readPickle(reader, file) !== magic) {
    const text = 'This pickle is no PyTorch checkpoint: it does not start with the magic number of torch.save.';
    throw new FormatError('not-this-format', text, file, 'byte 0');
  }
  const version = readPickle(reader, file);
  if (version !== protocol) {
    throw new FormatError(
      'unsupported',
      `Only protocol ${protocol} of PyTorch checkpoints is read.`,
      file,
      reader.place,
    );
  }
  const system = readPickle(reader, file);
  if (system instanceof Map && system.get('little_endian') === false) {
    throw new FormatError('unsupported', 'The checkpoint was written on a big-endian machine.', file, reader.place);
  }
  const references: PersistentId[] = [];
  const { tensors, notes } = findStateDict(readPickle(reader, file, references), file);
  const keys = readPickle(reader, file);
  if (!Array.isArray(keys)) throw new FormatError('malformed', 'The list of storages is missing.', file, reader.place);

  const known = new Map<string, StorageReference>();
  for (const reference of references) {
    const storage = storageReference(reference);
    if (storage !== undefined) known.set(storage.key, storage);
  }
  const storages = new Map<string, ArrayBuffer>();
  for (const key of keys) {
    const storage = typeof key === 'string' ? known.get(key) : undefined;
    const length = reader.u64();
    if (storage?.length !== length) {
      const said = storage === undefined ? 'nothing in the pickle refers to it' : `its tensors say ${storage.length}`;
      throw new FormatError('malformed', `A storage has ${length} elements, but ${said}.`, file, reader.place);
    }
    storages.set(storage.key, reader.take(length * elementBytes[storage.type]).slice().buffer);
  }
  return {
    tensors,
    notes,
    storage: (key) => {
      const found = storages.get(key);
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(new FormatError('malformed', `Storage ${key} is missing from the file.`, file, 'storages'));
    },
  };
}
