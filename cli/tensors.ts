/** What `espalier inspect --tensors` lists: names, types and shapes from a file's header, its numbers left where they are. */
import { readCheckpoint } from '../workers/formats/pytorch';
import { readSafetensorsIndex } from '../workers/formats/safetensors';
import { sniffBlob } from '../workers/formats/sniff';
import { UsageError } from './usage';

export interface ListedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Throws `FormatError`, and `UsageError` for a format that keeps its tensors inside a graph. */
export async function listTensors(file: File): Promise<readonly ListedTensor[]> {
  const kind = await sniffBlob(file);
  if (kind === 'safetensors') {
    const { tensors } = await readSafetensorsIndex(file, file.name);
    return tensors.map(({ name, shape }) => ({ name, shape }));
  }
  if (kind === 'pickle' || (kind === 'zip' && /\.(pt|pth|th|ckpt|bin)$/i.test(file.name))) {
    const { tensors } = await readCheckpoint(file, file.name);
    return tensors.map(({ name, shape }) => ({ name, shape }));
  }
  throw new UsageError('--tensors is for safetensors files and PyTorch checkpoints.');
}
