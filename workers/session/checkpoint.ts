/** What a stage needs to go on, as bytes: momentum, a method's variables and state, and the step, in one safetensors file. */
import { readSafetensorsIndex, readTensor, writeSafetensors } from '../formats/safetensors';
import type { Tensor, Tensors } from '../network/graph';
import type { TrainState } from '../training/train-state';

const parts = ['optimiser', 'variables', 'method'] as const;

/** The network itself is not part of it: it is a network file of its own. */
export function writeTrainState(state: TrainState): Uint8Array {
  const tensors: Record<string, Tensor> = {};
  for (const part of parts) {
    for (const [name, tensor] of Object.entries(state[part])) tensors[`${part}/${name}`] = tensor;
  }
  return writeSafetensors(tensors, { step: String(state.step) });
}

/** Throws `FormatError` for bytes that `writeTrainState` did not write. */
export async function readTrainState(bytes: Uint8Array): Promise<TrainState> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const { tensors, metadata } = await readSafetensorsIndex(blob, 'checkpoint');
  const read: Record<(typeof parts)[number], Record<string, Tensor>> = { optimiser: {}, variables: {}, method: {} };
  for (const entry of tensors) {
    const part = parts.find((name) => entry.name.startsWith(`${name}/`));
    if (part !== undefined) read[part][entry.name.slice(part.length + 1)] = await readTensor(blob, entry);
  }
  const { optimiser, variables, method }: Record<(typeof parts)[number], Tensors> = read;
  return { step: Number(metadata['step']), optimiser, variables, method };
}
