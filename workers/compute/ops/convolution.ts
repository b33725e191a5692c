/**
 * Convolution and its two gradients; on WASM composed from forward convolutions.
 *
 * tfjs 4.22 has no convolution filter gradient on WASM and a naive input gradient; its forward convolution there is
 * XNNPACK's and close to what the cores can do. So both gradients are written as forward convolutions:
 *
 * - filter gradient: the input with batch and channels exchanged, convolved with the output gradient as the kernel,
 *   stride and dilation exchanged;
 * - input gradient: the output gradient convolved with the flipped kernel; for a stride s all s * s phases of the
 *   result are computed as channels of one convolution at output resolution and then interleaved, so that no
 *   multiplication by an inserted zero is done.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Padding, Pair } from '../../network/graph';
import { simdConvolve, simdInputGradient, simdKernelGradient } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslConvolve, wgslInputGradient, wgslKernelGradient } from '../wgsl/wgsl-kernels';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { explicitPadding, padOrCrop, spread, stridedSlice, windowedSize } from './spatial';

export interface ConvolutionWindow {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
}

/** `[n, h, w, cin]` by `[kh, kw, cin / groups, filters]`; padding may be negative (crops). */
export function convolve(x: tf.Tensor4D, kernel: tf.Tensor4D, window: ConvolutionWindow, groups = 1): tf.Tensor4D {
  if (simdRuns() || wgslRuns()) {
    const [rows, columns] = windowedSize([x.shape[1], x.shape[2]], window);
    const convolution = simdRuns() ? simdConvolve : wgslConvolve;
    return convolution(x, kernel, [x.shape[0], rows, columns, kernel.shape[3]], window, groups);
  }
  if (groups > 1) {
    const inputs = tf.split<tf.Tensor4D>(x, groups, 3);
    const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
    return tf.concat4d(
      inputs.map((input, group) => convolve(input, at(kernels, group), window)),
      3,
    );
  }
  const { stride, padding, dilation } = window;
  const negative = padding.some((amount) => amount < 0);
  const input = negative ? padOrCrop(x, padding) : x;
  // The kernel is called directly: tf.conv2d refuses stride and dilation together, which the kernels can do.
  return tf.engine().runKernel<tf.Tensor4D>(
    tf.Conv2D,
    { x: input, filter: kernel },
    {
      strides: [...stride],
      pad: explicitPadding(negative ? [0, 0, 0, 0] : padding),
      dataFormat: 'NHWC',
      dilations: [...dilation],
    },
  );
}

/** Gradient of the loss by the convolution's input of shape `inputShape`. */
export function convolveInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  inputShape: readonly number[],
  window: ConvolutionWindow,
  groups = 1,
): tf.Tensor4D {
  if (simdRuns()) return simdInputGradient(dy, kernel, inputShape, window, groups);
  if (wgslRuns()) return wgslInputGradient(dy, kernel, inputShape, window, groups);
  if (groups > 1) {
    const gradients = tf.split<tf.Tensor4D>(dy, groups, 3);
    const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
    const [batch = 0, height = 0, width = 0, channels = 0] = inputShape;
    const part = [batch, height, width, channels / groups];
    return tf.concat4d(
      gradients.map((gradient, group) => convolveInputGradient(gradient, at(kernels, group), part, window)),
      3,
    );
  }
  if (hasGradientKernels(window)) {
    return tf
      .engine()
      .runKernel<tf.Tensor4D>(
        tf.Conv2DBackpropInput,
        { dy, filter: kernel },
        { ...gradientAttributes(window), inputShape: [...inputShape] },
      );
  }
  const [strideY, strideX] = window.stride;
  const phased = (strideY > 1 || strideX > 1) && window.dilation[0] === 1 && window.dilation[1] === 1;
  return phased
    ? phasedInputGradient(dy, kernel, inputShape, window)
    : dilatedInputGradient(dy, kernel, inputShape, window);
}

