/**
 * Moving tensors between host and device.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor as HostTensor } from '../../network/graph';

/** Values joined into one read on WebGPU: mapping a buffer costs far more than copying a few megabytes. */
const joinedValues = 4 * 1024 * 1024;

/** A device tensor of the host tensor's values. */
export function toDevice(tensor: HostTensor): tf.Tensor {
  // tfjs keeps the array it is given until the first kernel reads it: a copy, so that the host's cannot change under it.
  return tf.tensor(tensor.values.slice(), [...tensor.shape], 'float32');
}

/**
 * Values of `tensors`, in order. On WebGPU a read leaves its values cached on the tensor's data for as long as that
 * lives; so copies are joined on the device, read, and disposed.
 */
export async function readValues(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  if (tf.getBackend() !== 'webgpu') return tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
  const values: Float32Array[] = [];
  for (const group of groups(tensors)) {
    const joined = tf.tidy(() =>
      tf.concat1d([...group.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [tensor.size])), tf.zeros<tf.Rank.R1>([1])]),
    );
    try {
      const all = (await joined.data()) as Float32Array;
      let offset = 0;
      for (const { size } of group) {
        values.push(all.slice(offset, offset + size));
        offset += size;
      }
    } finally {
      joined.dispose();
    }
  }
  return values;
}

function groups(tensors: readonly tf.Tensor[]): tf.Tensor[][] {
  const result: tf.Tensor[][] = [];
  let size = Infinity;
  for (const tensor of tensors) {
    if (size + tensor.size > joinedValues) {
      result.push([]);
      size = 0;
    }
    result.at(-1)?.push(tensor);
    size += tensor.size;
  }
  return result;
}
