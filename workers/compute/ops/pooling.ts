/**
 * Pooling with explicit padding, and its gradients.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Padding, Pair } from '../../network/graph';
import { simdAverageGradient, simdMaxGradient } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { wgslAverageGradient, wgslMaxGradient } from '../wgsl/wgsl-windows';
import type { ConvolutionWindow } from './convolution';
import { depthwiseInputGradient } from './depthwise';
import { explicitPadding, padOrCrop, stridedSlice, stridedSliceGradient } from './spatial';

export interface PoolingWindow {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Padding never wins. */
export function maxPool(x: tf.Tensor4D, window: PoolingWindow): tf.Tensor4D {
  return tf.engine().runKernel<tf.Tensor4D>(tf.MaxPool, { x }, poolAttributes(window, window.padding));
}

/**
 * The gradient goes to the window's largest pixel; of equal ones to the first in row-major order, as in PyTorch.
 *
 * Without kernels of ours composed tap by tap: tfjs 4.22's WASM kernel for it gives wrong gradients even for 2x2 windows without padding.
 */
export function maxPoolGradient(
  dy: tf.Tensor4D,
  input: tf.Tensor4D,
  output: tf.Tensor4D,
  window: PoolingWindow,
): tf.Tensor4D {
  if (simdRuns()) return simdMaxGradient(dy, input, output, { ...window, dilation: [1, 1] });
  if (wgslRuns()) return wgslMaxGradient(dy, input, { ...window, dilation: [1, 1] });
  const { kernelSize, stride, padding } = window;
  const [, rows, columns, channels] = dy.shape;
  const { padded, cropped } = padForTaps(input, dy, { kernelSize, stride, padding });
  let open: tf.Tensor4D = tf.onesLike(dy);
  let gradient: tf.Tensor4D = tf.zerosLike(padded);
  for (let row = 0; row < kernelSize[0]; row++) {
    for (let column = 0; column < kernelSize[1]; column++) {
      const begin = [row, column, 0] as const;
      const end = [row + stride[0] * (rows - 1) + 1, column + stride[1] * (columns - 1) + 1, channels] as const;
      const steps = [stride[0], stride[1], 1] as const;
      const [left, sum] = tf.tidy<[tf.Tensor4D, tf.Tensor4D]>(() => {
        // Zero where this pixel is the largest, one elsewhere.
        const smaller = tf.step(tf.sub(output, stridedSlice(padded, begin, end, steps)));
        const left: tf.Tensor4D = tf.mul(open, smaller);
        const share: tf.Tensor4D = tf.mul(dy, tf.sub(open, left));
        return [left, tf.add(gradient, stridedSliceGradient(share, padded.shape, begin, steps))];
      });
      tf.dispose([open, gradient]);
      [open, gradient] = [left, sum];
    }
  }
  return padOrCrop(gradient, cropped);
}

/** The input with its padding (below any pixel) as far as the windows reach, and the padding that takes it away again. */
function padForTaps(
  input: tf.Tensor4D,
  dy: tf.Tensor4D,
  { kernelSize, stride, padding: [top, , left] }: PoolingWindow,
): { padded: tf.Tensor4D; cropped: Padding } {
  const beyond = (axis: 0 | 1, before: number): number =>
    stride[axis] * ((dy.shape[axis + 1] ?? 0) - 1) + kernelSize[axis] - (input.shape[axis + 1] ?? 0) - before;
  // Rows no window reaches stay: their gradient is zero.
  const [bottom, right] = [Math.max(0, beyond(0, top)), Math.max(0, beyond(1, left))];
  const padded: tf.Tensor4D = tf.pad(input, explicitPadding([top, bottom, left, right]), -1e38);
  return { padded, cropped: [-top, -bottom, -left, -right] };
}

/** Maximum over height and width, `[n, c]`. By pooling: `max` over these axes transposes first. */
export function globalMax(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  if (height * width === 1) return tf.reshape(x, [batch, channels]);
  return tf.reshape(maxPool(x, wholeImage(height, width)), [batch, channels]);
}

