/** What `ops/` asks of the engine, in tensors. To be called only while `simdRuns()`. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ClusteredGradient } from '../ops/centripetal';
import { linesAlong } from '../ops/clusters';
import type { ConvolutionWindow } from '../ops/convolution';
import { clipGradientOn, normaliseBatchOn, normGradientsOn, scaleShiftOn, type PixelShape } from './simd-batch-norm';
import { centripetalOn } from './simd-centripetal';
import { convolveOn, inputGradientOn, kernelGradientOn } from './simd-convolution';
import { depthwiseInputGradientOn, depthwiseKernelGradientOn, depthwiseOn, maxGradientOn } from './simd-depthwise';
import { runSimd, type SimdWork } from './simd-operation';

export function simdConvolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  output: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const shape = { input: x.shape, kernel: kernel.shape, output, window, groups };
  return single([x, kernel], output, (engine, [from = 0, by = 0], [to = 0]) => convolveOn(engine, shape, from, by, to));
}

export function simdInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const shape = { input, kernel: kernel.shape, output: dy.shape, window, groups };
  return single([dy, kernel], input, (engine, [from = 0, by = 0], [to = 0]) =>
    inputGradientOn(engine, shape, from, by, to),
  );
}

export function simdKernelGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const kernel = [...window.kernelSize, x.shape[3] / groups, dy.shape[3]];
  const shape = { input: x.shape, kernel, output: dy.shape, window, groups };
  return single([x, dy], kernel, (engine, [from = 0, by = 0], [to = 0]) =>
    kernelGradientOn(engine, shape, from, by, to),
  );
}

/** `[normalised output, mean, population variance]`; the output with `residual` added, and rectified if asked for. */
export function simdNormaliseBatch(
  x: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
  residual: tf.Tensor | undefined,
  rectified: boolean,
): tf.Tensor[] {
  const shape = pixels(x);
  const perChannel = [shape.channels];
  return runSimd([x, gamma, beta, residual], [x.shape, perChannel, perChannel], (engine, inputs, outputs) => {
    const [input = 0, gammaAt = 0, betaAt = 0, residualAt = 0] = inputs;
    const [output = 0, mean = 0, variance = 0] = outputs;
    const at = { input, gamma: gammaAt, beta: betaAt, residual: residualAt, output, mean, variance };
    normaliseBatchOn(engine, shape, { ...at, epsilon, rectified });
  });
}

/** `x * scale + shift` per channel; `residual` added, and rectified if asked for. */
export function simdScaleShift(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor | undefined,
  residual?: tf.Tensor,
  rectified = false,
): tf.Tensor {
  return single([x, scale, shift, residual], x.shape, (engine, inputs, [output = 0]) => {
    const [input = 0, gamma = 0, beta = 0, residualAt = 0] = inputs;
    scaleShiftOn(engine, pixels(x), { input, gamma, beta, output, residual: residualAt, rectified });
  });
}

/** `[mean, variance]`: `keep * running + share * batch` of both. */
export function simdFollow(
  running: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  batch: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  keep: number,
  shares: { readonly mean: number; readonly variance: number },
): tf.Tensor[] {
  const { shape, size } = running.mean;
  const inputs = [running.mean, batch.mean, running.variance, batch.variance];
  return runSimd(
    inputs,
    [shape, shape],
    (engine, [mean = 0, ofBatch = 0, variance = 0, spread = 0], [to = 0, next = 0]) => {
      engine.kernels.follow(mean, ofBatch, to, size, keep, shares.mean);
      engine.kernels.follow(variance, spread, next, size, keep, shares.variance);
    },
  );
}

/** Gradients `[input, gamma, beta]`; `rectified` is the output of the rectifier that followed, where one did. */
export function simdNormGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  epsilon: number,
  rectified: tf.Tensor | undefined,
): tf.Tensor[] {
  const shape = pixels(x);
  const inputs = [dy, x, mean, variance, gamma, rectified];
  return runSimd(inputs, [x.shape, [shape.channels], [shape.channels]], (engine, read, written) => {
    const [gradient = 0, input = 0, meanAt = 0, varianceAt = 0, gammaAt = 0, mask = 0] = read;
    const [output = 0, gammaGradient = 0, betaGradient = 0] = written;
    const at = { gradient, input, mask, gamma: gammaAt, mean: meanAt, variance: varianceAt };
    normGradientsOn(engine, shape, { ...at, epsilon, output, gammaGradient, betaGradient });
  });
}

