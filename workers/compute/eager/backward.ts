/**
 * The gradient of each layer: from the gradient by its output to those by its inputs and its tensors.
 */
import * as tf from '@tensorflow/tfjs-core';
import { isWeighted, type Layer, type TensorName, type WeightedLayer } from '../../network/graph';
import { activationGradient, parametricReluGradients, readsOutput } from '../ops/activation';
import { batchNormGradients, fixedNormGradients } from '../ops/batch-norm';
import { channelSum, repeatOverImage } from '../ops/channels';
import { convolveInputGradient, convolveKernelGradient } from '../ops/convolution';
import { transposedInputGradient, transposedKernelGradient } from '../ops/convolution-transposed';
import { denseInputGradient, denseKernelGradient } from '../ops/dense';
import { depthwiseInputGradient, depthwiseKernelGradient } from '../ops/depthwise';
import { gatherGradient } from '../ops/gather';
import { averagePoolGradient, globalMaxGradient, maxPoolGradient } from '../ops/pooling';
import { resizeGradient } from '../ops/resize';
import { stridedSliceGradient } from '../ops/spatial';
import { broadcastFactor, concatAxis, optional, type Weights } from './forward';

/** What a layer's gradient may look at. Values that `remembers` does not name have been disposed. */
export interface BackwardContext {
  readonly weights: Weights;
  readonly inputs: readonly tf.Tensor[];
  readonly inputShapes: readonly (readonly number[])[];
  readonly output: tf.Tensor;
  /** Batch norm only: statistics of this batch, where it normalised by them and not by the running ones. */
  readonly statistics: { readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D } | undefined;
  /** Batch norm only: the output of the rectifier that ran in the same pass; `dy` is then the gradient by it. */
  readonly rectified?: tf.Tensor | undefined;
  /** Which inputs lead on to something trained. */
  readonly wanted: readonly boolean[];
  /** Whether the layer's own tensors are trained. */
  readonly trained: boolean;
}

/** All new tensors. Inputs that are not wanted are undefined. */
export interface LayerGradients {
  readonly inputs: readonly (tf.Tensor | undefined)[];
  readonly tensors: readonly (readonly [TensorName, tf.Tensor])[];
}

/** Which values the gradient of `layer` reads, and a training step must therefore keep. */
export function remembers(layer: Layer): { readonly inputs: boolean; readonly output: boolean } {
  switch (layer.op) {
    case 'conv':
    case 'convTranspose':
    case 'depthwise':
    case 'dense':
    case 'batchNorm':
    case 'prelu':
    case 'multiply':
      return { inputs: true, output: false };
    case 'activation':
      return readsOutput(layer.kind) ? { inputs: false, output: true } : { inputs: true, output: false };
    case 'maxPool':
      return { inputs: true, output: true };
    case 'globalPool':
      return { inputs: layer.mode === 'max', output: layer.mode === 'max' };
    case 'softmax':
      return { inputs: false, output: true };
    default:
      return { inputs: false, output: false };
  }
}

/** Gradients of the loss by the inputs and tensors of `layer`, given the gradient `dy` by its output. */
export function layerGradients(layer: Layer, dy: tf.Tensor, context: BackwardContext): LayerGradients {
  if (isWeighted(layer)) return weightedGradients(layer, dy, context);
  switch (layer.op) {
    case 'batchNorm': {
      const { statistics, weights, rectified } = context;
      const x = value(context.inputs, 0);
      const gamma = optional(weights, layer.gamma);
      const { epsilon } = layer;
      const gradients =
        statistics === undefined
          ? fixedNormGradients(dy, x, weights(layer.mean), weights(layer.variance), gamma, epsilon)
          : batchNormGradients(dy, x, statistics.mean, statistics.variance, gamma, epsilon, rectified);
      const tensors: [TensorName, tf.Tensor][] = [];
      if (layer.gamma !== undefined) tensors.push([layer.gamma, gradients.gamma]);
      if (layer.beta !== undefined) tensors.push([layer.beta, gradients.beta]);
      return { inputs: [gradients.input], tensors: context.trained ? tensors : [] };
    }
    case 'prelu': {
      const gradients = parametricReluGradients(dy, value(context.inputs, 0), context.weights(layer.slope));
      return { inputs: [gradients.input], tensors: context.trained ? [[layer.slope, gradients.slope]] : [] };
    }
    default: {
      return { inputs: inputGradients(layer, dy, context), tensors: [] };
    }
  }
}

