/**
 * From importances per filter to one number per unit.
 */
import { NetworkError, type LayerId } from '../graph';
import type { FilterScores, PlannerInput, Reduction } from '../plan';
import type { UnitGroup, UnitTable } from './unit-table';

/**
 * Score of every unit: with `layerMean` each layer's importances are first divided by the mean of their magnitudes;
 * the reduction then runs over all filters of the unit that have one (`first`: the filters of its first such layer).
 * Units of locked groups without importances score NaN. Throws `NetworkError` for scores of the wrong length, scores
 * that are not finite, and a unit that can be cut but has none.
 */
export function scoreUnits(
  table: UnitTable,
  { scores, normalise }: Pick<PlannerInput, 'scores' | 'normalise'>,
  reduction: Reduction,
): Float64Array {
  const comparable = new Map<LayerId, Float64Array>();
  for (const [layer, units] of table.unitsOf) {
    const own = scores[layer];
    if (own !== undefined) comparable.set(layer, comparableScores(layer, own, units.length, normalise));
  }
  const result = new Float64Array(table.unitCount);
  for (const entry of table.groups) scoreGroup(entry, comparable, reduction, result);
  return result;
}

/** The same scores spread over the filters: what orders a row of the tree. Layers without any score are absent. */
export function spreadOverFilters(table: UnitTable, unitScores: Float64Array): FilterScores {
  const spread: Record<LayerId, Float32Array> = {};
  for (const [layer, units] of table.unitsOf) {
    const own = Float32Array.from(units, (unit) => unitScores[unit] ?? NaN);
    if (!own.some(Number.isNaN)) spread[layer] = own;
  }
  return spread;
}

function comparableScores(
  layer: LayerId,
  scores: Float32Array,
  width: number,
  normalise: PlannerInput['normalise'],
): Float64Array {
  if (scores.length !== width) {
    throw new NetworkError(
      `Layer "${layer}" has ${width} filters, but ${scores.length} scores; score it again.`,
      layer,
    );
  }
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    const problem = `The score of filter ${bad} of "${layer}" is ${scores[bad] ?? NaN}`;
    throw new NetworkError(`${problem}; the network's weights or gradients have diverged.`, layer);
  }
  const mean = scores.reduce((sum, score) => sum + Math.abs(score), 0) / width;
  const divisor = normalise === 'layerMean' && mean > 0 ? mean : 1;
  return Float64Array.from(scores, (score) => score / divisor);
}

function scoreGroup(
  { group, firstUnit }: UnitGroup,
  scores: ReadonlyMap<LayerId, Float64Array>,
  reduction: Reduction,
  result: Float64Array,
): void {
  const scored = group.members.filter(({ layer }) => scores.has(layer));
  const members = reduction === 'first' ? scored.slice(0, 1) : scored;
  if (members.length === 0 && group.locked === undefined) {
    throw new NetworkError(`No method has scored "${group.id}"; score every layer that can be cut.`, group.id);
  }
  for (let unit = 0; unit < group.size; unit++) {
    const tied = members.flatMap(({ layer, channels }) =>
      (channels[unit] ?? []).map((channel) => scores.get(layer)?.[channel] ?? NaN),
    );
    result[firstUnit + unit] = tied.length === 0 ? NaN : reduce(tied, reduction);
  }
}

function reduce(tied: readonly number[], reduction: Reduction): number {
  const sum = tied.reduce((a, b) => a + b, 0);
  switch (reduction) {
    case 'max':
      return Math.max(...tied);
    case 'sum':
      return sum;
    case 'mean':
    case 'first':
      return sum / tied.length;
  }
}
