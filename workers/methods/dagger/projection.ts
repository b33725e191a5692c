/**
 * From scores to a cut that meets the budget: what training left near it is projected onto it.
 */
import type { ChannelIndex, Graph, LayerId } from '../../network/graph';
import type { CutPlan, CutRules } from '../../network/plan';
import { Removal } from '../../network/planning/removal';
import { shortfallText } from '../../network/planning/shortfall';
import { minimaOf } from '../../network/planning/trajectory';
import { grantWishes, type Wishes } from '../../network/planning/wishes';
import { costOf } from '../../network/planning/unit-table';
import { leastOpen, type GateLayout } from './gate-layout';

/** Units of one group that close or open together. */
interface Block {
  readonly group: number;
  readonly units: readonly number[];
  /** Mean score of its units. */
  readonly score: number;
}

/**
 * Units with a negative score close, weakest first, and more of the weakest while the multiply-adds exceed the budget; then
 * of those closed the strongest that still fits opens again, until none does. Equal scores: the earlier group, then the
 * earlier unit.
 *
 * Wishes of the rules come first, as in the planner; floors hold, and no group falls under `leastOpen`. With `roundTo` units
 * move in blocks. At a budget of 1 nothing closes but by a wish. `scores` are by gate. Throws `NetworkError` for rules that
 * name layers or filters the network does not have.
 */
