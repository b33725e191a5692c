/**
 * The budget planner: from importances and rules to the filters that go.
 *
 * Built once per scores, asked on every frame of a dragged budget: all but the budget decides the order in which filters
 * go (kept between calls), and the budget only says how far along it.
 */
import { NetworkError, type ChannelIndex, type LayerId } from './graph';
import type { CutPlan, CutRules, FilterScores, PlannerInput, Reduction, RemovedChannels } from './plan';
import { shortfallText } from './planning/shortfall';
import { trajectory, type Trajectory } from './planning/trajectory';
import { scoreUnits, spreadOverFilters } from './planning/unit-scores';
import { costOf, unitTable, type UnitTable } from './planning/unit-table';

export type Planner = (rules: CutRules) => CutPlan;

/** Nothing asked, nothing forbidden. */
export const openRules: CutRules = {
  budget: 1,
  allocation: 'global',
  reduction: 'mean',
  floor: 0,
  roundTo: 1,
  protect: [],
  keep: {},
  byHand: {},
};

/**
 * The plan for any rules over the given scores.
 *
 * Filters go one unit at a time (`roundTo` > 1: one block) until the multiply-adds fit the budget, and no further:
 * one unit fewer would exceed it. `global` takes the unit with the least score of all layers; `uniform` the unit
 * whose group has lost the least share; `sensitivity` the unit with the least expected accuracy loss per multiply-add
 * saved, by the scan's convex hull. Equal ones are taken from the group that has lost least. Hand choices, protected
 * layers and `keep` are carried out first, and the budget leaves them alone; the floor stops the budget, not hands.
 *
 * `createPlanner` throws `NetworkError` for scores that do not fit the graph or are not finite; the planner throws it
 * for rules that name unknown layers or filters, a budget outside (0, 1], a floor outside [0, 1], and `sensitivity`
 * without a scan. Wishes that contradict each other are noted in the plan, and a budget out of reach is its `shortfall`.
 */
export function createPlanner(input: PlannerInput): Planner {
  const table = unitTable(input.graph);
  const scores = new Map<Reduction, Float64Array>();
  const scoresBy = (reduction: Reduction): Float64Array => {
    const own = scores.get(reduction) ?? scoreUnits(table, input, reduction);
    scores.set(reduction, own);
    return own;
  };
  scoresBy('mean');
  let last: { readonly rules: CutRules; readonly steps: Trajectory } | undefined;
  return (rules) => {
    checkShares(rules);
    if (last === undefined || !sameOrder(last.rules, rules)) {
      const { graph, sensitivity } = input;
      last = { rules, steps: trajectory({ graph, table, scores: scoresBy(rules.reduction), sensitivity }, rules) };
    }
    return planOf(table, rules, last.steps);
  };
}

/**
 * Score of every filter as the planner compares them: normalised, and equal for tied filters. Orders a row of the
 * tree. Layers without scores are absent. Throws as `createPlanner`.
 */
export function unitScores(input: PlannerInput, reduction: Reduction): FilterScores {
  const table = unitTable(input.graph);
  return spreadOverFilters(table, scoreUnits(table, input, reduction));
}

/** The plan that keeps `widths` filters of each named layer, the weakest going, whatever it costs. Throws as the planner. */
export function planWidths(
  input: PlannerInput,
  widths: Readonly<Record<LayerId, number>>,
  reduction: Reduction = 'mean',
): CutPlan {
  return createPlanner(input)({ ...openRules, reduction, keep: widths });
}

function planOf(table: UnitTable, rules: CutRules, steps: Trajectory): CutPlan {
  const original = costOf(table.macTerms, table.widths);
  // A share read off an earlier plan may be a rounding error below it.
  const reached = firstWithin(steps.macs, rules.budget * original * (1 + 1e-12));
  const step = Math.min(reached, steps.macs.length - 1);
  const macs = steps.macs[step] ?? original;
  const share = original === 0 ? 1 : macs / original;
  const { removed, filters } = removedAt(table, steps.stepOf, step);
  const { notes } = steps.wishes;
  return {
    removed,
    macs,
    parameters: costOf(table.parameterTerms, widthsAt(table, steps.stepOf, step)),
    share,
    filters,
    ...(reached === step ? {} : { shortfall: shortfallText(table, rules, steps, share) }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

/** Index of the first entry of a falling series that is at most `limit`; its length when none is. */
function firstWithin(falling: readonly number[], limit: number): number {
  let [low, high] = [0, falling.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((falling[middle] ?? 0) <= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

function removedAt(
  table: UnitTable,
  stepOf: Int32Array,
  step: number,
): { readonly removed: RemovedChannels; readonly filters: CutPlan['filters'] } {
  const removed: Record<LayerId, readonly ChannelIndex[]> = {};
  const filters = { removed: 0, total: 0 };
  for (const [layer, units] of table.unitsOf) {
    if (table.locked.has(layer)) continue;
    filters.total += units.length;
    const own: ChannelIndex[] = [];
    units.forEach((unit, channel) => {
      const goes = stepOf[unit] ?? -1;
      if (goes >= 0 && goes <= step) own.push(channel);
    });
    if (own.length > 0) removed[layer] = own;
    filters.removed += own.length;
  }
  return { removed, filters };
}

function widthsAt(table: UnitTable, stepOf: Int32Array, step: number): Int32Array {
  const widths = Int32Array.from(table.widths);
  for (const { group, firstUnit, occurrences } of table.groups) {
    let gone = 0;
    for (let unit = firstUnit; unit < firstUnit + group.size; unit++) {
      const goes = stepOf[unit] ?? -1;
      if (goes >= 0 && goes <= step) gone++;
    }
    if (gone === 0) continue;
    for (const { position, channels } of occurrences) widths[position] = (widths[position] ?? 0) - gone * channels;
  }
  return widths;
}

/** Whether two rules differ in nothing but their budget. Dragging keeps the same objects, which is the quick way. */
function sameOrder(a: CutRules, b: CutRules): boolean {
  const same = <T>(x: T, y: T): boolean => x === y || JSON.stringify(x) === JSON.stringify(y);
  return (
    a.allocation === b.allocation &&
    a.reduction === b.reduction &&
    a.floor === b.floor &&
    a.roundTo === b.roundTo &&
    same(a.protect, b.protect) &&
    same(a.keep, b.keep) &&
    same(a.byHand, b.byHand)
  );
}

function checkShares({ budget, floor }: CutRules): void {
  if (!(budget > 0 && budget <= 1)) {
    throw new NetworkError(`The budget is a share of the multiply-adds above 0 and up to 1, not ${budget}.`);
  }
  if (!(floor >= 0 && floor <= 1))
    throw new NetworkError(`The floor is a share of the filters from 0 to 1, not ${floor}.`);
}
