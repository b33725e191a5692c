/**
 * What fine-tuning should bring back, between networks that were measured: never beyond them, never without them.
 *
 * Piecewise linear through one method's measured points and the original. The band is what leaving each point out in
 * turn would have missed it by, so it is absent until a point stands between two others.
 */
/** In %: multiply-adds kept, and accuracy. */
export interface Placed {
  readonly x: number;
  readonly y: number;
}

export interface EstimateAt {
  /** Accuracy in %. */
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface Estimate {
  /** Where it holds, % of multiply-adds kept. */
  readonly from: number;
  readonly to: number;
  /** Whether `low` and `high` differ from `y`: three points are known at least. */
  readonly hasBand: boolean;
  /** Null outside [from, to] and where the nearest measured points lie too far apart. */
  readonly at: (x: number) => EstimateAt | null;
  /** Where the line bends, cheapest first. */
  readonly knots: readonly EstimateKnot[];
}

export interface EstimateKnot extends Placed {
  /** Half the width of the band here, in points of accuracy. */
  readonly spread: number;
}

/** Points closer than this along x are one budget measured more than once. */
const SAME_BUDGET = 1;
/** Points further apart than this say nothing about what lies between. */
const WIDEST_GAP = 35;

/**
 * The estimate through `measured` points of one method (any order) and the original at 100 % (null = unknown).
 * Null with fewer than two different budgets, or when the method itself was never measured.
 */
export function estimateFrom(measured: readonly Placed[], original: number | null): Estimate | null {
  if (measured.length === 0) return null;
  const cut = mergeBudgets(measured);
  const places = original === null ? cut : [...cut.filter(({ x }) => x < 100 - SAME_BUDGET), { x: 100, y: original }];
  const first = places[0];
  const last = places.at(-1);
  if (first === undefined || last === undefined || places.length < 2) return null;
  const knots = withSpread(places, original !== null);
  return {
    from: first.x,
    to: last.x,
    hasBand: knots.some((knot) => knot.spread > 0),
    at: (x) => interpolate(knots, x),
    knots,
  };
}

/** Mean of the points that share a budget, cheapest first. */
function mergeBudgets(measured: readonly Placed[]): readonly Placed[] {
  const merged: { x: number; y: number; count: number }[] = [];
  for (const { x, y } of [...measured].sort((a, b) => a.x - b.x)) {
    const open = merged.at(-1);
    if (open === undefined || x - open.x > SAME_BUDGET) {
      merged.push({ x, y, count: 1 });
    } else {
      open.count += 1;
      open.x += (x - open.x) / open.count;
      open.y += (y - open.y) / open.count;
    }
  }
  return merged.map(({ x, y }) => ({ x, y }));
}

/** Inner knots take the error of the line without them; outer ones their neighbour's, the measured original none. */
function withSpread(places: readonly Placed[], endsAtOriginal: boolean): readonly EstimateKnot[] {
  const errors = places.map((place, at) => {
    const before = places[at - 1];
    const after = places[at + 1];
    return before === undefined || after === undefined ? 0 : Math.abs(place.y - between(before, after, place.x));
  });
  return places.map((place, at) => {
    if (at === 0) return { ...place, spread: errors[1] ?? 0 };
    if (at === places.length - 1) return { ...place, spread: endsAtOriginal ? 0 : (errors[at - 1] ?? 0) };
    return { ...place, spread: errors[at] ?? 0 };
  });
}

function interpolate(knots: readonly EstimateKnot[], x: number): EstimateAt | null {
  for (const [at, right] of knots.entries()) {
    const left = knots[at - 1];
    if (x === right.x) return { y: right.y, low: right.y - right.spread, high: right.y + right.spread };
    if (left === undefined || x < left.x || x > right.x || right.x - left.x > WIDEST_GAP) continue;
    const y = between(left, right, x);
    const spread = between({ x: left.x, y: left.spread }, { x: right.x, y: right.spread }, x);
    return { y, low: y - spread, high: y + spread };
  }
  return null;
}

function between(left: Placed, right: Placed, x: number): number {
  return left.y + ((right.y - left.y) * (x - left.x)) / (right.x - left.x);
}