/** Gradient of `globalMax`, `dy` being `[n, c]`: to the first of the largest pixels. */
export function globalMaxGradient(dy: tf.Tensor2D, input: tf.Tensor4D, output: tf.Tensor2D): tf.Tensor4D {
  const [batch, height, width, channels] = input.shape;
  if (simdRuns() || wgslRuns()) {
    const pixel = (x: tf.Tensor2D): tf.Tensor4D => tf.reshape(x, [batch, 1, 1, channels]);
    return maxPoolGradient(pixel(dy), input, pixel(output), wholeImage(height, width));
  }
  const pixels = tf.reshape(input, [batch, height * width, channels]);
  const largest = tf.sub(1, tf.step(tf.sub(tf.reshape(output, [batch, 1, channels]), pixels)));
  // In floats throughout: one-hot and casts of indices are wrong on WASM (integer bits) and on WebGPU (transposed).
  const first = tf.mul(largest, tf.sub(1, tf.step(tf.cumsum(largest, 1, true))));
  return tf.reshape(tf.mul(first, tf.reshape(dy, [batch, 1, channels])), input.shape);
}

/** Padding pixels count in the mean only with `countPadding`. */
export function averagePool(x: tf.Tensor4D, window: PoolingWindow, countPadding: boolean): tf.Tensor4D {
  const input = countPadding ? padOrCrop(x, window.padding) : x;
  if (window.kernelSize[0] * window.kernelSize[1] === 1)
    return tf.stridedSlice(input, [0, 0, 0, 0], input.shape, [1, ...window.stride, 1]) as tf.Tensor4D;
  return tf
    .engine()
    .runKernel<tf.Tensor4D>(
      tf.AvgPool,
      { x: input },
      poolAttributes(window, countPadding ? [0, 0, 0, 0] : window.padding),
    );
}

/** Every pixel gets its share of each window it was in. */
export function averagePoolGradient(
  dy: tf.Tensor4D,
  inputShape: readonly number[],
  window: PoolingWindow,
  countPadding: boolean,
): tf.Tensor4D {
  const [, height = 0, width = 0, channels = 0] = inputShape;
  if (wgslRuns()) return wgslAverageGradient(dy, inputShape, { ...window, dilation: [1, 1] }, countPadding);
  const share = windowShare([height, width], window, countPadding);
  if (simdRuns()) return simdAverageGradient(dy, inputShape, { ...window, dilation: [1, 1] }, share);
  const [, rows, columns] = dy.shape;
  const shares = Float32Array.from(
    { length: rows * columns },
    (_, at) => share(0, Math.floor(at / columns)) * share(1, at % columns),
  );
  const weighted: tf.Tensor4D = tf.mul(dy, tf.tensor4d(shares, [1, rows, columns, 1]));
  const ones = tf.ones<tf.Rank.R4>([window.kernelSize[0], window.kernelSize[1], channels, 1]);
  return depthwiseInputGradient(weighted, ones, inputShape, { ...window, dilation: [1, 1] });
}

/** One over how many pixels the window at a position averages along an axis. */
function windowShare(size: Pair, window: PoolingWindow, countPadding: boolean) {
  return (axis: 0 | 1, position: number): number => {
    const kernel = window.kernelSize[axis];
    if (countPadding) return 1 / kernel;
    const start = position * window.stride[axis] - (window.padding[2 * axis] ?? 0);
    return 1 / (Math.min(start + kernel, size[axis]) - Math.max(start, 0));
  };
}

function wholeImage(height: number, width: number): ConvolutionWindow {
  return { kernelSize: [height, width], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };
}

function poolAttributes({ kernelSize, stride }: PoolingWindow, padding: Padding): tf.NamedAttrMap {
  return { filterSize: [...kernelSize], strides: [...stride], pad: explicitPadding(padding) };
}
