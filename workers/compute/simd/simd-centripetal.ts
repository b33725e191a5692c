/** Gradients pulled together inside clusters, on the engine. Addresses are of tensors. */
import { clusterTable, type Clusters, type Lines } from '../ops/clusters';
import { floatBits, type SimdEngine } from './simd-engine';

export function centripetalOn(
  engine: SimdEngine,
  at: { readonly gradient: number; readonly weights: number; readonly target: number },
  { lines, places, inner }: Lines,
  clusters: Clusters,
  strength: number,
): void {
  // Fields of `assembly/centripetal.ts`, in its order.
  const job = engine.write([at.gradient, at.weights, at.target], clusterTable(clusters, 4 * inner), [
    clusters.begins.length - 1,
    places,
    inner,
    floatBits(strength),
  ]);
  engine.run('centripetal', job, lines, 0);
}
