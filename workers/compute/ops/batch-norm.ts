/**
 * Batch normalisation in training mode, forward and closed-form gradient (Ioffe and Szegedy 2015, section 3).
 */
import * as tf from '@tensorflow/tfjs-core';
import { simdFollow, simdNormaliseBatch, simdNormGradients, simdScaleShift } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslFollow } from '../wgsl/step-kernels';
import { wgslNormalise, wgslNormaliseBatch, wgslNormGradients } from '../wgsl/wgsl-kernels';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { rectifyGradient } from './activation';
import { channelMean, channelSum, scaleShift } from './channels';

export interface Normalised {
  readonly output: tf.Tensor;
  /** Of this batch, `[c]`. */
  readonly mean: tf.Tensor1D;
  /** Population variance of this batch, `[c]`. */
  readonly variance: tf.Tensor1D;
}

/** What follows batch norm in the same pass over the pixels. */
export interface Followers {
  /** Added to the output. */
  readonly residual?: tf.Tensor | undefined;
  /** Whether the output, the residual added, is rectified. */
  readonly rectified?: boolean | undefined;
}

/** Normalises `[n, h, w, c]` or `[n, c]` by the batch's own mean and population variance. */
export function normaliseBatch(
  x: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
  { residual, rectified = false }: Followers = {},
): Normalised {
  if (simdRuns() || wgslRuns()) {
    const normalised = simdRuns() ? simdNormaliseBatch : wgslNormaliseBatch;
    const [output, mean, variance] = normalised(x, gamma, beta, epsilon, residual, rectified);
    return { output, mean, variance } as Normalised;
  }
  const mean = channelMean(x);
  // Two passes: the mean of squares minus the squared mean cancels where the mean is far from zero.
  const variance = tf.tidy(() => channelMean(tf.square(scaleShift(x, tf.onesLike(mean), tf.neg(mean)))));
  const output = normalise(x, mean, variance, gamma, beta, epsilon, { residual, rectified });
  return { output, mean, variance };
}

/**
 * `(x - mean) / sqrt(variance + epsilon) * gamma + beta` per channel, and what follows; an absent gamma is 1, an absent
 * beta 0.
 */
export function normalise(
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
  { residual, rectified = false }: Followers = {},
): tf.Tensor {
  if (wgslRuns()) return wgslNormalise({ x, mean, variance, gamma, beta, residual }, epsilon, rectified);
  return tf.tidy(() => {
    const { scale, shift } = affine(mean, variance, gamma, beta, epsilon);
    if (simdRuns()) return simdScaleShift(x, scale, shift, residual, rectified);
    const normalised = scaleShift(x, scale, shift);
    const sum = residual === undefined ? normalised : tf.add(normalised, residual);
    return rectified ? tf.relu(sum) : sum;
  });
}

/** Statistics, `[c]` each: of a batch, or running. */
export interface Statistics {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
}

/** Running statistics of a layer, and those of the batch that they are to follow. */
export interface Following {
  readonly running: { readonly mean: tf.Variable; readonly variance: tf.Variable };
  readonly batch: Statistics;
  /** How many values a channel of the batch has. */
  readonly positions: number;
}

/**
 * Moves running statistics to `(1 - momentum) running + momentum batch`. The running variance follows the unbiased
 * estimate, as PyTorch's does.
 */
export function followStatistics(layers: readonly Following[], momentum: number): void {
  const keep = 1 - momentum;
  const shared = layers.map((layer) => {
    const { positions } = layer;
    return { ...layer, shares: { mean: momentum, variance: (momentum * positions) / Math.max(positions - 1, 1) } };
  });
  if (wgslRuns()) {
    wgslFollow(shared, keep);
    return;
  }
  for (const { running, batch, shares } of shared) {
    tf.tidy(() => {
      const follow = (key: 'mean' | 'variance'): tf.Tensor =>
        tf.add(tf.mul(running[key], keep), tf.mul(batch[key], shares[key]));
      const [mean = follow('mean'), variance = follow('variance')] = simdRuns()
        ? simdFollow(running, batch, keep, shares)
        : [];
      running.mean.assign(mean);
      running.variance.assign(variance);
    });
  }
}

/** The scale and shift per channel that batch norm with these statistics amounts to. */
export function affine(
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
): { scale: tf.Tensor; shift: tf.Tensor } {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const scale = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  const centred = tf.neg(tf.mul(mean, scale));
  return { scale, shift: beta === undefined ? centred : tf.add(centred, beta) };
}

export interface BatchNormGradients {
  readonly input: tf.Tensor;
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
}

/**
 * With xhat = (x - mean) / deviation: beta' = sum dy, gamma' = sum dy xhat,
 * x' = gamma / deviation (dy - mean(dy) - xhat mean(dy xhat)). Where a rectifier followed in the same pass, `rectified` is
 * its output and `given` the gradient by that.
 */
export function batchNormGradients(
  given: tf.Tensor,
  x: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  gamma: tf.Tensor | undefined,
  epsilon: number,
  rectified?: tf.Tensor,
): BatchNormGradients {
  if (simdRuns() || wgslRuns()) {
    const gradients = simdRuns() ? simdNormGradients : wgslNormGradients;
    const [input, byGamma, byBeta] = gradients(given, x, mean, variance, gamma, epsilon, rectified);
    return { input, gamma: byGamma, beta: byBeta } as BatchNormGradients;
  }
  const dy = rectified === undefined ? given : rectifyGradient(given, rectified);
  const positions = x.size / mean.size;
  const inverse: tf.Tensor1D = tf.rsqrt(tf.add(variance, epsilon));
  const xhat = scaleShift(x, inverse, tf.neg(tf.mul(mean, inverse)));
  const beta = channelSum(dy);
  const product = tf.mul(dy, xhat);
  const gammaGradient = channelSum(product);
  product.dispose();
  const outer = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  const fromXhat = scaleShift(
    xhat,
    tf.mul(tf.mul(outer, gammaGradient), -1 / positions),
    tf.mul(tf.mul(outer, beta), -1 / positions),
  );
  xhat.dispose();
  const fromDy = scaleShift(dy, outer, undefined);
  return { input: tf.add(fromDy, fromXhat), gamma: gammaGradient, beta };
}

/** By fixed statistics batch norm is an affine map: beta' = sum dy, gamma' = sum dy xhat, x' = gamma / deviation dy. */
export function fixedNormGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  epsilon: number,
): BatchNormGradients {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const xhat = scaleShift(x, inverse, tf.neg(tf.mul(mean, inverse)));
  const outer = gamma === undefined ? inverse : tf.mul(inverse, gamma);
  return { input: scaleShift(dy, outer, undefined), gamma: channelSum(tf.mul(dy, xhat)), beta: channelSum(dy) };
}