/** Gradient of the loss by the kernel `[kh, kw, cin / groups, filters]`. */
export function convolveKernelGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  window: ConvolutionWindow,
  groups = 1,
): tf.Tensor4D {
  if (simdRuns()) return simdKernelGradient(x, dy, window, groups);
  if (wgslRuns()) return wgslKernelGradient(x, dy, window, groups);
  if (groups > 1) {
    const inputs = tf.split<tf.Tensor4D>(x, groups, 3);
    const gradients = tf.split<tf.Tensor4D>(dy, groups, 3);
    return tf.concat4d(
      inputs.map((input, group) => convolveKernelGradient(input, at(gradients, group), window)),
      3,
    );
  }
  if (hasGradientKernels(window)) {
    const filterShape = [...window.kernelSize, x.shape[3], dy.shape[3]];
    return tf
      .engine()
      .runKernel<tf.Tensor4D>(tf.Conv2DBackpropFilter, { x, dy }, { ...gradientAttributes(window), filterShape });
  }
  if (isPointwise(window)) return pointwiseKernelGradient(x, dy, window);
  const images = tf.transpose(x, [3, 1, 2, 0]);
  const filters = tf.transpose(dy, [1, 2, 0, 3]);
  const [top, , left] = window.padding;
  // Rows and columns the last window does not reach would give the result extra taps: crop them by negative padding.
  const reach = (axis: 0 | 1): number =>
    window.stride[axis] * ((dy.shape[axis + 1] ?? 0) - 1) + window.dilation[axis] * (window.kernelSize[axis] - 1) + 1;
  const bottom = reach(0) - x.shape[1] - top;
  const right = reach(1) - x.shape[2] - left;
  const taps = convolve(images, filters, {
    kernelSize: [dy.shape[1], dy.shape[2]],
    stride: window.dilation,
    padding: [top, bottom, left, right],
    dilation: window.stride,
  });
  return tf.transpose(taps, [1, 2, 0, 3]);
}

/** tfjs's WebGPU gradient kernels are right, and on a software adapter twice as fast as the composition. */
function hasGradientKernels({ dilation }: ConvolutionWindow): boolean {
  return tf.getBackend() === 'webgpu' && dilation[0] === 1 && dilation[1] === 1;
}

function gradientAttributes({ stride, padding }: ConvolutionWindow): tf.NamedAttrMap {
  return { strides: [...stride], pad: explicitPadding(padding), dataFormat: 'NHWC' };
}

/** 1x1 kernel without padding: a matrix product per pixel. */
function isPointwise({ kernelSize, padding }: ConvolutionWindow): boolean {
  return kernelSize[0] * kernelSize[1] === 1 && padding.every((amount) => amount === 0);
}

/** Kernel gradient of a 1x1 convolution: pixels met, transposed, times the output gradient. */
function pointwiseKernelGradient(x: tf.Tensor4D, dy: tf.Tensor4D, { stride }: ConvolutionWindow): tf.Tensor4D {
  const [batch, rows, columns, filters] = dy.shape;
  const cin = x.shape[3];
  const end = [(rows - 1) * stride[0] + 1, (columns - 1) * stride[1] + 1, cin] as const;
  const met = stride[0] * stride[1] === 1 ? x : stridedSlice(x, [0, 0, 0], end, [stride[0], stride[1], 1]);
  const pixels = batch * rows * columns;
  // [pixels, channels] to [channels, pixels]; over three axes, which WASM transposes twice as fast as over two.
  const transposed = (image: tf.Tensor4D, channels: number): tf.Tensor =>
    tf.reshape(tf.transpose(tf.reshape(image, [batch * rows, columns, channels]), [2, 0, 1]), [channels, pixels]);
  // XNNPACK packs the right factor, which costs more than transposing the left: the smaller one goes right.
  const product =
    filters >= cin
      ? tf.transpose(tf.matMul(transposed(dy, filters), tf.reshape(met, [pixels, cin])))
      : tf.matMul(transposed(met, cin), tf.reshape(dy, [pixels, filters]));
  return tf.reshape(product, [1, 1, cin, filters]);
}

