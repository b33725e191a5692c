/**
 * Resizing images and its gradient: both are small matrices applied along height and along width.
 *
 * The stock resize gradients are avoided: on the plain-JS backend they are wrong for batches and for non-square images,
 * WASM has a third implementation, and none knows all grids.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ResizeLayer } from '../../network/graph';
import { resizeSamples } from '../../network/resize';

type Resizing = Pick<ResizeLayer, 'size' | 'mode' | 'grid'>;

/** `[n, h, w, c]` to `[n, ...size, c]`. */
export function resize(x: tf.Tensor4D, { size, ...grid }: Resizing): tf.Tensor4D {
  const [, height, width] = x.shape;
  return tf.tidy(() => alongBoth(x, interpolation(height, size[0], grid), interpolation(width, size[1], grid)));
}

/** Gradient by the input of shape `inputShape`: the transposed matrices applied to `dy`. */
export function resizeGradient(
  dy: tf.Tensor4D,
  inputShape: readonly number[],
  { size, ...grid }: Resizing,
): tf.Tensor4D {
  const [, height = 0, width = 0] = inputShape;
  return tf.tidy(() => {
    const rows = interpolation(height, size[0], grid);
    const columns = interpolation(width, size[1], grid);
    return alongBoth(dy, tf.transpose(rows), tf.transpose(columns));
  });
}

/** `[outputs, inputs]`: row i holds the weights of the inputs that output i is mixed from. */
function interpolation(length: number, out: number, grid: Omit<Resizing, 'size'>): tf.Tensor2D {
  const weights = new Float32Array(out * length);
  resizeSamples(length, out, grid).forEach((samples, row) => {
    for (const [position, weight] of samples) {
      const at = row * length + position;
      weights[at] = (weights[at] ?? 0) + weight;
    }
  });
  return tf.tensor2d(weights, [out, length]);
}

function alongBoth(x: tf.Tensor4D, rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [outHeight] = rows.shape;
  const [outWidth] = columns.shape;
  const vertical = applyMatrix(rows, tf.reshape(x, [batch, height, width * channels]));
  const horizontal = applyMatrix(columns, tf.reshape(vertical, [batch * outHeight, width, channels]));
  return tf.reshape(horizontal, [batch, outHeight, outWidth, channels]);
}

/** `[m, k]` times every matrix of `[b, k, n]`. */
function applyMatrix(matrix: tf.Tensor2D, batch: tf.Tensor3D): tf.Tensor3D {
  const [rows, inner] = matrix.shape;
  return tf.matMul(tf.reshape<tf.Rank.R3>(matrix, [1, rows, inner]), batch);
}
