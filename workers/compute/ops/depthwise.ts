/**
 * Depthwise convolution (channel multiplier 1) and its gradients; where no kernels of ours run, from forward depthwise
 * convolutions and slices.
 */
import * as tf from '@tensorflow/tfjs-core';
import { simdDepthwise, simdDepthwiseInputGradient, simdDepthwiseKernelGradient } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { wgslDepthwise, wgslDepthwiseInputGradient, wgslDepthwiseKernelGradient } from '../wgsl/wgsl-windows';
import { channelSum } from './channels';
import type { ConvolutionWindow } from './convolution';
import { explicitPadding, padOrCrop, spread, stridedSlice, windowedSize } from './spatial';

/** `[n, h, w, c]` by `[kh, kw, c, 1]`; padding may be negative (crops). */
export function convolveDepthwise(x: tf.Tensor4D, kernel: tf.Tensor4D, window: ConvolutionWindow): tf.Tensor4D {
  if (simdRuns() || wgslRuns()) {
    const [batch, height, width, channels] = x.shape;
    const output = [batch, ...windowedSize([height, width], window), channels];
    return simdRuns() ? simdDepthwise(x, kernel, output, window) : wgslDepthwise(x, kernel, output, window);
  }
  const { stride, padding, dilation } = window;
  const negative = padding.some((amount) => amount < 0);
  const input = negative ? padOrCrop(x, padding) : x;
  return tf.engine().runKernel<tf.Tensor4D>(
    tf.DepthwiseConv2dNative,
    { x: input, filter: kernel },
    {
      strides: [...stride],
      pad: explicitPadding(negative ? [0, 0, 0, 0] : padding),
      dataFormat: 'NHWC',
      dilations: [...dilation],
    },
  );
}

/** Gradient by the input of shape `inputShape`: zeros between the pixels of `dy`, then the flipped kernel. */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  inputShape: readonly number[],
  window: ConvolutionWindow,
): tf.Tensor4D {
  if (simdRuns()) return simdDepthwiseInputGradient(dy, kernel, inputShape, window);
  if (wgslRuns()) return wgslDepthwiseInputGradient(dy, kernel, inputShape, window);
  const { kernelSize, stride, padding, dilation } = window;
  const gradient = spread(dy, [...stride, 1]) as tf.Tensor4D;
  const extent = (axis: 0 | 1): number => dilation[axis] * (kernelSize[axis] - 1);
  const before = (axis: 0 | 1): number => extent(axis) - (padding[2 * axis] ?? 0);
  const after = (axis: 0 | 1): number =>
    (inputShape[axis + 1] ?? 0) - (gradient.shape[axis + 1] ?? 0) - before(axis) + extent(axis);
  return convolveDepthwise(gradient, tf.reverse(kernel, [0, 1]), {
    kernelSize,
    stride: [1, 1],
    padding: [before(0), after(0), before(1), after(1)],
    dilation,
  });
}

/** Gradient by the kernel `[kh, kw, c, 1]`: per tap, the pixels it met times the output gradient, summed. */
export function depthwiseKernelGradient(x: tf.Tensor4D, dy: tf.Tensor4D, window: ConvolutionWindow): tf.Tensor4D {
  if (simdRuns()) return simdDepthwiseKernelGradient(x, dy, window);
  if (wgslRuns()) return wgslDepthwiseKernelGradient(x, dy, window);
  const { kernelSize, stride, padding, dilation } = window;
  const [, outHeight, outWidth, channels] = dy.shape;
  const [top, , left] = padding;
  const reach = (axis: 0 | 1, positions: number): number =>
    stride[axis] * (positions - 1) + dilation[axis] * (kernelSize[axis] - 1) + 1;
  const padded = padOrCrop(x, [
    top,
    reach(0, outHeight) - x.shape[1] - top,
    left,
    reach(1, outWidth) - x.shape[2] - left,
  ]);
  const taps: tf.Tensor1D[] = [];
  for (let row = 0; row < kernelSize[0]; row++) {
    for (let column = 0; column < kernelSize[1]; column++) {
      const [y, xStart] = [row * dilation[0], column * dilation[1]];
      const met = tf.tidy(() => {
        const pixels = stridedSlice(
          padded,
          [y, xStart, 0],
          [y + stride[0] * (outHeight - 1) + 1, xStart + stride[1] * (outWidth - 1) + 1, channels],
          [stride[0], stride[1], 1],
        );
        return channelSum(tf.mul(pixels, dy));
      });
      taps.push(met);
    }
  }
  return tf.reshape(tf.stack(taps), [kernelSize[0], kernelSize[1], channels, 1]);
}
