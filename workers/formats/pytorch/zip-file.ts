/** Checkpoints of PyTorch since 1.6: a zip with `NAME/data.pkl` and one entry `NAME/data/KEY` a storage. */
import { FormatError } from '../format-error';
import { openZip } from '../zip';
import { ByteReader } from './byte-reader';
import type { Checkpoint } from './index';
import { readPickle } from './pickle';
import { findStateDict } from './state-dict';

/** Throws `FormatError`. */
export async function openZipFile(blob: Blob, file: string): Promise<Checkpoint> {
  const zip = await openZip(blob, file);
  const pickle = zip.names.find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickle === undefined) {
    const text = 'The archive has no data.pkl, so it is no PyTorch checkpoint.';
    throw new FormatError('not-this-format', text, file, 'data.pkl');
  }
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (zip.names.includes(`${folder}constants.pkl`)) {
    const text =
      'The file is a TorchScript program (torch.jit.save), which holds code; save model.state_dict() instead.';
    throw new FormatError('unsupported', text, file, 'constants.pkl');
  }
  if (zip.names.includes(`${folder}byteorder`)) {
    const order = new TextDecoder().decode(await zip.read(`${folder}byteorder`)).trim();
    if (order !== 'little') {
      throw new FormatError(
        'unsupported',
        `Its numbers are ${order}-endian; little-endian is read.`,
        file,
        'byteorder',
      );
    }
  }
  const root = readPickle(new ByteReader(await zip.read(pickle), file), file);
  const { tensors, notes } = findStateDict(root, file);
  const loaded = new Map<string, Promise<ArrayBuffer>>();
  return {
    tensors,
    notes,
    // Tensors may share a storage: each is unpacked once.
    storage: (key) => {
      const before = loaded.get(key) ?? zip.read(`${folder}data/${key}`).then((bytes) => bytes.buffer);
      loaded.set(key, before);
      return before;
    },
  };
}
