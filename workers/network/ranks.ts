/**
 * Sharing out ranks over layers for a budget of multiply-adds: what truncating methods decide once they know the energy
 * of every direction.
 */
import { tailSums } from '../linalg/energy';

/** Kernels that are split together (one, unless layers share it). */
export interface RankCandidate {
  /** Multiply-adds of the layers as they are. */
  readonly dense: number;
  /** Multiply-adds of the pairs in their place, for each rank. */
  readonly perRank: number;
  /** Squared singular values, descending. */
  readonly energies: ArrayLike<number>;
}

/** One way to leave a candidate: at `rank` (dense when undefined), for `macs`, having lost `lost` of its energy (share of 1). */
interface Choice {
  readonly rank: number | undefined;
  readonly macs: number;
  readonly lost: number;
}

interface Move {
  readonly candidate: number;
  readonly to: Choice;
  /** Energy lost for each multiply-add saved. */
  readonly price: number;
}

/**
 * Ranks, by position of the candidate (undefined = leave it dense), whose multiply-adds add up to at most `allowance`
 * wherever that can be.
 *
 * Greedy: again and again the step that loses least energy (as a share of its kernel's own) for each multiply-add it
 * saves. A pair at or above its break-even rank saves nothing, so a layer's first step leads from dense straight to the
 * rank at which leaving dense is cheapest; on the lower convex hull of (saved, lost) greedy is optimal up to its last
 * step. What the last step saved too much is given back, rank by rank, where it recovers the most energy.
 */
export function chooseRanks(candidates: readonly RankCandidate[], allowance: number): readonly (number | undefined)[] {
  const moves = candidates.flatMap((candidate, index) => hullMoves(candidate, index));
  moves.sort((a, b) => a.price - b.price);
  const chosen = candidates.map(({ dense }): Choice => ({ rank: undefined, macs: dense, lost: 0 }));
  let macs = candidates.reduce((sum, { dense }) => sum + dense, 0);
  for (const { candidate, to } of moves) {
    if (macs <= allowance) break;
    macs += to.macs - (chosen[candidate]?.macs ?? 0);
    chosen[candidate] = to;
  }
  const ranks = chosen.map(({ rank }) => rank);
  giveBack(candidates, ranks, allowance - macs);
  return ranks;
}

/** Raises ranks into what is left of the budget. A pair never grows to where it would cost as much as the layer. */
function giveBack(candidates: readonly RankCandidate[], ranks: (number | undefined)[], slack: number): void {
  const totals = candidates.map(({ energies }) => (tailSums(energies)[0] ?? 0) || 1);
  let left = slack;
  for (;;) {
    let best: { index: number; rank: number; cost: number; gain: number } | undefined;
    for (const [index, { dense, perRank, energies }] of candidates.entries()) {
      const rank = ranks[index];
      if (rank === undefined || perRank > left) continue;
      if (rank >= energies.length || (rank + 1) * perRank >= dense) continue;
      const gain = (energies[rank] ?? 0) / (totals[index] ?? 1) / perRank;
      if (best === undefined || gain > best.gain) best = { index, rank: rank + 1, cost: perRank, gain };
    }
    if (best === undefined) return;
    ranks[best.index] = best.rank;
    left -= best.cost;
  }
}

/** Steps along the lower convex hull of (multiply-adds saved, energy lost), from dense to rank 1, each dearer than the last. */
function hullMoves({ dense, perRank, energies }: RankCandidate, candidate: number): Move[] {
  const lost = tailSums(energies);
  const total = (lost[0] ?? 0) || 1;
  const hull: Choice[] = [{ rank: undefined, macs: dense, lost: 0 }];
  for (let rank = energies.length; rank >= 1; rank--) {
    const next: Choice = { rank, macs: rank * perRank, lost: (lost[rank] ?? 0) / total };
    if (next.macs >= dense) continue;
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (before === undefined || last === undefined || price(before, last) <= price(last, next)) break;
      hull.pop();
    }
    hull.push(next);
  }
  return hull.slice(1).map((to, index) => ({ candidate, to, price: price(hull[index] ?? to, to) }));
}

function price(from: Choice, to: Choice): number {
  return (to.lost - from.lost) / (from.macs - to.macs);
}