function weightedGradients(
  layer: WeightedLayer,
  dy: tf.Tensor,
  { weights, inputs, inputShapes, wanted, trained }: BackwardContext,
): LayerGradients {
  const kernel = weights(layer.kernel) as tf.Tensor4D;
  const x = value(inputs, 0) as tf.Tensor4D;
  const gradient = dy as tf.Tensor4D;
  const shape = inputShapes[0] ?? [];
  const byInput = (): tf.Tensor => {
    if (layer.op === 'conv') return convolveInputGradient(gradient, kernel, shape, layer, layer.groups);
    if (layer.op === 'convTranspose') return transposedInputGradient(gradient, kernel, layer);
    if (layer.op === 'depthwise') return depthwiseInputGradient(gradient, kernel, shape, layer);
    return denseInputGradient(dy, weights(layer.kernel));
  };
  const byKernel = (): tf.Tensor => {
    if (layer.op === 'conv') return convolveKernelGradient(x, gradient, layer, layer.groups);
    if (layer.op === 'convTranspose') return transposedKernelGradient(x, gradient, layer);
    if (layer.op === 'depthwise') return depthwiseKernelGradient(x, gradient, layer);
    return denseKernelGradient(value(inputs, 0), dy);
  };
  const tensors: [TensorName, tf.Tensor][] = [];
  if (trained) {
    tensors.push([layer.kernel, byKernel()]);
    if (layer.bias !== undefined) tensors.push([layer.bias, channelSum(dy)]);
  }
  return { inputs: [wanted[0] === true ? byInput() : undefined], tensors };
}

function inputGradients(layer: Layer, dy: tf.Tensor, context: BackwardContext): (tf.Tensor | undefined)[] {
  const { inputs, inputShapes, output } = context;
  const gradient = dy as tf.Tensor4D;
  const shape = inputShapes[0] ?? [];
  switch (layer.op) {
    case 'activation':
      return [activationGradient(layer, dy, readsOutput(layer.kind) ? output : value(inputs, 0))];
    case 'scale':
      return [tf.mul(dy, layer.factor)];
    case 'add':
      return layer.inputs.map(() => dy.clone());
    case 'multiply':
      return multiplyGradients(dy, context);
    case 'concat': {
      const axis = concatAxis(layer, dy.rank);
      return tf.split(
        dy,
        inputShapes.map((shape) => shape[axis] ?? 0),
        axis,
      );
    }
    case 'maxPool':
      return [maxPoolGradient(gradient, value(inputs, 0) as tf.Tensor4D, output as tf.Tensor4D, layer)];
    case 'averagePool':
      return [averagePoolGradient(gradient, shape, layer, layer.countPadding)];
    case 'globalPool': {
      const [batch = 0, height = 0, width = 0, channels = 0] = shape;
      const flat = (pooled: tf.Tensor): tf.Tensor2D => tf.reshape(pooled, [batch, channels]);
      if (layer.mode === 'average') return [repeatOverImage(flat(dy), height, width, 1 / (height * width))];
      return [globalMaxGradient(flat(dy), value(inputs, 0) as tf.Tensor4D, flat(output))];
    }
    case 'flatten':
    case 'reshape':
      return [tf.reshape(dy, [...shape])];
    case 'pad': {
      const [batch = 0, height = 0, width = 0, channels = 0] = shape;
      return [
        tf.slice4d(
          gradient,
          [0, layer.padding[0], layer.padding[2], layer.channels[0]],
          [batch, height, width, channels],
        ),
      ];
    }
    case 'slice':
      return [stridedSliceGradient(gradient, shape, layer.begin, layer.stride)];
    case 'gather':
      return [gatherGradient(dy, shape, layer.channels)];
    case 'resize':
      return [resizeGradient(gradient, shape, layer)];
    case 'softmax': {
      if (layer.log === true) return [tf.sub(dy, tf.mul(tf.exp(output), tf.sum(dy, -1, true)))];
      const weighted = tf.mul(dy, output);
      return [tf.sub(weighted, tf.mul(output, tf.sum(weighted, -1, true)))];
    }
    default:
      return layer.inputs.map(() => undefined);
  }
}

function multiplyGradients(dy: tf.Tensor, { inputs, inputShapes, wanted }: BackwardContext): (tf.Tensor | undefined)[] {
  const first = value(inputs, 0);
  const second = broadcastFactor(first, value(inputs, 1));
  const bySecond = (): tf.Tensor => {
    const product = tf.mul(dy, first);
    const summed = second.shape.flatMap((length, axis) => (length === 1 && product.shape[axis] !== 1 ? [axis] : []));
    return tf.reshape(summed.length === 0 ? product : tf.sum(product, summed, true), [...(inputShapes[1] ?? [])]);
  };
  return [wanted[0] === true ? tf.mul(dy, second) : undefined, wanted[1] === true ? bySecond() : undefined];
}

function value(values: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = values[index];
  if (tensor === undefined) throw new RangeError(`A layer's gradient needs its input ${index + 1}, which is missing.`);
  return tensor;
}
