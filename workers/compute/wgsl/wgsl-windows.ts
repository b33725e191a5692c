/** Depthwise convolution and gradients of pooling on WebGPU, in tensors. To be called only while `wgslRuns()`. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionWindow } from '../ops/convolution';
import { forwardAxes, gradientAxes, sizeOf } from './correlation-plan';
import { depthwiseGradientShader, firstLargestShader, windowSumShader, type WindowSum } from './depthwise-shaders';
import { shareSum, given, single } from './wgsl-kernels';

/** `[n, h, w, c]` by `[kh, kw, c, 1]`, channel by channel. */
export function wgslDepthwise(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  output: readonly number[],
  window: ConvolutionWindow,
): tf.Tensor4D {
  const shader = windowSumShader(sumOf(x, window), forwardAxes(window, x.shape, output), { kind: 'kernel' });
  return single([x, kernel], output, (engine, inputs, outputs) =>
    engine.dispatch(shader, given(inputs), outputs),
  ) as tf.Tensor4D;
}

export function wgslDepthwiseInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
): tf.Tensor4D {
  const shader = windowSumShader(sumOf(dy, window), gradientAxes(window, input, dy.shape), { kind: 'kernel' });
  return single([dy, kernel], input, (engine, inputs, outputs) =>
    engine.dispatch(shader, given(inputs), outputs),
  ) as tf.Tensor4D;
}

/** `[kh, kw, c, 1]`. */
export function wgslDepthwiseKernelGradient(x: tf.Tensor4D, dy: tf.Tensor4D, window: ConvolutionWindow): tf.Tensor4D {
  const kernel = [...window.kernelSize, x.shape[3], 1];
  const shader = depthwiseGradientShader(x.shape, dy.shape, window);
  return single([x, dy], kernel, (engine, inputs, outputs) => {
    if (shader.shares === 1) return engine.dispatch(shader, given(inputs), outputs);
    const parts = engine.temporary(sizeOf(kernel) * shader.shares);
    engine.dispatch(shader, given(inputs), [parts]);
    engine.dispatch(shareSum(sizeOf(kernel), shader.shares), [parts], outputs);
  }) as tf.Tensor4D;
}

/** The input's gradient where windows were averaged; padding pixels may have counted. */
export function wgslAverageGradient(
  dy: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
  countPadding: boolean,
): tf.Tensor4D {
  const share =
    (axis: 0 | 1) =>
    (position: string): string => {
      const [kernel, size] = [window.kernelSize[axis], input[axis + 1] ?? 0];
      if (countPadding) return `${1 / kernel}`;
      const start = `(${position} * ${window.stride[axis]} - ${window.padding[2 * axis]})`;
      return `1.0 / f32(min(${start} + ${kernel}, ${size}) - max(${start}, 0))`;
    };
  const weighing = { kind: 'share', row: share(0), column: share(1) } as const;
  const shader = windowSumShader(sumOf(dy, window), gradientAxes(window, input, dy.shape), weighing);
  return single([dy], input, (engine, inputs, outputs) =>
    engine.dispatch(shader, given(inputs), outputs),
  ) as tf.Tensor4D;
}

/** The input's gradient where the first of a window's largest pixels was taken. */
export function wgslMaxGradient(dy: tf.Tensor4D, input: tf.Tensor4D, window: ConvolutionWindow): tf.Tensor4D {
  const search = firstLargestShader(input.shape, dy.shape, window);
  const sum = windowSumShader(sumOf(dy, window), gradientAxes(window, input.shape, dy.shape), { kind: 'chosen' });
  return single([dy, input], input.shape, (engine, [slopes, source], outputs) => {
    const chosen = engine.temporary(dy.size);
    engine.dispatch(search, given([source]), [chosen]);
    engine.dispatch(sum, given([slopes, chosen]), outputs);
  }) as tf.Tensor4D;
}

function sumOf(source: tf.Tensor4D, window: ConvolutionWindow): WindowSum {
  return { batch: source.shape[0], channels: source.shape[3], kernelWidth: window.kernelSize[1] };
}
