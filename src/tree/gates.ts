/**
 * What the run that trains decides, on the tree of the network it trains: gates, or who stays of each cluster. By coupling class,
 * so that tied rows agree.
 */
import type { Telemetry } from '../../workers/protocol';
import { isAbout } from '../studio/run-facts';
import type { FilterOrder, StudioState } from '../studio/state';
import { liveOf, seriesOf, type LayerSeries } from '../studio/telemetry';
import { rampStop } from '../ui/palette';
import type { RowImportance } from './importance';
import { keptWithout, type KeptTree } from './kept';
import type { TreeModel } from './tree-model';
import type { Graph } from '../../workers/network/graph';

/** A gate below this is closed, where the method does not say which are. */
export const openFrom = 0.5;

/** What the run that trains says, when it speaks of gates or clusters of the open network; null otherwise. */
export function gatesOf(
  state: Pick<StudioState, 'live' | 'activeRun' | 'runs' | 'network' | 'dataset'>,
): Telemetry | null {
  const { runs, activeRun, network, dataset } = state;
  const telemetry = liveOf(state)?.telemetry ?? null;
  const run = runs.find((other) => other.run === activeRun);
  if (telemetry?.layers === undefined || run === undefined || network === null) return null;
  if (!isAbout(run, network.view, dataset)) return null;
  return Object.values(telemetry.layers).some((series) => standing(series) !== null) ? telemetry : null;
}

/** The same while the tree is to show them. */
export function shownGates(state: Parameters<typeof gatesOf>[0] & Pick<StudioState, 'view'>): Telemetry | null {
  return state.view.live ? gatesOf(state) : null;
}

/**
 * How firmly each filter stands, 0 to 1: the probability of its gate; of clusters 0 for those that merge into another, and the
 * more for one that stays, the more it takes in. Null where the method says neither.
 */
function standing({ gate, stays, cluster }: LayerSeries): Float32Array | null {
  if (gate !== undefined) return gate;
  if (stays === undefined || cluster === undefined) return null;
  const sizes = new Map<number, number>();
  for (const own of cluster) sizes.set(own, (sizes.get(own) ?? 0) + 1);
  const largest = Math.max(...sizes.values());
  return stays.map((flag, filter) => (flag === 0 ? 0 : (sizes.get(cluster[filter] ?? -1) ?? 0) / largest));
}

interface ClassGates {
  /** As `standing`, by coupling class; NaN where the method says nothing. */
  readonly gate: Float32Array;
  /** By coupling class: 1 = closed. */
  readonly closed: Uint8Array;
}

function classGates(model: TreeModel, graph: Graph, telemetry: Telemetry): ClassGates {
  const gate = new Float32Array(model.classes).fill(NaN);
  const closed = new Uint8Array(model.classes);
  for (const row of model.rows) {
    const series = seriesOf(telemetry, graph, row.layer);
    const own = series === null ? null : standing(series);
    if (series === null || own === null || own.length !== row.filters) continue;
    const open = series['open'] ?? series['stays'];
    row.output.forEach((group, channel) => {
      const value = own[channel] ?? NaN;
      gate[group] = value;
      closed[group] = (open?.[channel] ?? Number(value >= openFrom)) === 0 ? 1 : 0;
    });
  }
  return { gate, closed };
}

/** The tree with closed gates, and filters that merge into others, for cut ones. */
export function gatedTree(model: TreeModel, graph: Graph, telemetry: Telemetry): KeptTree {
  return keptWithout(model, classGates(model, graph, telemetry).closed);
}

/** Colour and order by how firmly each filter stands. Rows the method says nothing of keep their order and have no colour. */
export function gateImportances(
  model: TreeModel,
  graph: Graph,
  telemetry: Telemetry,
  order: FilterOrder,
): readonly RowImportance[] {
  return importancesBy(model, classGates(model, graph, telemetry).gate, rampStop, order);
}

/** By a value for each coupling class, NaN where there is none. */
export function importancesBy(
  model: TreeModel,
  gate: Float32Array,
  stopOf: (value: number) => number,
  order: FilterOrder,
): readonly RowImportance[] {
  return model.rows.map(({ output }): RowImportance => {
    const values = Float32Array.from(output, (group) => gate[group] ?? NaN);
    const stored = Uint16Array.from(output, (_, channel) => channel);
    const ranked = stored.toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    const rank = new Uint16Array(output.length);
    ranked.forEach((channel, position) => (rank[channel] = position));
    const gated = values.every((value) => !Number.isNaN(value));
    return {
      order: order === 'strongest first' && gated ? ranked : stored,
      rank,
      stops: gated ? Uint8Array.from(values, stopOf) : null,
      relative: gated ? values : null,
    };
  });
}
