/**
 * Transposed convolution: the input gradient of a convolution, taken as a layer. Its own gradients are that
 * convolution itself and its kernel gradient, so the kernels of `convolution.ts` serve here too.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { ConvTransposeLayer } from '../../network/graph';
import { convolve, convolveInputGradient, convolveKernelGradient, type ConvolutionWindow } from './convolution';

type Transposed = Pick<ConvTransposeLayer, 'kernelSize' | 'stride' | 'padding' | 'outputPadding'>;

/** `[n, h, w, cin]` by `[kh, kw, filters, cin]` to `[n, h', w', filters]`. */
export function convolveTransposed(x: tf.Tensor4D, kernel: tf.Tensor4D, layer: Transposed): tf.Tensor4D {
  const [batch, height, width] = x.shape;
  const { kernelSize, stride, padding, outputPadding } = layer;
  const rows = (height - 1) * stride[0] + kernelSize[0] - padding[0] - padding[1] + outputPadding[0];
  const columns = (width - 1) * stride[1] + kernelSize[1] - padding[2] - padding[3] + outputPadding[1];
  return convolveInputGradient(x, kernel, [batch, rows, columns, kernel.shape[2]], windowOf(layer));
}

/** Gradient by the input. */
export function transposedInputGradient(dy: tf.Tensor4D, kernel: tf.Tensor4D, layer: Transposed): tf.Tensor4D {
  return convolve(dy, kernel, windowOf(layer));
}

/** Gradient by the kernel `[kh, kw, filters, cin]`. */
export function transposedKernelGradient(x: tf.Tensor4D, dy: tf.Tensor4D, layer: Transposed): tf.Tensor4D {
  return convolveKernelGradient(dy, x, windowOf(layer));
}

/** The convolution from the result back to the input. Output padding is below its stride, so it has the input's size. */
function windowOf({ kernelSize, stride, padding }: Transposed): ConvolutionWindow {
  return { kernelSize, stride, padding, dilation: [1, 1] };
}
