/**
 * The two directions in which a set of points spreads most: where filters of thousands of weights are drawn on a plane.
 */
import { gramMatrix } from './k-means';

/** An affine map to the plane. `origin` is the mean of the points, the axes are orthonormal; all of the points' length. */
export interface Plane {
  readonly origin: Float64Array;
  readonly axes: readonly [Float64Array, Float64Array];
}

const ROUNDS = 500;
const SETTLED = 1e-13;
/** Spread, as a share of that of the farthest point, below which there is none. */
const NOTHING = 1e-20;

/**
 * The first two principal axes of `points` (equal lengths, at least one point), by power iteration on the inner products
 * of the centred points: two axes do not need a whole decomposition, and close second and third axes draw alike. An axis
 * along which nothing spreads is zero. Each axis points where its largest component is positive, so that drawings do not
 * flip.
 */
export function principalPlane(points: readonly ArrayLike<number>[]): Plane {
  const length = points[0]?.length ?? 0;
  const origin = new Float64Array(length);
  for (const point of points) for (let at = 0; at < length; at++) origin[at] = (origin[at] ?? 0) + (point[at] ?? 0);
  for (let at = 0; at < length; at++) origin[at] = (origin[at] ?? 0) / points.length;
  const centred = points.map((point) => origin.map((mean, at) => (point[at] ?? 0) - mean));
  const gram = gramMatrix(centred);
  const first = eigenvector(gram, points.length, []);
  const second = eigenvector(gram, points.length, [first]);
  const along = direction(combined(centred, first));
  // Right angles among weights are right angles among axes only as far as the iteration got.
  return { origin, axes: [along, direction(without(combined(centred, second), [along]))] };
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

/** The eigenvector of the largest eigenvalue at right angles to `others`; zero where there is nothing left. */
function eigenvector(gram: Float64Array, count: number, others: readonly Float64Array[]): Float64Array {
  const farthest = Array.from({ length: count }, (_, at) => gram[at * count + at] ?? 0).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
  let current = new Float64Array(count);
  let most = 0;
  // Begins with the column that has most left: it is seldom at right angles to the vector looked for.
  for (let column = 0; column < count; column++) {
    const candidate = without(gram.subarray(column * count, (column + 1) * count), others);
    const size = dot(candidate, candidate);
    if (size > most) [current, most] = [candidate, size];
  }
  if (most <= NOTHING * farthest * farthest) return new Float64Array(count);
  current = scaled(current, 1 / Math.sqrt(most));
  for (let round = 0; round < ROUNDS; round++) {
    const product = Float64Array.from({ length: count }, (_, row) =>
      dot(gram.subarray(row * count, (row + 1) * count), current),
    );
    const turned = without(product, others);
    const next = scaled(turned, 1 / Math.sqrt(dot(turned, turned)));
    const change = 1 - Math.abs(dot(next, current));
    current = next;
    if (change < SETTLED) break;
  }
  return current;
}

function combined(points: readonly Float64Array[], weights: Float64Array): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(points[0]?.length ?? 0);
  points.forEach((point, index) => {
    const weight = weights[index] ?? 0;
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + weight * (point[at] ?? 0);
  });
  return sum;
}

/** The unit vector along `vector`, its largest component positive; zero for zero. */
function direction(vector: Float64Array<ArrayBuffer>): Float64Array {
  const peak = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return peak === 0 ? vector : scaled(vector, Math.sign(peak) / Math.sqrt(dot(vector, vector)));
}

function without(vector: Float64Array, others: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const rest = Float64Array.from(vector);
  for (const other of others) {
    const share = dot(rest, other);
    for (let at = 0; at < rest.length; at++) rest[at] = (rest[at] ?? 0) - share * (other[at] ?? 0);
  }
  return rest;
}

function scaled(vector: Float64Array<ArrayBuffer>, factor: number): Float64Array<ArrayBuffer> {
  return vector.map((value) => value * factor);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
