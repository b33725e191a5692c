/**
 * Where gates are and what they gate: one gate per unit of every channel group that may be cut, all gates of the network
 * in one vector, and the layers whose outputs they multiply.
 *
 * A closed channel must be exactly 0 wherever a kernel reads it, for then deleting it changes nothing. So gates stand behind
 * every batch norm (a zero before it would leave as beta; this covers each addend of an addition, depthwise and
 * pre-activation batch norms), behind activations that are not 0 at 0, and directly behind a weighted layer whose output
 * something other than a batch norm reads.
 */
import { concat1d, slice1d, tensor1d, type Tensor1D } from '@tensorflow/tfjs-core';
import type { Gates } from '../../compute/executor';
import { couplingOf } from '../../network/coupling';
import { isWeighted, type Graph, type Layer, type LayerId } from '../../network/graph';
import type { ChannelGroup } from '../../network/groups';
import type { CutPlan } from '../../network/plan';
import { unitTable, type UnitTable } from '../../network/planning/unit-table';
import { keepsZero } from '../../network/reference-activations';
import { inferShapes } from '../../network/shapes';
import { normalisersOf } from '../normalisers';

export interface GateGroup {
  readonly group: ChannelGroup;
  /** Position among all groups of the network, gated or not. */
  readonly index: number;
  /** Its gates are `start` to `start + group.size - 1`. */
  readonly start: number;
  /** Gates that stay open whatever their score: `max(2, floor(size / 8))`. */
  readonly least: number;
}

export interface GateLayout {
  readonly table: UnitTable;
  readonly groups: readonly GateGroup[];
  /** Number of gates. */
  readonly count: number;
  /** Gate of every unit of the table; -1 where it is always open. */
  readonly gateOf: Int32Array;
  /** Gate of every output channel (-1: always open), for the layers whose output is multiplied. */
  readonly places: ReadonlyMap<LayerId, Int32Array>;
}

/** Gates for every group that is neither locked nor, through one of its layers, in `pinned`. */
export function gateLayout(graph: Graph, pinned: readonly LayerId[] = []): GateLayout {
  const table = unitTable(graph);
  const gateOf = new Int32Array(table.unitCount).fill(-1);
  const groups: GateGroup[] = [];
  let count = 0;
  table.groups.forEach(({ group, firstUnit }, index) => {
    if (group.locked !== undefined || group.members.some(({ layer }) => pinned.includes(layer))) return;
    groups.push({ group, index, start: count, least: leastOpen(group.size) });
    for (let unit = 0; unit < group.size; unit++) gateOf[firstUnit + unit] = count++;
  });
  return { table, groups, count, gateOf, places: placesOf(graph, table, gateOf) };
}

/** Fewest gates of a group that are open: an eighth, at least two where there are two. */
export function leastOpen(size: number): number {
  return Math.min(size, Math.max(2, Math.floor(size / 8)));
}

function placesOf(graph: Graph, table: UnitTable, gateOf: Int32Array): ReadonlyMap<LayerId, Int32Array> {
  const { classes } = couplingOf(graph);
  const gateOfClass = new Map<number, number>();
  for (const [layer, units] of table.unitsOf) {
    classes.get(layer)?.forEach((own, channel) => gateOfClass.set(own, gateOf[units[channel] ?? -1] ?? -1));
  }
  const shapes = inferShapes(graph);
  const needsGate = (layer: Layer): boolean =>
    !keepsZero(layer) || (isWeighted(layer) && normalisersOf(graph, layer.id, shapes).length === 0);
  const places = new Map<LayerId, Int32Array>();
  for (const layer of graph.layers.filter(needsGate)) {
    const own = Int32Array.from(classes.get(layer.id) ?? [], (one) => gateOfClass.get(one) ?? -1);
    if (own.some((gate) => gate >= 0)) places.set(layer.id, own);
  }
  return places;
}

/**
 * The vector of all gates spread over the layers: `[channels]` each. Layers with the same gates get the same tensor.
 * Differentiable in `gates`.
 */
export function spreadGates({ places }: GateLayout, gates: Tensor1D): Gates {
  const made = new Map<string, Tensor1D>();
  const spread = new Map<LayerId, Tensor1D>();
  for (const [layer, own] of places) {
    const key = own.join();
    const known = made.get(key) ?? joined(own, gates);
    made.set(key, known);
    spread.set(layer, known);
  }
  return spread;
}

/** Runs of neighbouring gates as slices: a gather is slow on WASM, and layers rarely have more than three runs. */
function joined(own: Int32Array, gates: Tensor1D): Tensor1D {
  const parts: Tensor1D[] = [];
  for (let from = 0, to = 0; from < own.length; from = to) {
    const first = own[from] ?? -1;
    const follows = (at: number): boolean => own[at] === (first < 0 ? -1 : first + at - from);
    for (to = from + 1; to < own.length && follows(to);) to++;
    parts.push(first < 0 ? tensor1d(new Float32Array(to - from).fill(1)) : slice1d(gates, first, to - from));
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concat1d(parts);
}

/** 1 for every gate that a cut leaves open, 0 for those whose filters it removes. */
export function openAfter({ table, gateOf, count }: GateLayout, { removed }: Pick<CutPlan, 'removed'>): Float32Array {
  const open = new Float32Array(count).fill(1);
  for (const [layer, channels] of Object.entries(removed)) {
    const units = table.unitsOf.get(layer);
    for (const channel of channels) {
      const gate = gateOf[units?.[channel] ?? -1] ?? -1;
      if (gate >= 0) open[gate] = 0;
    }
  }
  return open;
}

/** Values of all gates by weighted layer and filter; `open` for filters that have no gate. Layers without gates are absent. */
export function valuesByLayer(
  { table, gateOf }: GateLayout,
  values: ArrayLike<number>,
  open: number,
): Record<LayerId, Float32Array> {
  const byLayer: Record<LayerId, Float32Array> = {};
  for (const [layer, units] of table.unitsOf) {
    if (!units.some((unit) => (gateOf[unit] ?? -1) >= 0)) continue;
    byLayer[layer] = Float32Array.from(units, (unit) => values[gateOf[unit] ?? -1] ?? open);
  }
  return byLayer;
}
