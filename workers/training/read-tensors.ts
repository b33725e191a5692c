/** Named tensors of the device as host tensors: what checkpoints are made of. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { readValues } from '../compute/eager/transfer';
import type { Tensor as HostTensor, Tensors } from '../network/graph';

/** Host copies of device tensors, by name. */
export async function readTensors(tensors: ReadonlyMap<string, Tensor>): Promise<Tensors> {
  const values = await readValues([...tensors.values()]);
  const entries = [...tensors].map(([name, { shape }], index): [string, HostTensor] => [
    name,
    { shape, values: values[index] ?? new Float32Array(0) },
  ]);
  return Object.fromEntries(entries);
}
