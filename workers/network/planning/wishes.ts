/**
 * What the rules decide before any budget: hand cuts, hand keeps, protected layers, layers that keep a given number.
 */
import { isWeighted, NetworkError, type Graph, type LayerId } from '../graph';
import type { CutRules } from '../plan';
import type { Removal } from './removal';
import type { UnitTable } from './unit-table';

export interface Wishes {
  /** Groups the budget may not touch, and why. */
  readonly frozen: ReadonlyMap<number, 'locked' | 'protect' | 'keep'>;
  /** Units kept by hand. */
  readonly kept: ReadonlySet<number>;
  /** Wishes that could not be granted, one sentence each. */
  readonly notes: readonly string[];
}

type Rules = Pick<CutRules, 'protect' | 'keep' | 'byHand'>;

/**
 * Carries the wishes out on `removal`. Where they contradict each other, keeping wins over cutting and, among layers
 * that keep a given number, the earlier one; each loser gets a note. No layer is emptied.
 * Throws `NetworkError` for a layer or filter the network does not have.
 */
export function grantWishes(
  graph: Graph,
  table: UnitTable,
  rules: Rules,
  scores: Float64Array,
  removal: Removal,
): Wishes {
  checkNames(graph, table, rules);
  const notes: string[] = [];
  const frozen = new Map<number, 'locked' | 'protect' | 'keep'>();
  const protectedLayers = new Set(rules.protect);
  table.groups.forEach(({ group }, index) => {
    if (group.locked !== undefined) frozen.set(index, 'locked');
    else if (group.members.some(({ layer }) => protectedLayers.has(layer))) frozen.set(index, 'protect');
  });
  const ascending = (a: number, b: number): number => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b;
  const kept = new Set(handPicked(table, rules, 'keep'));
  const minima = new Int32Array(table.layers.length).fill(1);

  for (const unit of handPicked(table, rules, 'cut').sort(ascending)) {
    const group = table.groupOf[unit] ?? -1;
    const stop = kept.has(unit)
      ? 'it is also kept by hand'
      : (frozenText(frozen.get(group)) ?? emptiedText(table, removal.blockedBy(group, 1, minima)));
    if (stop === undefined) removal.remove(group, [unit]);
    else notes.push(`A filter of "${table.groups[group]?.group.id ?? ''}" cut by hand stays: ${stop}.`);
  }

  const counted = graph.layers.filter(({ id }) => rules.keep[id] !== undefined).map(({ id }) => id);
  const granted = new Set<number>();
  for (const id of counted) {
    const position = table.layers.indexOf(id);
    const wanted = Math.max(1, rules.keep[id] ?? 1);
    const mayFall = Int32Array.from(minima);
    mayFall[position] = wanted;
    const candidates = [...new Set(table.unitsOf.get(id))].filter((unit) => {
      const group = table.groupOf[unit] ?? -1;
      return !removal.isGone(unit) && !kept.has(unit) && !frozen.has(group) && !granted.has(group);
    });
    for (const unit of candidates.sort(ascending)) {
      const group = table.groupOf[unit] ?? -1;
      if (removal.blockedBy(group, 1, mayFall) < 0) removal.remove(group, [unit]);
    }
    const reached = removal.widths[position] ?? 0;
    if (reached !== wanted) {
      const cause =
        wanted > reached ? 'no more are there' : (table.locked.get(id) ?? 'tied layers or other rules hold them');
      notes.push(`"${id}" keeps ${reached} filters instead of ${wanted}: ${cause.replace(/\.$/, '')}.`);
    }
    for (const unit of table.unitsOf.get(id) ?? []) granted.add(table.groupOf[unit] ?? -1);
  }
  for (const group of granted) if (!frozen.has(group)) frozen.set(group, 'keep');
  return { frozen, kept, notes };
}

function handPicked(table: UnitTable, { byHand }: Rules, choice: 'cut' | 'keep'): number[] {
  const units = new Set<number>();
  for (const [layer, picks] of Object.entries(byHand)) {
    for (const channel of picks[choice]) units.add(table.unitsOf.get(layer)?.[channel] ?? -1);
  }
  return [...units];
}

function checkNames(graph: Graph, table: UnitTable, rules: Rules): void {
  const named = [...rules.protect, ...Object.keys(rules.keep), ...Object.keys(rules.byHand)];
  for (const id of named) {
    const layer = graph.layers.find((candidate) => candidate.id === id);
    if (layer !== undefined && isWeighted(layer)) continue;
    const problem = layer === undefined ? 'the network has no such layer' : `a ${layer.op} layer has no filters`;
    throw new NetworkError(`The rules name "${id}", but ${problem}; name a convolution or dense layer.`, id);
  }
  for (const [id, { cut, keep }] of Object.entries(rules.byHand)) {
    const width = table.unitsOf.get(id)?.length ?? 0;
    const bad = [...cut, ...keep].find((channel) => !Number.isInteger(channel) || channel < 0 || channel >= width);
    if (bad === undefined) continue;
    throw new NetworkError(`The rules name filter ${bad} of "${id}", which has filters 0 to ${width - 1}.`, id);
  }
}

function frozenText(reason: 'locked' | 'protect' | 'keep' | undefined): string | undefined {
  return reason === undefined ? undefined : reason === 'protect' ? 'its layer is protected' : 'it cannot be cut';
}

function emptiedText(table: UnitTable, position: number): string | undefined {
  const layer: LayerId | undefined = table.layers[position];
  return layer === undefined ? undefined : `"${layer}" would keep none`;
}
