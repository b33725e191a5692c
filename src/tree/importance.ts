/** Colour and order of a row's filters: one scale over the whole network, strongest first. */
import type { FilterScores } from '../../workers/network/plan';
import { rampStop } from '../ui/palette';
import type { FilterOrder } from '../studio/state';
import type { TreeModel } from './tree-model';

export interface RowImportance {
  /** Channel drawn at each position. */
  readonly order: Uint16Array;
  /** Position of each channel in the order of importance, 0 = strongest. */
  readonly rank: Uint16Array;
  /** Stop of the ramp by channel; null where the method gives the layer no scores. */
  readonly stops: Uint8Array | null;
  /** Importance relative to the layer's mean, by channel; null as `stops`. */
  readonly relative: Float32Array | null;
}

/** The weakest and strongest few would stretch the ramp; they take its ends. */
const outliers = 0.03;

/**
 * `scores` as the method gave them, by layer; `ranking` as the planner compares them (equal for tied filters), so that
 * knotted rows stand in the same order. `normalise` as the planner's.
 */
export function rowImportances(
  model: TreeModel,
  scores: FilterScores,
  ranking: FilterScores,
  normalise: 'layerMean' | 'none',
  order: FilterOrder,
): readonly RowImportance[] {
  const relative = model.rows.map(({ layer }) => relativeToMean(scores[layer]));
  const compared = model.rows.map(({ layer }, index) =>
    normalise === 'layerMean' ? (relative[index] ?? null) : (scores[layer] ?? null),
  );
  const [low, high] = range(compared);
  return model.rows.map((row, index): RowImportance => {
    const own = compared[index] ?? null;
    const ranked = rankedChannels(row.filters, ranking[row.layer] ?? own);
    const rank = new Uint16Array(row.filters);
    ranked.forEach((channel, position) => (rank[channel] = position));
    return {
      order: order === 'strongest first' ? ranked : Uint16Array.from({ length: row.filters }, (_, channel) => channel),
      rank,
      stops: own === null ? null : Uint8Array.from(own, (value) => rampStop((logOf(value) - low) / (high - low || 1))),
      relative: relative[index] ?? null,
    };
  });
}

function relativeToMean(scores: Float32Array | undefined): Float32Array | null {
  if (scores === undefined) return null;
  let sum = 0;
  for (const score of scores) sum += Math.abs(score);
  const mean = sum / scores.length;
  return mean > 0 ? scores.map((score) => score / mean) : scores.slice();
}

function rankedChannels(filters: number, scores: Float32Array | null): Uint16Array {
  const channels = Uint16Array.from({ length: filters }, (_, channel) => channel);
  if (scores === null) return channels;
  return channels.sort((first, second) => (scores[second] ?? 0) - (scores[first] ?? 0) || first - second);
}

function range(rows: readonly (Float32Array | null)[]): readonly [number, number] {
  const logs: number[] = [];
  for (const row of rows) {
    if (row === null) continue;
    for (const value of row) if (value > 0) logs.push(Math.log(value));
  }
  logs.sort((first, second) => first - second);
  const at = (share: number): number => logs[Math.round(share * (logs.length - 1))] ?? 0;
  return [at(outliers), at(1 - outliers)];
}

/** Zero and negative importances stand under everything else. */
function logOf(value: number): number {
  return value > 0 ? Math.log(value) : -Infinity;
}
