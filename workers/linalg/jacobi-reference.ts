/**
 * One-sided Jacobi: slow, short, and accurate for small singular values too (Hestenes 1958; Demmel and Veselic 1992).
 * A reference for tests and for `scripts/svd-comparison.mjs`; the studio uses `svd.ts`.
 */
import { transpose } from './gram';
import type { SingularValues } from './svd';

const TOLERANCE = 1e-15;
const MOST_SWEEPS = 60;

/** Decomposes the row-major matrix. Columns of `u` that belong to a singular value of 0 are 0. */
export function jacobiSvd(rows: number, cols: number, values: ArrayLike<number>): SingularValues {
  if (rows < cols) {
    const { u, s, v, rank } = jacobiSvd(cols, rows, transpose(rows, cols, values));
    return { u: v, s, v: u, rank };
  }
  // Columns side by side in memory.
  const x = columnsOf(rows, cols, values);
  const v = Array.from({ length: cols }, (_, own) =>
    Float64Array.from({ length: cols }, (__, i) => (i === own ? 1 : 0)),
  );
  for (let sweep = 0, turned = true; turned && sweep < MOST_SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < cols - 1; p++) {
      for (let q = p + 1; q < cols; q++) turned = orthogonalise(x, v, p, q) || turned;
    }
  }
  const lengths = x.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, index) => index).toSorted((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  const s = Float64Array.from(order, (index) => lengths[index] ?? 0);
  const threshold = Math.max(rows, cols) * Number.EPSILON * (s[0] ?? 0);
  const u = new Float64Array(rows * cols);
  const right = new Float64Array(cols * cols);
  order.forEach((from, k) => {
    const length = lengths[from] ?? 0;
    for (let i = 0; i < rows; i++) u[i * cols + k] = length > threshold ? (x[from]?.[i] ?? 0) / length : 0;
    for (let i = 0; i < cols; i++) right[i * cols + k] = v[from]?.[i] ?? 0;
  });
  return { u, s, v: right, rank: s.filter((value) => value > threshold).length };
}

function columnsOf(rows: number, cols: number, values: ArrayLike<number>): readonly Float64Array[] {
  return Array.from({ length: cols }, (_, col) =>
    Float64Array.from({ length: rows }, (__, row) => values[row * cols + col] ?? 0),
  );
}

/** Turns columns p and q until they are orthogonal; whether they had to be. */
function orthogonalise(x: readonly Float64Array[], v: readonly Float64Array[], p: number, q: number): boolean {
  const [xp, xq, vp, vq] = [x[p], x[q], v[p], v[q]];
  if (xp === undefined || xq === undefined || vp === undefined || vq === undefined) return false;
  const [a, b, g] = [dot(xp, xp), dot(xq, xq), dot(xp, xq)];
  if (Math.abs(g) <= TOLERANCE * Math.sqrt(a * b)) return false;
  const z = (b - a) / (2 * g);
  const t = (z >= 0 ? 1 : -1) / (Math.abs(z) + Math.sqrt(1 + z * z));
  const cosine = 1 / Math.sqrt(1 + t * t);
  rotate(xp, xq, cosine, cosine * t);
  rotate(vp, vq, cosine, cosine * t);
  return true;
}

function rotate(p: Float64Array, q: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [p[i] ?? 0, q[i] ?? 0];
    p[i] = cosine * a - sine * b;
    q[i] = sine * a + cosine * b;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
