/**
 * Gradients pulled together inside clusters of filters: what centripetal SGD asks of a device.
 *
 * With gradient G, weights W and strength e, every line along a clustered axis becomes, cluster by cluster,
 *
 *     U = mean(G - e W) + e W
 *
 * A mean is summed once and handed to all members: those of equal weights get equal updates to the last bit.
 */
import * as tf from '@tensorflow/tfjs-core';
import { simdCentripetal } from '../simd/simd-kernels';
import { simdRuns } from '../simd/simd-operation';
import { wgslCentripetal } from '../wgsl/step-kernels';
import { wgslRuns } from '../wgsl/wgsl-operation';
import { linesAlong, type Clusters } from './clusters';

export interface ClusteredGradient {
  readonly gradient: tf.Tensor;
  /** Of the gradient's shape. */
  readonly weights: tf.Tensor;
  readonly axis: number;
  /** Hold every place along `axis` once. */
  readonly clusters: Clusters;
  readonly strength: number;
}

/** The pulled gradients, in order. Caller disposes them; what was given stays. */
export function centripetalGradients(given: readonly ClusteredGradient[]): tf.Tensor[] {
  if (simdRuns()) return simdCentripetal(given);
  if (wgslRuns()) return wgslCentripetal(given);
  return given.map((one) => tf.tidy(() => composed(one)));
}

/**
 * A product with the averaging matrix and one with the membership matrix: the second adds zeros to a single number, which is
 * exact in any order. (A gather would do the same, but is slow on WASM.)
 */
function composed({ gradient, weights, axis, clusters, strength }: ClusteredGradient): tf.Tensor {
  const { places, inner } = linesAlong(gradient.shape, axis);
  const { average, spread } = matrices(clusters, places);
  const weighted = tf.mul(weights, strength);
  const rest = tf.sub(gradient, weighted);
  const lines = inner === 1 ? rest : tf.transpose(tf.reshape<tf.Rank.R3>(rest, [-1, places, inner]), [0, 2, 1]);
  const averaged = tf.matMul(tf.matMul(tf.reshape<tf.Rank.R2>(lines, [-1, places]), average), spread);
  const back = inner === 1 ? averaged : tf.transpose(tf.reshape<tf.Rank.R3>(averaged, [-1, inner, places]), [0, 2, 1]);
  return tf.add(tf.reshape(back, gradient.shape), weighted);
}

/** `[places, clusters]` and `[clusters, places]`. */
function matrices({ begins, members }: Clusters, places: number): { average: tf.Tensor2D; spread: tf.Tensor2D } {
  const count = begins.length - 1;
  const average = new Float32Array(places * count);
  const spread = new Float32Array(count * places);
  for (let cluster = 0; cluster < count; cluster++) {
    const own = members.slice(begins[cluster], begins[cluster + 1]);
    for (const place of own) {
      average[place * count + cluster] = 1 / own.length;
      spread[cluster * places + place] = 1;
    }
  }
  return { average: tf.tensor2d(average, [places, count]), spread: tf.tensor2d(spread, [count, places]) };
}