export function projectOntoBudget(
  graph: Graph,
  layout: GateLayout,
  scores: ArrayLike<number>,
  rules: CutRules,
): CutPlan {
  const { table } = layout;
  const scoreOf = Float64Array.from(layout.gateOf, (gate) => (gate < 0 ? 0 : (scores[gate] ?? 0)));
  const removal = new Removal(table);
  const original = removal.macs;
  const limit = rules.budget * original * (1 + 1e-12);
  const wishes = grantWishes(graph, table, rules, scoreOf, removal);
  const free = freeUnits(layout, removal, wishes);
  const state: State = { layout, removal, scoreOf, wishes, rules, free };
  const { layers: stoppedBy, groups: lastOpen } = close(state, limit);
  open(state, limit);
  const share = original === 0 ? 1 : removal.macs / original;
  const notes = [...wishes.notes];
  if (rules.allocation !== 'global') {
    notes.push(`The widths are those the gates learned: the allocation "${rules.allocation}" was not used.`);
  }
  const { removed, filters } = removedFilters(state);
  return {
    removed,
    macs: removal.macs,
    parameters: costOf(table.parameterTerms, removal.widths),
    share,
    filters,
    ...(removal.macs <= limit
      ? {}
      : { shortfall: shortfallText(table, rules, { wishes, stoppedBy }, share, leastOpenText(lastOpen)) }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

interface State {
  readonly layout: GateLayout;
  readonly removal: Removal;
  /** By unit. */
  readonly scoreOf: Float64Array;
  readonly wishes: Wishes;
  readonly rules: CutRules;
  /** Units of each group of the table that the budget may close and open. */
  readonly free: readonly (readonly number[])[];
}

/** Units with a gate, in groups the rules leave to the budget, that no hand has decided. */
function freeUnits({ table, gateOf }: GateLayout, removal: Removal, { frozen, kept }: Wishes): State['free'] {
  return table.groups.map(({ group, firstUnit }, index) => {
    if (frozen.has(index)) return [];
    const units = Array.from({ length: group.size }, (_, unit) => firstUnit + unit);
    return units.filter((unit) => (gateOf[unit] ?? -1) >= 0 && !removal.isGone(unit) && !kept.has(unit));
  });
}

/** What refused to close: positions of layers at their floor, and groups down to their last gates. */
interface Stops {
  readonly layers: Set<number>;
  readonly groups: Set<string>;
}

function close(state: State, limit: number): Stops {
  const { layout, removal, rules } = state;
  const minima = minimaOf(layout.table, rules.floor);
  const stops: Stops = { layers: new Set(), groups: new Set() };
  const queues = layout.table.groups.map((_, group) => blocksToClose(state, group));
  for (;;) {
    const queue = nextQueue(queues, 1);
    const [block] = queue ?? [];
    if (queue === undefined || block === undefined) return stops;
    if (removal.macs <= limit && (block.score >= 0 || rules.budget === 1)) return stops;
    const { group } = layout.table.groups[block.group] ?? {};
    const stop = removal.blockedBy(block.group, block.units.length, minima);
    const last = group !== undefined && removal.leftIn(block.group) - block.units.length < leastOpen(group.size);
    if (stop < 0 && !last) {
      removal.remove(block.group, block.units);
      queue.shift();
      continue;
    }
    if (stop >= 0) stops.layers.add(stop);
    else stops.groups.add(group?.id ?? '');
    // Widths only fall here: what is refused now stays refused, and with it all that follows in its group.
    queue.length = 0;
  }
}

function open(state: State, limit: number): void {
  const { removal } = state;
  const queues = state.layout.table.groups.map((_, group) => blocksToOpen(state, group));
  for (;;) {
    const queue = nextQueue(queues, -1);
    const [block] = queue ?? [];
    if (queue === undefined || block === undefined) return;
    removal.restore(block.group, block.units);
    if (removal.macs <= limit) {
      queue.shift();
      continue;
    }
    removal.remove(block.group, block.units);
    // Whatever else opens, this one only gets dearer.
    queue.length = 0;
  }
}

/** The queue whose first block has the lowest (`sign` 1) or highest (-1) score; the earliest of equals. */
function nextQueue(queues: readonly Block[][], sign: 1 | -1): Block[] | undefined {
  let best: Block[] | undefined;
  for (const queue of queues) {
    const [block] = queue;
    const [leader] = best ?? [];
    if (block !== undefined && (leader === undefined || sign * (block.score - leader.score) < 0)) best = queue;
  }
  return best;
}

function blocksToClose({ removal, scoreOf, rules, free }: State, group: number): Block[] {
  const units = (free[group] ?? []).toSorted((a, b) => (scoreOf[a] ?? 0) - (scoreOf[b] ?? 0) || a - b);
  const left = removal.leftIn(group);
  // A group narrower than the multiple gives filters one by one, as in the planner.
  const size = left < rules.roundTo ? 1 : rules.roundTo;
  const blocks: Block[] = [];
  for (let at = 0; at < units.length;) {
    const count = (left - at) % size || size;
    if (at + count <= units.length) blocks.push(blockOf(group, units.slice(at, at + count), scoreOf));
    at += count;
  }
  return blocks;
}

function blocksToOpen({ layout, removal, scoreOf, rules, free }: State, group: number): Block[] {
  const own = free[group] ?? [];
  const closed = own.filter((unit) => removal.isGone(unit));
  const units = closed.toSorted((a, b) => (scoreOf[b] ?? 0) - (scoreOf[a] ?? 0) || a - b);
  const whole = layout.table.groups[group]?.group.size ?? 0;
  const left = removal.leftIn(group);
  const size = left + closed.length < rules.roundTo ? 1 : rules.roundTo;
  const blocks: Block[] = [];
  for (let at = 0; at < units.length;) {
    const count = Math.min(size - ((left + at) % size), units.length - at);
    // A width that is no multiple is right only where nothing was lost.
    const right = (left + at + count) % size === 0 || left + at + count === whole;
    if (right) blocks.push(blockOf(group, units.slice(at, at + count), scoreOf));
    at += count;
  }
  return blocks;
}

function blockOf(group: number, units: readonly number[], scoreOf: Float64Array): Block {
  return { group, units, score: units.reduce((sum, unit) => sum + (scoreOf[unit] ?? 0), 0) / units.length };
}

function removedFilters({ layout: { table }, removal }: State): Pick<CutPlan, 'removed' | 'filters'> {
  const removed: Record<LayerId, readonly ChannelIndex[]> = {};
  const filters = { removed: 0, total: 0 };
  for (const [layer, units] of table.unitsOf) {
    if (table.locked.has(layer)) continue;
    const gone = [...units.keys()].filter((channel) => removal.isGone(units[channel] ?? -1));
    if (gone.length > 0) removed[layer] = gone;
    filters.removed += gone.length;
    filters.total += units.length;
  }
  return { removed, filters };
}

function leastOpenText(groups: ReadonlySet<string>): readonly string[] {
  const [first] = groups;
  if (first === undefined) return [];
  const more = groups.size === 1 ? '' : ` and ${groups.size - 1} more`;
  return [`an eighth of the gates stays open in "${first}"${more}`];
}
