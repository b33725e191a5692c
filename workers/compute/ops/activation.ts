/**
 * Activation functions and their gradients.
 *
 * Most gradients read the output rather than the input, so that the values a step must remember stay few.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ActivationKind, ActivationLayer } from '../../network/graph';
import { DEFAULT_HARD_SIGMOID, DEFAULT_LEAKY_SLOPE } from '../../network/reference-activations';
import { simdClipGradient } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslRectifyGradient } from '../wgsl/wgsl-kernels';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { channelSum } from './channels';

/** Largest float32: a bound that is not there. */
const FLOAT_MAX = 3.4028234663852886e38;

/** Whether the gradient is computed from the activation's output rather than its input. */
export function readsOutput(kind: ActivationKind): boolean {
  return kind !== 'leakyRelu' && kind !== 'gelu' && kind !== 'hardSwish' && kind !== 'swish';
}

/** Elementwise; what each kind computes is in `network/reference-activations.ts`. */
export function activate(layer: ActivationLayer, x: tf.Tensor): tf.Tensor {
  switch (layer.kind) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'clip':
      return tf.clipByValue(x, layer.min ?? -FLOAT_MAX, layer.max ?? FLOAT_MAX);
    case 'leakyRelu':
      return tf.prelu(x, tf.mul(tf.ones([x.shape.at(-1) ?? 1]), layer.slope ?? DEFAULT_LEAKY_SLOPE));
    case 'elu':
      return tf.elu(x);
    case 'softplus':
      return tf.softplus(x);
    case 'gelu':
      return tf.mul(x, normalDistribution(x));
    case 'hardSwish':
      return tf.mul(tf.mul(x, tf.relu6(tf.add(x, 3))), 1 / 6);
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'hardSigmoid': {
      const { slope = DEFAULT_HARD_SIGMOID.slope, offset = DEFAULT_HARD_SIGMOID.offset } = layer;
      return tf.clipByValue(tf.add(tf.mul(x, slope), offset), 0, 1);
    }
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
      return clipGradient(dy, value, 0, 6);
    case 'clip':
      return clipGradient(dy, value, layer.min ?? -FLOAT_MAX, layer.max ?? FLOAT_MAX);
    case 'leakyRelu':
      return tf.mul(dy, tf.step(value, layer.slope ?? DEFAULT_LEAKY_SLOPE));
    case 'elu':
      // exp(x) = output + 1 below zero.
      return tf.mul(dy, tf.sub(1, tf.relu(tf.neg(value))));
    case 'softplus':
      // The slope is the logistic function, which is 1 - e^-y.
      return tf.mul(dy, tf.sub(1, tf.exp(tf.neg(value))));
    case 'gelu': {
      const density = tf.mul(tf.exp(tf.mul(tf.square(value), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.mul(dy, tf.add(normalDistribution(value), tf.mul(value, density)));
    }
    case 'hardSwish': {
      const inside = tf.mul(tf.step(tf.add(value, 3)), tf.step(tf.sub(3, value)));
      const slope = tf.add(tf.relu6(tf.add(value, 3)), tf.mul(value, inside));
      return tf.mul(dy, tf.mul(slope, 1 / 6));
    }
    case 'swish': {
      const gate = tf.sigmoid(value);
      return tf.mul(dy, tf.mul(gate, tf.add(1, tf.mul(value, tf.sub(1, gate)))));
    }
    case 'hardSigmoid': {
      const inside = tf.mul(tf.step(value), tf.step(tf.sub(1, value)));
      return tf.mul(dy, tf.mul(inside, layer.slope ?? DEFAULT_HARD_SIGMOID.slope));
    }
    case 'sigmoid':
      return tf.mul(dy, tf.mul(value, tf.sub(1, value)));
    case 'tanh':
      return tf.mul(dy, tf.sub(1, tf.square(value)));
  }
}

/** `dy` where the rectifier's output `y` is above zero. */
export function rectifyGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (simdRuns()) return simdClipGradient(dy, y, 0);
  return wgslRuns() ? wgslRectifyGradient(dy, y) : tf.mul(dy, tf.step(y));
}

/** `dy` where the clip's output `y` is strictly between its bounds. */
function clipGradient(dy: tf.Tensor, y: tf.Tensor, min: number, max: number): tf.Tensor {
  if (simdRuns()) return simdClipGradient(dy, y, min, max);
  return tf.mul(dy, tf.mul(tf.step(tf.sub(y, min)), tf.step(tf.sub(max, y))));
}

/** x where it is positive, slope * x where not; `slope` is `[c]`. */
export function parametricRelu(x: tf.Tensor, slope: tf.Tensor): tf.Tensor {
  return tf.prelu(x, slope);
}

/** Gradients by the input and by the slope `[c]`. */
export function parametricReluGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  slope: tf.Tensor,
): { readonly input: tf.Tensor; readonly slope: tf.Tensor1D } {
  const positive = tf.step(x);
  const factor = tf.add(positive, tf.mul(tf.sub(1, positive), slope));
  const negative = tf.sub(x, tf.relu(x));
  return { input: tf.mul(dy, factor), slope: channelSum(tf.mul(dy, negative)) };
}

/** Share of a standard normal distribution below x. */
function normalDistribution(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5));
}
