/**
 * Pooling with explicit padding, and its gradients.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Padding, Pair } from '../../network/graph';
import { depthwiseInputGradient } from './depthwise';
import { explicitPadding, padOrCrop, windowedSize } from './spatial';

export interface PoolingWindow {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Padding never wins. */
export function maxPool(x: tf.Tensor4D, window: PoolingWindow): tf.Tensor4D {
  return tf.engine().runKernel<tf.Tensor4D>(tf.MaxPool, { x }, poolAttributes(window, window.padding));
}

/** The gradient goes to the window's largest pixel; of equal ones to one of them. */
export function maxPoolGradient(
  dy: tf.Tensor4D,
  input: tf.Tensor4D,
  output: tf.Tensor4D,
  window: PoolingWindow,
): tf.Tensor4D {
  return tf
    .engine()
    .runKernel<tf.Tensor4D>(tf.MaxPoolGrad, { dy, input, output }, poolAttributes(window, window.padding));
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
  const shares = windowShares([height, width], window, countPadding);
  const weighted = tf.mul(dy, shares) as tf.Tensor4D;
  const ones = tf.ones([window.kernelSize[0], window.kernelSize[1], channels, 1]) as tf.Tensor4D;
  return depthwiseInputGradient(weighted, ones, inputShape, { ...window, dilation: [1, 1] });
}

/** One over the number of pixels each window averages, `[1, h', w', 1]`. */
function windowShares(size: Pair, window: PoolingWindow, countPadding: boolean): tf.Tensor4D {
  const [rows, columns] = windowedSize(size, { ...window, dilation: [1, 1] });
  const [kernelHeight, kernelWidth] = window.kernelSize;
  const inside = (position: number, axis: 0 | 1, kernel: number): number => {
    if (countPadding) return kernel;
    const start = position * window.stride[axis] - (window.padding[2 * axis] ?? 0);
    return Math.min(start + kernel, size[axis]) - Math.max(start, 0);
  };
  const shares = Float32Array.from(
    { length: rows * columns },
    (_, at) => 1 / (inside(Math.floor(at / columns), 0, kernelHeight) * inside(at % columns, 1, kernelWidth)),
  );
  return tf.tensor4d(shares, [1, rows, columns, 1]);
}

function poolAttributes({ kernelSize, stride }: PoolingWindow, padding: Padding): tf.NamedAttrMap {
  return { filterSize: [...kernelSize], strides: [...stride], pad: explicitPadding(padding) };
}
