/**
 * The two directions in which a set of points spreads most: where filters of thousands of weights are drawn on a plane.
 */

/** An affine map to the plane. `origin` is the mean of the points, the axes are orthonormal; all of the points' length. */
export interface Plane {
  readonly origin: Float64Array;
  readonly axes: readonly [Float64Array, Float64Array];
}

const ROUNDS = 300;
const SETTLED = 1e-12;

/**
 * The first two principal axes of `points` (equal lengths, at least one point), by orthogonal iteration on the points
 * themselves: two axes do not need a whole decomposition, and close second and third axes draw alike. An axis along which
 * nothing spreads is zero. Each axis points where its largest component is positive, so that drawings do not flip.
 */
export function principalPlane(points: readonly ArrayLike<number>[]): Plane {
  const length = points[0]?.length ?? 0;
  const origin = new Float64Array(length);
  for (const point of points) for (let at = 0; at < length; at++) origin[at] = (origin[at] ?? 0) + (point[at] ?? 0);
  for (let at = 0; at < length; at++) origin[at] = (origin[at] ?? 0) / Math.max(1, points.length);
  const centred = points.map((point) => origin.map((mean, at) => (point[at] ?? 0) - mean));
  const largest = centred.reduce((most, point) => Math.max(most, dot(point, point)), 0);
  const first = axis(centred, largest, []);
  return { origin, axes: [first, axis(centred, largest, [first])] };
}

/** Where `point` lies on the plane. */
export function projected({ origin, axes: [first, second] }: Plane, point: ArrayLike<number>): [number, number] {
  let [x, y] = [0, 0];
  for (let at = 0; at < origin.length; at++) {
    const offset = (point[at] ?? 0) - (origin[at] ?? 0);
    x += offset * (first[at] ?? 0);
    y += offset * (second[at] ?? 0);
  }
  return [x, y];
}

/** The direction of largest spread at right angles to `others`. */
function axis(centred: readonly Float64Array[], largest: number, others: readonly Float64Array[]): Float64Array {
  // The point farthest out is seldom at right angles to the axis looked for.
  let best = new Float64Array(centred[0]?.length ?? 0);
  for (const point of centred) {
    const candidate = without(point, others);
    if (dot(candidate, candidate) > dot(best, best)) best = candidate;
  }
  if (dot(best, best) <= 1e-24 * largest || largest === 0) return best.fill(0);
  let current = unit(best);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(current.length);
    for (const point of centred) {
      const share = dot(point, current);
      for (let at = 0; at < next.length; at++) next[at] = (next[at] ?? 0) + share * (point[at] ?? 0);
    }
    const turned = unit(without(next, others));
    const change = 1 - Math.abs(dot(turned, current));
    current = turned;
    if (change < SETTLED) break;
  }
  const peak = current.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return peak < 0 ? current.map((value) => -value) : current;
}

function without(vector: Float64Array, others: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const rest = Float64Array.from(vector);
  for (const other of others) {
    const share = dot(rest, other);
    for (let at = 0; at < rest.length; at++) rest[at] = (rest[at] ?? 0) - share * (other[at] ?? 0);
  }
  return rest;
}

function unit(vector: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
