/**
 * PyTorch checkpoints (`torch.save` of a state dict), as zip archives (since 1.6) or in the form before. The pickle inside
 * is read as a description and never executed.
 */
import type { NetworkOrigin } from '../../network/graph';
import type { ForeignTensor } from '../foreign-names';
import { FormatError } from '../format-error';
import { sniffBlob } from '../sniff';
import { openLegacyFile } from './legacy-file';
import { gatherTensor } from './tensor-references';
import { openZipFile } from './zip-file';
import type { StateDict } from './state-dict';

/** What both forms of the file answer. */
export interface Checkpoint extends StateDict {
  /** Bytes of one storage, by its key. */
  readonly storage: (key: string) => Promise<ArrayBuffer>;
}

export interface ReadCheckpoint {
  readonly tensors: readonly ForeignTensor[];
  /** The element type of most weights. */
  readonly elements: NetworkOrigin['elements'];
  readonly notes: readonly string[];
}

/**
 * Lists a checkpoint's tensors; values are read by `load`. Throws `FormatError`, for a pickle that refers to anything but
 * weights naming what it refers to.
 */
export async function readCheckpoint(blob: Blob, file: string): Promise<ReadCheckpoint> {
  const kind = await sniffBlob(blob);
  if (kind !== 'zip' && kind !== 'pickle') {
    throw new FormatError('not-this-format', 'Expected a PyTorch checkpoint (.pt, .pth).', file, 'byte 0');
  }
  const checkpoint = await (kind === 'zip' ? openZipFile(blob, file) : openLegacyFile(blob, file));
  const tensors = [...checkpoint.tensors].map(([name, reference]) => ({
    name,
    shape: reference.shape,
    load: async () => gatherTensor(reference, await checkpoint.storage(reference.storage.key)),
  }));
  const types = new Set([...checkpoint.tensors.values()].map(({ storage }) => storage.type));
  const names = { BF16: 'bfloat16', F16: 'float16', F64: 'float64' } as const;
  const unusual = (['BF16', 'F16', 'F64'] as const).find((type) => types.has(type) && !types.has('F32'));
  return { tensors, elements: unusual === undefined ? 'float32' : names[unusual], notes: checkpoint.notes };
}
