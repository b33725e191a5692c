/**
 * What each layer computes, as tensor operations. Batch norm is here in its inference form; training replaces it.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  NetworkError,
  type BatchNormLayer,
  type ConcatLayer,
  type ConvLayer,
  type ConvTransposeLayer,
  type DepthwiseLayer,
  type Layer,
  type TensorName,
} from '../../network/graph';
import { activate, parametricRelu } from '../ops/activation';
import { normalise, type Followers } from '../ops/batch-norm';
import { imageMean } from '../ops/channels';
import { convolve } from '../ops/convolution';
import { convolveTransposed } from '../ops/convolution-transposed';
import { convolveDepthwise } from '../ops/depthwise';
import { gatherChannels } from '../ops/gather';
import { averagePool, globalMax, maxPool } from '../ops/pooling';
import { resize } from '../ops/resize';
import { explicitPadding, stridedSlice } from '../ops/spatial';

/** The device tensor called `name`. */
export type Weights = (name: TensorName) => tf.Tensor;

/** The layer's output, a new tensor. `inputs` are the outputs of `layer.inputs`; an input layer has none. */
export function layerOutput(layer: Layer, inputs: readonly tf.Tensor[], weights: Weights): tf.Tensor {
  return tf.tidy(() => {
    const output = compute(layer, inputs, weights);
    return inputs.includes(output) ? output.clone() : output;
  });
}

/** Batch norm by the running statistics, and what follows in the same pass: a new tensor. */
export function normOutput(layer: BatchNormLayer, x: tf.Tensor, weights: Weights, followers?: Followers): tf.Tensor {
  const [gamma, beta] = [optional(weights, layer.gamma), optional(weights, layer.beta)];
  return normalise(x, weights(layer.mean), weights(layer.variance), gamma, beta, layer.epsilon, followers);
}

/** `weights(name)`, or undefined where the layer names none. */
export function optional(weights: Weights, name: TensorName | undefined): tf.Tensor | undefined {
  return name === undefined ? undefined : weights(name);
}

/** The second factor of a product, with its axes where they broadcast: `[n, c]` becomes `[n, 1, 1, c]`. */
export function broadcastFactor(first: tf.Tensor, second: tf.Tensor): tf.Tensor {
  if (first.rank === 4 && second.rank === 2)
    return tf.reshape(second, [second.shape[0] ?? 0, 1, 1, second.shape[1] ?? 0]);
  return second;
}

function compute(layer: Layer, inputs: readonly tf.Tensor[], weights: Weights): tf.Tensor {
  const x = input(layer, inputs, 0);
  switch (layer.op) {
    case 'input':
      return x;
    case 'conv':
      return withBias(layer, convolve(image(x), image(weights(layer.kernel)), layer, layer.groups), weights);
    case 'convTranspose':
      return withBias(layer, convolveTransposed(image(x), image(weights(layer.kernel)), layer), weights);
    case 'depthwise':
      return withBias(layer, convolveDepthwise(image(x), image(weights(layer.kernel)), layer), weights);
    case 'dense': {
      const product = tf.matMul(x, weights(layer.kernel));
      return layer.bias === undefined ? product : tf.add(product, weights(layer.bias));
    }
    case 'batchNorm':
      return normOutput(layer, x, weights);
    case 'activation':
      return activate(layer, x);
    case 'prelu':
      return parametricRelu(x, weights(layer.slope));
    case 'scale':
      return tf.add(tf.mul(x, layer.factor), layer.offset);
    case 'add':
      return inputs.slice(1).reduce((sum, other) => tf.add(sum, other), x);
    case 'multiply':
      return tf.mul(x, broadcastFactor(x, input(layer, inputs, 1)));
    case 'concat':
      return tf.concat([...inputs], concatAxis(layer, x.rank));
    case 'maxPool':
      return maxPool(image(x), layer);
    case 'averagePool':
      return averagePool(image(x), layer, layer.countPadding);
    case 'globalPool': {
      const pooled = layer.mode === 'average' ? imageMean(image(x)) : globalMax(image(x));
      return layer.keepSpatial === true ? tf.reshape(pooled, [x.shape[0] ?? 0, 1, 1, -1]) : pooled;
    }
    case 'flatten':
      return tf.reshape(x, [x.shape[0] ?? 0, -1]);
    case 'reshape':
      return tf.reshape(x, [x.shape[0] ?? 0, ...layer.shape]);
    case 'pad': {
      const paddings = explicitPadding(layer.padding);
      paddings[3] = [...layer.channels];
      return tf.pad(x, paddings);
    }
    case 'slice':
      return stridedSlice(image(x), layer.begin, layer.end, layer.stride);
    case 'gather':
      return gatherChannels(x, layer.channels);
    case 'resize':
      return resize(image(x), layer);
    case 'softmax':
      return layer.log === true ? tf.logSoftmax(x) : tf.softmax(x);
    case 'opaque':
      throw new NetworkError(`Layer "${layer.id}" (${layer.operator}) cannot be run. ${layer.reason}`, layer.id);
  }
}

/** The axis a concatenation joins, in tensors of `rank` axes with the batch first. */
export function concatAxis({ axis }: ConcatLayer, rank: number): number {
  return axis === 'height' ? 1 : axis === 'width' ? 2 : rank - 1;
}

function withBias(
  layer: ConvLayer | ConvTransposeLayer | DepthwiseLayer,
  output: tf.Tensor,
  weights: Weights,
): tf.Tensor {
  return layer.bias === undefined ? output : tf.add(output, weights(layer.bias));
}

function input(layer: Layer, inputs: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = inputs[index];
  if (tensor === undefined) throw new NetworkError(`Layer "${layer.id}" has no input ${index + 1}.`, layer.id);
  return tensor;
}

function image(x: tf.Tensor): tf.Tensor4D {
  return x as tf.Tensor4D;
}
