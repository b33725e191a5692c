/**
 * Activation functions and their gradients.
 *
 * Gradients of relu, relu6, elu, sigmoid and tanh read the output, the others the input, so that the values a step must
 * remember stay few.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ActivationKind, ActivationLayer } from '../../network/graph';
import { simdRectifyGradient } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslRectifyGradient } from '../wgsl/wgsl-kernels';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { DEFAULT_LEAKY_SLOPE } from '../../network/reference-activations';

/** Whether the gradient is computed from the activation's output rather than its input. */
export function readsOutput(kind: ActivationKind): boolean {
  return kind !== 'leakyRelu' && kind !== 'hardSwish' && kind !== 'swish';
}

/** Elementwise; elu has alpha 1, hardSwish is x relu6(x + 3) / 6. */
export function activate(layer: ActivationLayer, x: tf.Tensor): tf.Tensor {
  switch (layer.kind) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'leakyRelu':
      return tf.prelu(x, tf.mul(tf.ones([x.shape.at(-1) ?? 1]), layer.slope ?? DEFAULT_LEAKY_SLOPE));
    case 'elu':
      return tf.elu(x);
    case 'hardSwish':
      return tf.mul(tf.mul(x, tf.relu6(tf.add(x, 3))), 1 / 6);
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
  }
}

/** `value` is the output where `readsOutput`, else the input. */
export function activationGradient(layer: ActivationLayer, dy: tf.Tensor, value: tf.Tensor): tf.Tensor {
  switch (layer.kind) {
    case 'relu':
      return rectifyGradient(dy, value);
    case 'relu6':
      return tf.mul(dy, tf.mul(tf.step(value), tf.step(tf.sub(6, value))));
    case 'leakyRelu':
      return tf.mul(dy, tf.step(value, layer.slope ?? DEFAULT_LEAKY_SLOPE));
    case 'elu':
      // exp(x) = output + 1 below zero.
      return tf.mul(dy, tf.sub(1, tf.relu(tf.neg(value))));
    case 'hardSwish': {
      const inside = tf.mul(tf.step(tf.add(value, 3)), tf.step(tf.sub(3, value)));
      const slope = tf.add(tf.relu6(tf.add(value, 3)), tf.mul(value, inside));
      return tf.mul(dy, tf.mul(slope, 1 / 6));
    }
    case 'swish': {
      const gate = tf.sigmoid(value);
      return tf.mul(dy, tf.mul(gate, tf.add(1, tf.mul(value, tf.sub(1, gate)))));
    }
    case 'sigmoid':
      return tf.mul(dy, tf.mul(value, tf.sub(1, value)));
    case 'tanh':
      return tf.mul(dy, tf.sub(1, tf.square(value)));
  }
}

/** `dy` where the rectifier's output `y` is above zero. */
export function rectifyGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (simdRuns()) return simdRectifyGradient(dy, y);
  return wgslRuns() ? wgslRectifyGradient(dy, y) : tf.mul(dy, tf.step(y));
}
