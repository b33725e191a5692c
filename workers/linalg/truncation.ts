/**
 * The cut of trained rank pruning: a matrix, its nearest one of lower rank, and the sub-gradient of its nuclear norm there.
 *
 * By the eigenvectors of the smaller Gram matrix, in float64, and only those that are kept: a fraction of the time of a
 * full decomposition (docs/methods/trp.md has the figures). Squaring costs half of the digits: singular values below 1e-7 of the largest are rounding, those above 1e-4 of it are right to 1e-7. That is enough for cuts during training,
 * whose kernels are float32; the final factors come from `svd`.
 */
import { rankForEnergy } from './energy';
import { gramMatrix, transpose, upright, type Upright } from './gram';
import { largestMagnitude } from './svd';
import { symmetricEigen } from './symmetric';

/** `M` cut to its `rank` strongest directions. */
export interface TruncatedMatrix {
  readonly rank: number;
  /** All singular values of the uncut matrix, descending; `min(rows, cols)` of them. */
  readonly spectrum: Float64Array;
  /** `U_k S_k V_k^T`, row-major like the input; the input's very numbers when nothing was cut. */
  readonly matrix: Float64Array;
  /** `U_k V_k^T`: a sub-gradient of the nuclear norm at `matrix` (Watson 1992); zero for a zero matrix. */
  direction(): Float64Array;
}

/** Directions weaker than this share of the strongest do not count: they are below what float32 kernels carry. */
export const NUMERICAL_RANK = 1e-4;

/** Number of singular values above `NUMERICAL_RANK` times the largest; 1 for a zero matrix. `spectrum` descends. */
export function numericalRank(spectrum: ArrayLike<number>): number {
  const threshold = NUMERICAL_RANK * (spectrum[0] ?? 0);
  let rank = 0;
  while (rank < spectrum.length && (spectrum[rank] ?? 0) > threshold) rank++;
  return Math.max(1, rank);
}

/**
 * Drops as many of the weakest directions as hold at most `dropped` (share of 1) of the energy, the sum of squared singular
 * values. `dropped` 0 cuts nothing: then `rank` is the numerical rank, the one a sub-gradient can be taken at.
 * Throws `MatrixError` as `svd`.
 */
export function truncateMatrix(
  rows: number,
  cols: number,
  values: ArrayLike<number>,
  dropped: number,
): TruncatedMatrix {
  const scale = largestMagnitude(rows, cols, values) || 1;
  const x = upright(rows, cols, values, scale);
  const eigen = symmetricEigen(x.size, gramMatrix(x));
  // Rounding can take a zero below zero.
  const spectrum = eigen.values.map((value) => Math.sqrt(Math.max(0, value)));
  const rank = dropped > 0 ? rankForEnergy(spectrum, dropped) : numericalRank(spectrum);
  const whole = dropped <= 0 || rank === x.size;
  // As given: a transposed input is transposed back.
  const lying = (result: Float64Array): Float64Array => (rows >= cols ? result : transpose(cols, rows, result));
  let kept: Projection | undefined;
  const projection = (): Projection => (kept ??= project(x, eigen.vectors(rank), rank));
  return {
    rank,
    spectrum: spectrum.map((value) => value * scale),
    matrix: whole ? new Float64Array(values) : lying(expand(x, projection(), () => scale)),
    direction: () => lying(expand(x, projection(), (length) => (length > 0 ? 1 / length : 0))),
  };
}

/** `X V_k`, its column lengths (the singular values), and `V_k^T`. */
interface Projection {
  readonly rank: number;
  /** `[length, rank]`. */
  readonly along: Float64Array;
  /** `[rank]`; 0 for what is rounding. */
  readonly lengths: Float64Array;
  /** `[rank, size]`. */
  readonly vectors: Float64Array;
}

function project({ length, size, values }: Upright, vectors: Float64Array, rank: number): Projection {
  const along = new Float64Array(length * rank);
  const squares = new Float64Array(rank);
  for (let row = 0; row < length; row++) {
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let i = 0, a = row * size, b = k * size; i < size; i++, a++, b++)
        sum += (values[a] ?? 0) * (vectors[b] ?? 0);
      along[row * rank + k] = sum;
      squares[k] = (squares[k] ?? 0) + sum * sum;
    }
  }
  const floor = 1e-7 * Math.sqrt(squares[0] ?? 0);
  const lengths = squares.map((square) => (Math.sqrt(square) > floor ? Math.sqrt(square) : 0));
  return { rank, along, lengths, vectors };
}

/** `X V_k diag(weight) V_k^T`, `[length, size]`; `weight` by the direction's length. */
function expand(
  { length, size }: Upright,
  { rank, along, lengths, vectors }: Projection,
  weight: (length: number) => number,
): Float64Array {
  const weights = lengths.map(weight);
  const result = new Float64Array(length * size);
  for (let row = 0; row < length; row++) {
    const at = row * size;
    for (let k = 0; k < rank; k++) {
      const factor = (along[row * rank + k] ?? 0) * (weights[k] ?? 0);
      if (factor === 0) continue;
      for (let i = 0, v = k * size; i < size; i++, v++)
        result[at + i] = (result[at + i] ?? 0) + factor * (vectors[v] ?? 0);
    }
  }
  return result;
}
