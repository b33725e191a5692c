/** One layer's ranks, from the plan or from what a method that trains says of it. */
import { layerOf, type Graph, type LayerId } from '../../workers/network/graph';
import { breakEvenRank, pairMacs, type Scheme } from '../../workers/network/low-rank';
import { energyKept, type Spectra } from '../../workers/network/rank-plan';
import { inferShapes } from '../../workers/network/shapes';
import type { Plan } from '../studio/state';
import type { LayerSeries } from '../studio/telemetry';

export interface RankView {
  /** Singular values, descending. */
  readonly values: Float32Array;
  /** The same before training; null where nothing was trained. */
  readonly before: Float32Array | null;
  /** Share of the energy each rank keeps, `[0]` = 0 to `[full]` = 1. */
  readonly energy: Float64Array;
  /** Directions kept; the full rank where the layer stays whole. */
  readonly rank: number;
  /** The largest rank at which the pair costs less than the layer; 0 where none does. */
  readonly breakEven: number;
  readonly scheme: Scheme;
  /** Multiply-adds of the pair for each rank. */
  readonly perRank: number;
}

/** Of the present plan; null for layers that are not split. */
export function plannedRank(graph: Graph, spectra: Spectra, plan: Plan | null, layer: LayerId): RankView | null {
  const { scheme } = spectra;
  const values = spectra.kernels.find(({ layers }) => layers.includes(layer))?.values;
  const costs = pairCosts(graph, layer, scheme);
  if (values === undefined || costs === null) return null;
  const rank = plan?.truncation?.ranks[layer] ?? values.length;
  return { values, before: null, energy: energyKept(values), rank, scheme, ...costs };
}

/** Of a method's `spectrum`, `before`, `rank` and `breakEven`; null where it does not speak of spectra. */
export function trainedRank(graph: Graph, layer: LayerId, series: LayerSeries, scheme: Scheme): RankView | null {
  const values = series['spectrum'];
  const costs = pairCosts(graph, layer, scheme);
  if (values === undefined || values.length === 0 || costs === null) return null;
  return {
    values,
    before: series['before'] ?? null,
    energy: energyKept(values),
    rank: Math.min(values.length, series['rank']?.[0] ?? values.length),
    scheme,
    perRank: costs.perRank,
    breakEven: series['breakEven']?.[0] ?? costs.breakEven,
  };
}

/** The smallest rank that keeps at least this share of the energy. */
export function rankKeeping(energy: Float64Array, share: number): number {
  const found = energy.findIndex((kept, rank) => rank > 0 && kept >= share - 1e-9);
  return found < 0 ? energy.length - 1 : found;
}

/**
 * The rank asked for by an energy typed or stepped to: always another one than now, for a step of a tenth of a percent
 * may lie within one rank.
 */
export function rankTowards({ energy, rank, values }: RankView, now: number, asked: number): number {
  const wanted = rankKeeping(energy, asked);
  const other = asked < now ? Math.min(rank - 1, wanted) : Math.max(rank + 1, wanted);
  return Math.min(values.length, Math.max(1, other));
}

function pairCosts(graph: Graph, id: LayerId, scheme: Scheme) {
  const layer = layerOf(graph, id);
  if (layer.op !== 'conv' || layer.groups !== 1) return null;
  const input = inferShapes(graph).get(layer.inputs[0] ?? '') ?? ([1] as const);
  return { perRank: pairMacs(layer, input, scheme, 1), breakEven: breakEvenRank(layer, input, scheme) };
}