/** `dy` where `y`, a clip's output, is above `low` and below `high`, else 0; no `high`: a rectifier's. */
export function simdClipGradient(dy: tf.Tensor, y: tf.Tensor, low: number, high = Number.NaN): tf.Tensor {
  return single([dy, y], dy.shape, (engine, [gradient = 0, mask = 0], [output = 0]) =>
    clipGradientOn(engine, pixels(dy), { gradient, mask, output, low, high }),
  );
}

/** `[n, h, w, c]` by `[kh, kw, c, 1]`, channel by channel. */
export function simdDepthwise(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  output: readonly number[],
  window: ConvolutionWindow,
): tf.Tensor4D {
  return single([x, kernel], output, (engine, [source = 0, by = 0], [target = 0]) =>
    depthwiseOn(engine, { source, target, kernel: by }, x.shape, output, window),
  );
}

export function simdDepthwiseInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
): tf.Tensor4D {
  return single([dy, kernel], input, (engine, [source = 0, by = 0], [target = 0]) =>
    depthwiseInputGradientOn(engine, { source, target, kernel: by }, input, dy.shape, window),
  );
}

/** `[kh, kw, c, 1]`. */
export function simdDepthwiseKernelGradient(x: tf.Tensor4D, dy: tf.Tensor4D, window: ConvolutionWindow): tf.Tensor4D {
  const kernel = [...window.kernelSize, x.shape[3], 1];
  return single([x, dy], kernel, (engine, [source = 0, slopes = 0], [target = 0]) =>
    depthwiseKernelGradientOn(engine, { source, slopes, target }, x.shape, dy.shape, window),
  );
}

/** The input's gradient where windows were averaged; `share` of a window's pixels along an axis. */
export function simdAverageGradient(
  dy: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
  share: (axis: 0 | 1, position: number) => number,
): tf.Tensor4D {
  return single([dy], input, (engine, [source = 0], [target = 0]) =>
    depthwiseInputGradientOn(engine, { source, target, kernel: 0 }, input, dy.shape, window, share),
  );
}

/** The input's gradient where the first of a window's largest pixels was taken; `output` is what that gave. */
export function simdMaxGradient(
  dy: tf.Tensor4D,
  input: tf.Tensor4D,
  output: tf.Tensor4D,
  window: ConvolutionWindow,
): tf.Tensor4D {
  return single([dy, input, output], input.shape, (engine, [slopes = 0, source = 0, pooled = 0], [target = 0]) =>
    maxGradientOn(engine, { source, target, pooled, slopes }, input.shape, dy.shape, window),
  );
}

/** `[weight, velocity]` after a step of SGD (`assembly/update.ts`); a missing velocity counts as zeros. */
export function simdUpdate(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor | undefined,
  factors: { readonly rate: number; readonly momentum: number; readonly decay: number },
): tf.Tensor[] {
  const { rate, momentum, decay } = factors;
  return runSimd([weight, gradient, velocity], [weight.shape, weight.shape], (engine, inputs, outputs) =>
    engine.kernels.update(...inputs, ...outputs, weight.size, rate, momentum, decay),
  );
}

/** All in one operation; see `ops/centripetal.ts`. */
export function simdCentripetal(given: readonly ClusteredGradient[]): tf.Tensor[] {
  const inputs = given.flatMap(({ gradient, weights }) => [gradient, weights]);
  const shapes = given.map(({ gradient }) => gradient.shape);
  return runSimd(inputs, shapes, (engine, read, written) => {
    for (const [at, { gradient, axis, clusters, strength }] of given.entries()) {
      const addresses = { gradient: read[2 * at] ?? 0, weights: read[2 * at + 1] ?? 0, target: written[at] ?? 0 };
      centripetalOn(engine, addresses, linesAlong(gradient.shape, axis), clusters, strength);
    }
  });
}

function single(inputs: readonly (tf.Tensor | undefined)[], shape: readonly number[], work: SimdWork): tf.Tensor4D {
  const [output] = runSimd(inputs, [shape], work);
  // Of any rank; the type is right where images go in.
  return output as tf.Tensor4D;
}

function pixels(x: tf.Tensor): PixelShape {
  const channels = x.shape.at(-1) ?? 1;
  return { rows: x.size / channels, channels };
}
