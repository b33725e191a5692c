/**
 * Moving pixels: padding that may be negative, zeros between pixels, and their inverses.
 *
 * Tensors are `[batch, height, width, channels]`. All results are new tensors of the caller's.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Padding, Pair } from '../../network/graph';

/** Explicit padding as tfjs kernels take it. */
export function explicitPadding([top, bottom, left, right]: Padding): [number, number][] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** Pads with zeros where `padding` is positive and crops where it is negative. */
export function padOrCrop(x: tf.Tensor4D, padding: Padding): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [top, bottom, left, right] = padding;
  const crop = (amount: number): number => Math.max(0, -amount);
  const grow = (amount: number): number => Math.max(0, amount);
  const cropped = padding.some((amount) => amount < 0)
    ? tf.slice4d(
        x,
        [0, crop(top), crop(left), 0],
        [batch, height - crop(top) - crop(bottom), width - crop(left) - crop(right), channels],
      )
    : x;
  if (padding.every((amount) => amount <= 0)) return cropped === x ? x.clone() : cropped;
  return tf.pad(cropped, explicitPadding([grow(top), grow(bottom), grow(left), grow(right)]));
}

/**
 * Spreads each axis of `x` by `strides`, zeros between: element i lands on i * stride, each axis becomes stride times as
 * long. Strides are given for the trailing axes of `x`; one pad of a reshaped tensor per axis with stride > 1.
 */
export function spread(x: tf.Tensor, strides: readonly number[]): tf.Tensor {
  let result = x;
  const first = x.rank - strides.length;
  strides.forEach((stride, index) => {
    if (stride === 1) return;
    const shape = result.shape;
    const axis = first + index;
    const outer = product(shape.slice(0, axis + 1));
    const inner = product(shape.slice(axis + 1));
    const padded = tf.pad(tf.reshape(result, [outer, 1, inner]), [
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ]);
    result = tf.reshape(
      padded,
      shape.map((length, at) => (at === axis ? length * stride : length)),
    );
  });
  return result === x ? x.clone() : result;
}

/** `x[begin:end:stride]` along height, width and channels. */
export function stridedSlice(
  x: tf.Tensor4D,
  begin: readonly [number, number, number],
  end: readonly [number, number, number],
  stride: readonly [number, number, number],
): tf.Tensor4D {
  const batch = x.shape[0];
  if (stride.every((step) => step === 1)) {
    return tf.slice4d(x, [0, ...begin], [batch, end[0] - begin[0], end[1] - begin[1], end[2] - begin[2]]);
  }
  return tf.stridedSlice(x, [0, ...begin], [batch, ...end], [1, ...stride]) as tf.Tensor4D;
}

/** Gradient of `stridedSlice`: every picked value returns to its place in zeros of shape `inputShape`. */
export function stridedSliceGradient(
  dy: tf.Tensor4D,
  inputShape: readonly number[],
  begin: readonly [number, number, number],
  stride: readonly [number, number, number],
): tf.Tensor4D {
  const dilated = spread(dy, stride) as tf.Tensor4D;
  const lengths = inputShape.slice(1);
  // The last picked value is followed by stride - 1 zeros of its own, which may reach beyond the input.
  const kept = dilated.shape
    .slice(1)
    .map((length, axis) => Math.min(length, (lengths[axis] ?? 0) - (begin[axis] ?? 0)));
  const [batch] = dy.shape;
  const cropped: tf.Tensor4D = tf.slice(dilated, [0, 0, 0, 0], [batch, ...kept]);
  const paddings = kept.map((length, axis): [number, number] => {
    const before = begin[axis] ?? 0;
    return [before, (lengths[axis] ?? 0) - before - length];
  });
  return tf.pad(cropped, [[0, 0], ...paddings]);
}

/** Positions of a window along height and width. */
export function windowedSize(
  [height, width]: Pair,
  window: { readonly kernelSize: Pair; readonly stride: Pair; readonly padding: Padding; readonly dilation: Pair },
): Pair {
  const { kernelSize, stride, padding, dilation } = window;
  const positions = (length: number, total: number, axis: 0 | 1): number =>
    Math.floor((length + total - dilation[axis] * (kernelSize[axis] - 1) - 1) / stride[axis]) + 1;
  return [positions(height, padding[0] + padding[1], 0), positions(width, padding[2] + padding[3], 1)];
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
