/**
 * Several tensors as one and back, differentiably: an operation of ours gives tfjs's tape a single tensor.
 */
import * as tf from '@tensorflow/tfjs-core';

/** A vector of all values, one tensor after the other; a tensor that is alone comes back as it is. New tensor. */
export function packed(tensors: readonly tf.Tensor[]): tf.Tensor {
  const [only] = tensors;
  if (only !== undefined && tensors.length === 1) return only.clone();
  return tf.concat1d(tensors.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [tensor.size])));
}

/** The parts of what `packed` made, in the shapes of `like`. */
export function unpacked(
  vector: tf.Tensor,
  like: readonly { readonly shape: number[]; readonly size: number }[],
): tf.Tensor[] {
  if (like.length === 1) return [vector];
  let at = 0;
  return like.map(({ shape, size }) => {
    const part = tf.slice(vector, [at], [size]);
    at += size;
    return tf.reshape(part, shape);
  });
}
