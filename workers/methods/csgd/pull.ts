/**
 * The centripetal update, on the device.
 *
 * The paper's update rule, with gradient G, weights W and strength e: the gradient of each filter becomes the mean of its
 * cluster's, and its distance from the mean of the cluster is added:
 *
 *     U = avg(G) + e (W - avg(W)) = avg(G - e W) + e W
 *
 * Weight decay is the optimiser's, as for any network. (The paper's single matrix sums in another order for each filter,
 * and equal filters would come apart; `ops/centripetal.ts` sums once a cluster.)
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Parameter } from '../../compute/executor';
import { centripetalGradients } from '../../compute/ops/centripetal';
import { clustersOf, type Clusters } from '../../compute/ops/clusters';
import type { TensorName } from '../../network/graph';
import type { ClusteredAxis } from './axes';

export interface Strengths {
  readonly kernels: number;
  /** Biases, gamma and beta. */
  readonly vectors: number;
}

/** Replaces the gradients of clustered parameters; the old ones are disposed. */
export type CentripetalPull = (
  gradients: Map<string, Tensor>,
  parameters: readonly Parameter[],
  strengths: Strengths,
) => void;

/** The update for the clusters of `axes`, by parameter name. */
export function createPull(axes: ReadonlyMap<TensorName, ClusteredAxis>): CentripetalPull {
  // A layer's tensors have the same clusters: one table for all of them.
  const known = new Map<string, Clusters>();
  const clusteredBy = ({ of }: ClusteredAxis): Clusters => {
    const clusters = known.get(of.join()) ?? clustersOf(of);
    known.set(of.join(), clusters);
    return clusters;
  };
  const clustered = new Map([...axes].map(([name, own]) => [name, { axis: own.axis, clusters: clusteredBy(own) }]));
  return (gradients, parameters, strengths) => {
    const given = parameters.flatMap(({ name, role, value }) => {
      const own = clustered.get(name);
      const gradient = gradients.get(name);
      if (own === undefined || gradient === undefined) return [];
      const strength = role === 'kernel' ? strengths.kernels : strengths.vectors;
      return [{ name, gradient, weights: value, strength, ...own }];
    });
    const pulled = centripetalGradients(given);
    for (const [at, { name, gradient }] of given.entries()) {
      const replacement = pulled[at];
      if (replacement === undefined) throw new RangeError(`The gradient of "${name}" was lost.`);
      gradients.set(name, replacement);
      gradient.dispose();
    }
  };
}
