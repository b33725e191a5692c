/**
 * Upsampling by whole factors and its gradient: both are small matrices applied along height and along width.
 *
 * The stock resize gradients are avoided: on the plain-JS backend they are wrong for batches and for non-square images,
 * and WASM has a third implementation.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Pair } from '../../network/graph';

export interface Upsampling {
  readonly scale: Pair;
  readonly mode: 'nearest' | 'bilinear';
}

/** `[n, h, w, c]` to `[n, h * scale, w * scale, c]`; bilinear samples at half-pixel centres and repeats the border. */
export function upsample(x: tf.Tensor4D, { scale, mode }: Upsampling): tf.Tensor4D {
  const [, height, width] = x.shape;
  return alongBoth(x, interpolation(height, scale[0], mode), interpolation(width, scale[1], mode));
}

/** Gradient by the input: the transposed matrices applied to `dy`. */
export function upsampleGradient(dy: tf.Tensor4D, { scale, mode }: Upsampling): tf.Tensor4D {
  const [, height, width] = dy.shape;
  const rows = interpolation(height / scale[0], scale[0], mode);
  const columns = interpolation(width / scale[1], scale[1], mode);
  return alongBoth(dy, tf.transpose(rows), tf.transpose(columns));
}

/** `[outputs, inputs]`: row i holds the weights of the inputs that output i is mixed from. */
function interpolation(length: number, scale: number, mode: 'nearest' | 'bilinear'): tf.Tensor2D {
  const weights = new Float32Array(length * scale * length);
  const add = (output: number, input: number, weight: number): void => {
    const at = output * length + Math.min(Math.max(input, 0), length - 1);
    weights[at] = (weights[at] ?? 0) + weight;
  };
  for (let output = 0; output < length * scale; output++) {
    if (mode === 'nearest') {
      add(output, Math.floor(output / scale), 1);
    } else {
      const centre = (output + 0.5) / scale - 0.5;
      const low = Math.floor(centre);
      add(output, low, 1 - (centre - low));
      add(output, low + 1, centre - low);
    }
  }
  return tf.tensor2d(weights, [length * scale, length]);
}

function alongBoth(x: tf.Tensor4D, rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [outHeight] = rows.shape;
  const [outWidth] = columns.shape;
  return tf.tidy(() => {
    const vertical = applyMatrix(rows, tf.reshape(x, [batch, height, width * channels]));
    const horizontal = applyMatrix(columns, tf.reshape(vertical, [batch * outHeight, width, channels]));
    return tf.reshape(horizontal, [batch, outHeight, outWidth, channels]);
  });
}

/** `[m, k]` times every matrix of `[b, k, n]`. */
function applyMatrix(matrix: tf.Tensor2D, batch: tf.Tensor3D): tf.Tensor3D {
  const [rows, inner] = matrix.shape;
  return tf.matMul(tf.tile(tf.reshape(matrix, [1, rows, inner]), [batch.shape[0], 1, 1]), batch);
}
