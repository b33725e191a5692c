/**
 * Batch normalisation in training mode, forward and closed-form gradient (Ioffe and Szegedy 2015, section 3).
 */
import * as tf from '@tensorflow/tfjs-core';
import { channelMean, channelSum, scaleShift } from './channels';

export interface Normalised {
  readonly output: tf.Tensor;
  /** Of this batch, `[c]`. */
  readonly mean: tf.Tensor1D;
  /** Population variance of this batch, `[c]`. */
  readonly variance: tf.Tensor1D;
}

/** Normalises `[n, h, w, c]` or `[n, c]` by the batch's own mean and population variance. */
export function normaliseBatch(
  x: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
): Normalised {
  const mean = channelMean(x);
  // Two passes: the mean of squares minus the squared mean cancels where the mean is far from zero.
  const variance = tf.tidy(() => channelMean(tf.square(scaleShift(x, tf.onesLike(mean), tf.neg(mean)))));
  return { output: normalise(x, mean, variance, gamma, beta, epsilon), mean, variance };
}

/** `(x - mean) / sqrt(variance + epsilon) * gamma + beta` per channel; an absent gamma is 1, an absent beta 0. */
export function normalise(
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
): tf.Tensor {
  return tf.tidy(() => {
    const { scale, shift } = affine(mean, variance, gamma, beta, epsilon);
    return scaleShift(x, scale, shift);
  });
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
 * x' = gamma / deviation (dy - mean(dy) - xhat mean(dy xhat)).
 */
export function batchNormGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  gamma: tf.Tensor | undefined,
  epsilon: number,
): BatchNormGradients {
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
