/**
 * The order in which filters go as the budget falls.
 *
 * Budgets only choose how far along it to walk. That makes a dragged budget a binary search, and a lower budget can
 * never bring a filter back.
 */
import { NetworkError, type Graph } from '../graph';
import type { CutRules, Sensitivity } from '../plan';
import { lossCurve, type LossCurve } from './loss-curve';
import { Removal } from './removal';
import type { UnitTable } from './unit-table';
import { grantWishes, type Wishes } from './wishes';

export interface Trajectory {
  /** MACs after each step; entry 0 is after the wishes, before any step. Strictly falling. */
  readonly macs: readonly number[];
  /** Step at which a unit goes: 0 = by a wish, -1 = never. */
  readonly stepOf: Int32Array;
  readonly wishes: Wishes;
  /** Layers whose minimum refused a step. */
  readonly stoppedBy: ReadonlySet<number>;
}

export interface TrajectoryInput {
  readonly graph: Graph;
  readonly table: UnitTable;
  /** Score of every unit. */
  readonly scores: Float64Array;
  readonly sensitivity?: Sensitivity | undefined;
}

/** Units of one group that go in one step. */
interface Block {
  readonly group: number;
  readonly units: readonly number[];
  /** Mean score of its units. */
  readonly score: number;
  /** Share of the group that is gone after it, and before. */
  readonly share: number;
  readonly shareBefore: number;
}

/** What a block costs to lose: the cheapest goes next. */
type Price = (block: Block, removal: Removal) => number;

/**
 * All steps down to the smallest network the rules allow. Throws `NetworkError` for rules naming unknown layers, and for
 * `sensitivity` allocation without a scan.
 */
export function trajectory(input: TrajectoryInput, rules: Omit<CutRules, 'budget'>): Trajectory {
  const { table, scores } = input;
  const removal = new Removal(table);
  const wishes = grantWishes(input.graph, table, rules, scores, removal);
  const stepOf = Int32Array.from({ length: table.unitCount }, (_, unit) => (removal.isGone(unit) ? 0 : -1));
  const queues = table.groups.map((_, group) => blocksOf(input, group, rules.roundTo, removal, wishes).values());
  const fronts = queues.flatMap((queue) => next(queue));
  const price = priceOf(input, rules.allocation);
  const minima = minimaOf(table, rules.floor);
  const macs = [removal.macs];
  const stoppedBy = new Set<number>();
  while (fronts.length > 0) {
    const at = cheapest(fronts, price, removal);
    const block = fronts[at];
    if (block === undefined) break;
    const stop = removal.blockedBy(block.group, block.units.length, minima);
    if (stop >= 0) {
      // Widths only fall: what is refused now is refused for good, and so is all that follows it in its group.
      stoppedBy.add(stop);
      fronts.splice(at, 1);
      continue;
    }
    removal.remove(block.group, block.units);
    for (const unit of block.units) stepOf[unit] = macs.length;
    macs.push(removal.macs);
    fronts.splice(at, 1, ...next(queues[block.group] ?? [].values()));
  }
  return { macs, stepOf, wishes, stoppedBy };
}

function next(queue: IterableIterator<Block>): readonly Block[] {
  const result = queue.next();
  return result.done === true ? [] : [result.value];
}

/** The group's units that the budget may take, weakest first, cut into blocks that keep rounded widths. */
function blocksOf(
  { table, scores }: TrajectoryInput,
  index: number,
  roundTo: CutRules['roundTo'],
  removal: Removal,
  { frozen, kept }: Wishes,
): readonly Block[] {
  const entry = table.groups[index];
  if (entry === undefined || frozen.has(index)) return [];
  const { group, firstUnit } = entry;
  const units = Array.from({ length: group.size }, (_, unit) => firstUnit + unit)
    .filter((unit) => !removal.isGone(unit) && !kept.has(unit))
    .sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
  const blocks: Block[] = [];
  let left = removal.leftIn(index);
  const narrow = left < roundTo;
  for (let taken = 0; taken < units.length;) {
    const size = narrow ? 1 : left % roundTo || roundTo;
    if (taken + size > units.length) break;
    const block = units.slice(taken, taken + size);
    const score = block.reduce((sum, unit) => sum + (scores[unit] ?? 0), 0) / size;
    const shareBefore = 1 - left / group.size;
    left -= size;
    taken += size;
    blocks.push({ group: index, units: block, score, shareBefore, share: 1 - left / group.size });
  }
  return blocks;
}

function priceOf({ table, sensitivity }: TrajectoryInput, allocation: CutRules['allocation']): Price {
  switch (allocation) {
    case 'global':
      return ({ score }) => score;
    case 'uniform':
      return ({ share }) => share;
    case 'sensitivity': {
      if (sensitivity === undefined) {
        throw new NetworkError(
          'Allocation by sensitivity needs a sensitivity scan; run one, or choose another allocation.',
        );
      }
      const curves = table.groups.map(({ group }): LossCurve | undefined => {
        const curve = sensitivity[group.id];
        return curve === undefined ? undefined : lossCurve(curve);
      });
      return ({ group, units, share, shareBefore }, removal) => {
        const curve = curves[group];
        // What the scan has not reached goes last.
        if (curve === undefined) return Infinity;
        return (curve(share) - curve(shareBefore)) / removal.saving(group, units.length);
      };
    }
  }
}

/** Equal prices: the group that has lost least so far, then the earlier one. */
function cheapest(fronts: readonly Block[], price: Price, removal: Removal): number {
  let best = 0;
  let bestPrice = Infinity;
  let bestShare = Infinity;
  fronts.forEach((block, at) => {
    const own = price(block, removal);
    if (own > bestPrice || (own === bestPrice && block.share >= bestShare)) return;
    [best, bestPrice, bestShare] = [at, own, block.share];
  });
  return best;
}

/** Channels every layer must keep: the floor of weighted layers, one elsewhere (a slice may not become empty). */
export function minimaOf(table: UnitTable, floor: number): Int32Array {
  const minima = new Int32Array(table.layers.length).fill(1);
  table.layers.forEach((id, position) => {
    const width = table.unitsOf.get(id)?.length ?? 1;
    // 0.1 * 30 is 3.0000000000000004 in float64, and means 3.
    if (table.unitsOf.has(id)) minima[position] = Math.max(1, Math.ceil(floor * width - 1e-9));
  });
  return minima;
}
