/** What the page and metrics.csv see of the cuts: the series named in `trp.ts`. */
import type { Graph, LayerId } from '../../network/graph';
import { breakEvenRank } from '../../network/low-rank';
import { createRankPlanner } from '../../network/rank-plan';
import { inferShapes } from '../../network/shapes';
import type { Telemetry } from '../method';
import type { KernelCuts } from './kernel-cuts';

export function cutTelemetry(graph: Graph, { scheme, found }: Pick<KernelCuts, 'scheme' | 'found'>): Telemetry {
  const cuts = found();
  const shapes = inferShapes(graph);
  const breakEvens = new Map(
    graph.layers.flatMap((layer) =>
      layer.op === 'conv'
        ? [[layer.id, breakEvenRank(layer, shapes.get(layer.inputs[0] ?? '') ?? [0], scheme)] as const]
        : [],
    ),
  );
  const layers: Record<LayerId, Record<string, Float32Array>> = {};
  const ranks: Record<LayerId, number> = {};
  let [kept, total, nuclearNorm, directions] = [0, 0, 0, 0];
  for (const { layers: users, spectrum, before, rank } of cuts) {
    spectrum.forEach((value, k) => {
      total += value * value;
      if (k >= rank) return;
      kept += value * value;
      nuclearNorm += value;
    });
    directions += rank;
    for (const id of users) {
      ranks[id] = rank;
      layers[id] = {
        spectrum,
        before,
        rank: Float32Array.of(rank),
        breakEven: Float32Array.of(breakEvens.get(id) ?? 0),
      };
    }
  }
  const kernels = cuts.map(({ layers: users, spectrum }) => ({ layers: users, values: spectrum }));
  const { share } = createRankPlanner(graph, { scheme, kernels })(1, { protect: [], keep: ranks });
  return {
    values: {
      energyKept: total === 0 ? 1 : kept / total,
      nuclearNorm,
      meanRank: cuts.length === 0 ? 0 : directions / cuts.length,
      shareIfFactored: share,
    },
    layers,
  };
}
