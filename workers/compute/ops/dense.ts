/**
 * Gradients of a dense layer `x [n, in]` times `kernel [in, out]`. tfjs's product with a transposed factor takes one
 * dispatch on WebGPU and is slow on WASM, where transposing first is not.
 */
import * as tf from '@tensorflow/tfjs-core';

/** `[n, in]` from `dy` `[n, out]`. */
export function denseInputGradient(dy: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'wasm' ? tf.matMul(dy, tf.transpose(kernel)) : tf.matMul(dy, kernel, false, true);
}

/** `[in, out]`. */
export function denseKernelGradient(x: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'wasm' ? tf.matMul(tf.transpose(x), dy) : tf.matMul(x, dy, true, false);
}
