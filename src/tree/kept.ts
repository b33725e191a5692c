/** What a plan leaves of every row: filters, cost, and the channels on the trunk. Runs on every frame of a drag. */
import type { RemovedChannels } from '../../workers/protocol';
import type { Plan } from '../studio/state';
import { keptRanks } from './rank-rows';
import type { TreeModel, TreeRow } from './tree-model';

export interface KeptRow {
  /** By channel: 1 = cut. */
  readonly cut: Uint8Array;
  readonly kept: number;
  readonly macs: number;
  readonly weights: number;
}

export interface KeptTree {
  readonly rows: readonly KeptRow[];
  /** Channels left on every stretch of the trunk. */
  readonly trunk: readonly number[];
  /** By coupling class: 1 = cut. */
  readonly gone: Uint8Array;
}

/** What a plan leaves, cut or truncation; all of it without a plan. */
export function keptBy(model: TreeModel, plan: Plan | null): KeptTree {
  if (plan?.truncation !== undefined) return keptRanks(model, plan.truncation);
  return keptTree(model, plan?.removed ?? {});
}

export function keptTree(model: TreeModel, removed: RemovedChannels): KeptTree {
  return keptWithout(model, goneClasses(model, removed));
}

/** By coupling class: 1 where `removed` takes it. */
export function goneClasses(model: TreeModel, removed: RemovedChannels): Uint8Array {
  const gone = new Uint8Array(model.classes);
  for (const [layer, channels] of Object.entries(removed)) {
    const classes = model.classesOf.get(layer);
    for (const channel of channels) {
      const own = classes?.[channel];
      if (own !== undefined) gone[own] = 1;
    }
  }
  return gone;
}

/** What is left without the classes marked in `gone`. */
export function keptWithout(model: TreeModel, gone: Uint8Array): KeptTree {
  const rows = model.rows.map((row): KeptRow => {
    const cut = row.output.map((own) => gone[own] ?? 0);
    let lost = 0;
    for (const flag of cut) lost += flag;
    const ratio = costRatio(row, row.filters - lost, gone);
    return {
      cut: Uint8Array.from(cut),
      kept: row.filters - lost,
      macs: row.macs * ratio,
      weights: row.weights * ratio,
    };
  });
  const trunk = model.trunk.map(({ classes }) => {
    let kept = 0;
    for (const own of classes) if (gone[own] !== 1) kept += 1;
    return kept;
  });
  return { rows, trunk, gone };
}

/** Share of a row's cost that is left: filters kept times inputs kept. */
function costRatio(row: TreeRow, kept: number, gone: Uint8Array): number {
  if (row.input === null) return kept / row.filters;
  let inputs = 0;
  for (const own of row.input) if (gone[own] !== 1) inputs += 1;
  return (kept / row.filters) * (inputs / row.input.length);
}

/** Multiply-adds that keeping this filter, with all that is tied to it, costs in the present cut. */
export function costOfKeeping(model: TreeModel, present: KeptTree, row: number, channel: number): number {
  const own = model.rows[row]?.output[channel];
  if (own === undefined) return 0;
  const total = (tree: KeptTree): number => tree.rows.reduce((sum, { macs }) => sum + macs, 0);
  const toggled = present.gone.slice();
  toggled[own] = present.gone[own] === 1 ? 0 : 1;
  return Math.abs(total(present) - total(keptWithout(model, toggled)));
}
