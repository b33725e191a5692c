/**
 * The centripetal update, on the device.
 *
 * The paper's update rule, with gradient G, weights W and strength e: the gradient of each filter becomes the mean of its
 * cluster's, and its distance from the mean of the cluster is added:
 *
 *     U = avg(G) + e (W - avg(W)) = avg(G - e W) + e W
 *
 * Weight decay is the optimiser's, as for any network. `avg` is a product with the averaging matrix and one with the
 * membership matrix: the second adds zeros to a single number, which is exact in any order, so equal filters get equal
 * updates to the last bit. (The paper's single matrix sums in another order for each filter. A gather would do the
 * same, but is slow on WASM.)
 */
import {
  add,
  dispose,
  matMul,
  mul,
  reshape,
  scalar,
  sub,
  tensor2d,
  tidy,
  transpose,
  type Rank,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import type { Parameter } from '../../compute/executor';
import type { TensorName } from '../../network/graph';
import type { ClusteredAxis } from './axes';

/** `[count, clusters]` and `[clusters, count]`. */
interface Matrices {
  readonly average: Tensor2D;
  readonly spread: Tensor2D;
}

export interface Strengths {
  readonly kernels: number;
  /** Biases, gamma and beta. */
  readonly vectors: number;
}

export interface CentripetalPull {
  /** Replaces the gradients of clustered parameters; the old ones are disposed. */
  apply(gradients: Map<string, Tensor>, parameters: readonly Parameter[], strengths: Strengths): void;
  dispose(): void;
}

/** The update for the clusters of `axes`, by parameter name. Tensors that share clusters share matrices. */
export function createPull(axes: ReadonlyMap<TensorName, ClusteredAxis>): CentripetalPull {
  const byClusters = new Map<string, Matrices>();
  const matrices = new Map<TensorName, Matrices>();
  for (const [name, axis] of axes) {
    const key = axis.of.join();
    const known = byClusters.get(key) ?? matricesOf(axis);
    byClusters.set(key, known);
    matrices.set(name, known);
  }
  return {
    apply(gradients, parameters, strengths) {
      const kernels = scalar(strengths.kernels);
      const vectors = scalar(strengths.vectors);
      for (const { name, role, value } of parameters) {
        const own = matrices.get(name);
        const gradient = gradients.get(name);
        if (own === undefined || gradient === undefined) continue;
        const axis = axes.get(name)?.axis ?? value.rank - 1;
        gradients.set(name, pulled(gradient, value, role === 'kernel' ? kernels : vectors, own, axis));
        gradient.dispose();
      }
      dispose([kernels, vectors]);
    },
    dispose() {
      for (const { average, spread } of byClusters.values()) dispose([average, spread]);
      byClusters.clear();
      matrices.clear();
    },
  };
}

/** Filters run along `axis`, mostly the last longer than 1 (a depthwise kernel ends in 1). */
function pulled(
  gradient: Tensor,
  weights: Tensor,
  strength: Tensor,
  { average, spread }: Matrices,
  axis: number,
): Tensor {
  return tidy(() => {
    const weighted = mul(weights, strength);
    const [filters] = average.shape;
    const inner = gradient.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const rest = sub(gradient, weighted);
    const lines = inner === 1 ? rest : transpose(reshape<Rank.R3>(rest, [-1, filters, inner]), [0, 2, 1]);
    const averaged = matMul(matMul(reshape<Rank.R2>(lines, [-1, filters]), average), spread);
    const back = inner === 1 ? averaged : transpose(reshape<Rank.R3>(averaged, [-1, inner, filters]), [0, 2, 1]);
    return add(reshape(back, gradient.shape), weighted);
  });
}

function matricesOf({ of, stays }: ClusteredAxis): Matrices {
  const [count, clusters] = [of.length, stays.length];
  const sizes = new Int32Array(clusters);
  for (const cluster of of) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const average = new Float32Array(count * clusters);
  const spread = new Float32Array(clusters * count);
  of.forEach((cluster, at) => {
    average[at * clusters + cluster] = 1 / (sizes[cluster] ?? 1);
    spread[cluster * count + at] = 1;
  });
  return { average: tensor2d(average, [count, clusters]), spread: tensor2d(spread, [clusters, count]) };
}