/** Any stride and dilation: zeros are put between the pixels of `dy`. With stride 1 nothing is inserted. */
function dilatedInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  inputShape: readonly number[],
  { kernelSize, stride, padding, dilation }: ConvolutionWindow,
): tf.Tensor4D {
  const gradient = stride[0] === 1 && stride[1] === 1 ? dy : (spread(dy, [...stride, 1]) as tf.Tensor4D);
  const flipped = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
  const before = (axis: 0 | 1): number => dilation[axis] * (kernelSize[axis] - 1) - (padding[2 * axis] ?? 0);
  const after = (axis: 0 | 1): number =>
    (inputShape[axis + 1] ?? 0) -
    (gradient.shape[axis + 1] ?? 0) -
    before(axis) +
    dilation[axis] * (kernelSize[axis] - 1);
  return convolve(gradient, flipped, {
    kernelSize,
    stride: [1, 1],
    padding: [before(0), after(0), before(1), after(1)],
    dilation,
  });
}

/**
 * Stride s > 1, no dilation. Row i = q * s + r of the result (phase r) is met by kernel row k from output row o = q + d
 * where k = r + padding - s * d: one convolution of `dy` with every s-th kernel row per phase, offset d from `first` to
 * `last`. All phases are channels of one convolution and interleave afterwards.
 */
function phasedInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  inputShape: readonly number[],
  { kernelSize, stride, padding }: ConvolutionWindow,
): tf.Tensor4D {
  const [, , cin, filters] = kernel.shape;
  const [batch = 0, height = 0, width = 0] = inputShape;
  const axes = ([0, 1] as const).map((axis) => {
    const before = padding[2 * axis] ?? 0;
    const last = Math.floor((stride[axis] - 1 + before) / stride[axis]);
    const first = Math.ceil((before - kernelSize[axis] + 1) / stride[axis]);
    const taps = last - first + 1;
    const front = stride[axis] * last - before;
    const size = Math.ceil((inputShape[axis + 1] ?? 0) / stride[axis]);
    const fill: [number, number] = [front, taps * stride[axis] - front - kernelSize[axis]];
    return { taps, fill, size, before: -first, after: size + taps - 1 + first - (dy.shape[axis + 1] ?? 0) };
  });
  const [rows, columns] = axes;
  if (rows === undefined || columns === undefined) throw new RangeError('A convolution has two spatial axes.');
  const [strideY, strideX] = stride;
  const whole = tf.pad(kernel, [rows.fill, columns.fill, [0, 0], [0, 0]]);
  const flipped = tf.reverse(tf.reshape(whole, [rows.taps, strideY, columns.taps, strideX * cin * filters]), [0, 2]);
  const phases = tf.reshape(tf.transpose(flipped, [0, 2, 1, 3]), [-1, strideY * strideX * cin, filters]);
  const phaseKernel = tf.reshape(tf.transpose(phases, [0, 2, 1]), [
    rows.taps,
    columns.taps,
    filters,
    strideY * strideX * cin,
  ]);
  const channels = convolve(dy, phaseKernel as tf.Tensor4D, {
    kernelSize: [rows.taps, columns.taps],
    stride: [1, 1],
    padding: [rows.before, rows.after, columns.before, columns.after],
    dilation: [1, 1],
  });
  // [.., columns, row phase, column phase * cin] to [.., row phase, columns, column phase * cin]. tfjs's depthToSpace
  // does the same thirty times slower on WASM.
  const byRow = tf.reshape(channels, [batch * rows.size, columns.size, strideY, strideX * cin]);
  const image = tf.reshape<tf.Rank.R4>(tf.transpose(byRow, [0, 2, 1, 3]), [
    batch,
    rows.size * strideY,
    columns.size * strideX,
    cin,
  ]);
  const excess: Pair = [rows.size * strideY - height, columns.size * strideX - width];
  return excess[0] + excess[1] === 0 ? image : padOrCrop(image, [0, -excess[0], 0, -excess[1]]);
}

function at<T>(parts: readonly T[], index: number): T {
  const part = parts[index];
  if (part === undefined) throw new RangeError(`A grouped convolution has no group ${index}.`);
  return part;
}
