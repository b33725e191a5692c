/** Gates of the run that trains, on the tree of the network it trains: by coupling class, so that tied rows agree. */
import type { Telemetry } from '../../workers/protocol';
import { isAbout } from '../studio/run-facts';
import type { FilterOrder, StudioState } from '../studio/state';
import { liveOf, seriesOf } from '../studio/telemetry';
import { rampStop } from '../ui/palette';
import type { RowImportance } from './importance';
import { keptWithout, type KeptTree } from './kept';
import type { TreeModel } from './tree-model';
import type { Graph } from '../../workers/network/graph';

/** A gate below this is closed, where the method does not say which are. */
export const openFrom = 0.5;

/** What the run that trains says, when it speaks of gates of the open network; null otherwise. */
export function gatesOf(
  state: Pick<StudioState, 'live' | 'activeRun' | 'runs' | 'network' | 'dataset'>,
): Telemetry | null {
  const { runs, activeRun, network, dataset } = state;
  const telemetry = liveOf(state)?.telemetry ?? null;
  const run = runs.find((other) => other.run === activeRun);
  if (telemetry?.layers === undefined || run === undefined || network === null) return null;
  if (!isAbout(run, network.view, dataset)) return null;
  return Object.values(telemetry.layers).some(({ gate }) => gate !== undefined) ? telemetry : null;
}

/** The same while the tree is to show them. */
export function shownGates(state: Parameters<typeof gatesOf>[0] & Pick<StudioState, 'view'>): Telemetry | null {
  return state.view.live ? gatesOf(state) : null;
}

interface ClassGates {
  /** Probability by coupling class; NaN where no gate stands. */
  readonly gate: Float32Array;
  /** By coupling class: 1 = closed. */
  readonly closed: Uint8Array;
}

function classGates(model: TreeModel, graph: Graph, telemetry: Telemetry): ClassGates {
  const gate = new Float32Array(model.classes).fill(NaN);
  const closed = new Uint8Array(model.classes);
  for (const row of model.rows) {
    const series = seriesOf(telemetry, graph, row.layer);
    const own = series?.['gate'];
    if (own === undefined || own.length !== row.filters) continue;
    row.output.forEach((group, channel) => {
      const value = own[channel] ?? NaN;
      gate[group] = value;
      closed[group] = (series?.['open']?.[channel] ?? Number(value >= openFrom)) === 0 ? 1 : 0;
    });
  }
  return { gate, closed };
}

/** The tree with closed gates for cut filters. */
export function gatedTree(model: TreeModel, graph: Graph, telemetry: Telemetry): KeptTree {
  return keptWithout(model, classGates(model, graph, telemetry).closed);
}

/** Colour and order by how far each gate is open. Rows without gates keep their order and have no colour. */
export function gateImportances(
  model: TreeModel,
  graph: Graph,
  telemetry: Telemetry,
  order: FilterOrder,
): readonly RowImportance[] {
  const { gate } = classGates(model, graph, telemetry);
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
      stops: gated ? Uint8Array.from(values, rampStop) : null,
      relative: gated ? values : null,
    };
  });
}
