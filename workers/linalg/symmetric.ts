/**
 * Eigenvalues of a dense symmetric matrix, and of its eigenvectors only those that are asked for.
 *
 * Householder reflections to tridiagonal form, eigenvalues by implicit QL with Wilkinson's shift, eigenvectors by
 * inverse iteration with full reorthogonalisation (Golub and Van Loan, Matrix Computations, 8.3 and 8.2.2). A library
 * would compute all vectors: for the cuts of trained rank pruning, which keep a third of them, that is five times the
 * work (docs/methods/trp.md has the figures). ml-matrix is the reference in the tests.
 */

/** Descending eigenvalues; eigenvectors on demand. */
export interface SymmetricEigen {
  /** Absolute error about 1e-15 of the largest magnitude. */
  readonly values: Float64Array;
  /** Unit eigenvectors of the `count` largest eigenvalues, one a row: `[count, size]`. */
  vectors(count: number): Float64Array;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** `[i]` couples i and i + 1; the last is 0. */
  readonly coupling: Float64Array;
  /** Row i, up to column i - 1, holds the reflection that cleared row i of the matrix. */
  readonly reflections: Float64Array;
  /** `2 / |v|^2` of every reflection; 0 where there was nothing to clear. */
  readonly factors: Float64Array;
  /** Largest row sum of magnitudes: no eigenvalue is larger. */
  readonly norm: number;
}

const EPSILON = Number.EPSILON;
/** QL needs one or two rounds an eigenvalue; this many means that the input was not finite. */
const MOST_ROUNDS = 100;
/** A sum of squares that no entry near 1 would notice. */
const NOTHING = 1e-40;
/** Inverse iteration from a random start is exact after two rounds; the third makes up for reorthogonalisation. */
const ROUNDS = 3;

/**
 * Decomposes a `size x size` row-major symmetric matrix, of which the lower triangle is read. Throws `RangeError` when
 * the iteration does not end, which finite input does not cause.
 */
export function symmetricEigen(size: number, matrix: Float64Array): SymmetricEigen {
  // Scaled to a largest entry of 1: squares of tiny entries would vanish.
  const scale = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const tridiagonal = tridiagonalise(
    size,
    matrix.map((value) => value / scale),
  );
  const values = eigenvalues(tridiagonal).sort().reverse();
  return {
    values: values.map((value) => value * scale),
    vectors: (count) => eigenvectors(size, tridiagonal, values.subarray(0, count)),
  };
}

/** Overwrites `a`. */
function tridiagonalise(n: number, a: Float64Array): Tridiagonal {
  const diagonal = new Float64Array(n);
  const coupling = new Float64Array(n);
  const factors = new Float64Array(n);
  const product = new Float64Array(n);
  for (let i = n - 1; i >= 1; i--) {
    const row = i * n;
    diagonal[i] = a[row + i] ?? 0;
    let tail = 0;
    for (let j = 0; j < i - 1; j++) tail += (a[row + j] ?? 0) ** 2;
    const pivot = a[row + i - 1] ?? 0;
    // Nothing left of the pivot: the row is tridiagonal as it is.
    if (tail <= NOTHING) {
      coupling[i - 1] = pivot;
      continue;
    }
    const square = tail + pivot * pivot;
    const alpha = pivot > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    coupling[i - 1] = alpha;
    a[row + i - 1] = pivot - alpha;
    factors[i] = 1 / (square - alpha * pivot);
    reflect(n, a, i, factors[i] ?? 0, product);
  }
  diagonal[0] = a[0] ?? 0;
  let norm = 0;
  for (let i = 0; i < n; i++) {
    norm = Math.max(norm, Math.abs(diagonal[i] ?? 0) + Math.abs(coupling[i] ?? 0) + Math.abs(coupling[i - 1] ?? 0));
  }
  return { diagonal, coupling, reflections: a, factors, norm: norm || 1 };
}

/** `A <- H A H` for the leading i x i block, `H = I - factor v v^T`, v in row i; only the lower triangle. */
function reflect(n: number, a: Float64Array, i: number, factor: number, product: Float64Array): void {
  const v = i * n;
  product.fill(0, 0, i);
  for (let r = 0; r < i; r++) {
    const at = r * n;
    const own = a[v + r] ?? 0;
    let sum = (a[at + r] ?? 0) * own;
    for (let c = 0; c < r; c++) {
      const value = a[at + c] ?? 0;
      sum += value * (a[v + c] ?? 0);
      product[c] = (product[c] ?? 0) + value * own;
    }
    product[r] = (product[r] ?? 0) + sum;
  }
  let along = 0;
  for (let r = 0; r < i; r++) along += (product[r] ?? 0) * (a[v + r] ?? 0);
  const half = (factor * factor * along) / 2;
  for (let r = 0; r < i; r++) product[r] = factor * (product[r] ?? 0) - half * (a[v + r] ?? 0);
  for (let r = 0; r < i; r++) {
    const at = r * n;
    const [left, right] = [a[v + r] ?? 0, product[r] ?? 0];
    for (let c = 0; c <= r; c++) {
      a[at + c] = (a[at + c] ?? 0) - left * (product[c] ?? 0) - right * (a[v + c] ?? 0);
    }
  }
}

function eigenvalues({ diagonal, coupling, norm }: Tridiagonal): Float64Array {
  const d = Float64Array.from(diagonal);
  const e = Float64Array.from(coupling);
  const negligible = (i: number): boolean => {
    const size = Math.abs(e[i] ?? 0);
    return size <= EPSILON * (Math.abs(d[i] ?? 0) + Math.abs(d[i + 1] ?? 0)) || size <= 1e-4 * EPSILON * norm;
  };
  for (let l = 0; l < d.length; l++) {
    for (let round = 0; ; round++) {
      let m = l;
      while (m < d.length - 1 && !negligible(m)) m++;
      if (m === l) break;
      if (round > MOST_ROUNDS) throw new RangeError('The eigenvalue iteration does not end: the matrix is not finite.');
      qlRound(d, e, l, m);
    }
  }
  return d;
}

/** One implicit QL round on the unreduced block l ... m. */
function qlRound(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const towards = ((d[l + 1] ?? 0) - (d[l] ?? 0)) / (2 * (e[l] ?? 1));
  const root = Math.sqrt(towards * towards + 1);
  let g = (d[m] ?? 0) - (d[l] ?? 0) + (e[l] ?? 0) / (towards + (towards >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = sine * (e[i] ?? 0);
    const b = cosine * (e[i] ?? 0);
    const length = Math.sqrt(f * f + g * g);
    e[i + 1] = length;
    if (length === 0) {
      // The block falls apart here.
      d[i + 1] = (d[i + 1] ?? 0) - shift;
      e[m] = 0;
      return;
    }
    sine = f / length;
    cosine = g / length;
    g = (d[i + 1] ?? 0) - shift;
    const turned = ((d[i] ?? 0) - g) * sine + 2 * cosine * b;
    shift = sine * turned;
    d[i + 1] = g + shift;
    g = cosine * turned - b;
  }
  d[l] = (d[l] ?? 0) - shift;
  e[l] = g;
  e[m] = 0;
}

function eigenvectors(n: number, tridiagonal: Tridiagonal, values: Float64Array): Float64Array {
  const rows = new Float64Array(values.length * n);
  const { norm, reflections, factors } = tridiagonal;
  const solver = shiftedSolver(tridiagonal);
  // Equal eigenvalues are told apart, or their vectors would be one and the same.
  const apart = 10 * EPSILON * norm;
  let previous = Infinity;
  let state = 1;
  values.forEach((value, index) => {
    previous = Math.min(value, previous - apart);
    const x = rows.subarray(index * n, (index + 1) * n);
    for (let i = 0; i < n; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      x[i] = state / 2 ** 32 - 0.5;
    }
    solver.shift(previous);
    for (let round = 0; round < ROUNDS; round++) {
      solver.solve(x);
      normalise(x);
      for (let j = 0; j < index; j++) removeAlong(x, rows, j * n);
      normalise(x);
    }
  });
  // Back from the tridiagonal matrix: the reflections in reverse order.
  for (let at = 0; at < rows.length; at += n) {
    for (let i = 2; i < n; i++) {
      let along = 0;
      for (let j = 0, v = i * n; j < i; j++, v++) along += (reflections[v] ?? 0) * (rows[at + j] ?? 0);
      along *= factors[i] ?? 0;
      for (let j = 0, v = i * n; j < i; j++, v++) rows[at + j] = (rows[at + j] ?? 0) - along * (reflections[v] ?? 0);
    }
  }
  return rows;
}

/** Solves `(T - shift) x = b` in place, by elimination with row exchanges; a vanishing pivot becomes a tiny one. */
function shiftedSolver({ diagonal, coupling, norm }: Tridiagonal): {
  shift(value: number): void;
  solve(x: Float64Array): void;
} {
  const n = diagonal.length;
  // Rows of the upper triangle (pivot and two above the diagonal), multipliers, and where rows were exchanged.
  const [pivots, first, second, multipliers] = [0, 1, 2, 3].map(() => new Float64Array(n)) as Four;
  const exchanged = new Uint8Array(n);
  const least = EPSILON * norm;
  const sound = (pivot: number): number => (Math.abs(pivot) < least ? least : pivot);
  return {
    shift(value) {
      let pivot = (diagonal[0] ?? 0) - value;
      let above = coupling[0] ?? 0;
      for (let i = 0; i < n - 1; i++) {
        const below = coupling[i] ?? 0;
        const next = (diagonal[i + 1] ?? 0) - value;
        const nextAbove = coupling[i + 1] ?? 0;
        if (Math.abs(below) > Math.abs(pivot)) {
          exchanged[i] = 1;
          const multiplier = pivot / below;
          pivots[i] = sound(below);
          first[i] = next;
          second[i] = nextAbove;
          multipliers[i] = multiplier;
          pivot = above - multiplier * next;
          above = -multiplier * nextAbove;
        } else {
          exchanged[i] = 0;
          pivots[i] = sound(pivot);
          first[i] = above;
          second[i] = 0;
          const multiplier = below / (pivots[i] ?? 1);
          multipliers[i] = multiplier;
          pivot = next - multiplier * above;
          above = nextAbove;
        }
      }
      pivots[n - 1] = sound(pivot);
    },
    solve(x) {
      for (let i = 0; i < n - 1; i++) {
        const [own, next] = [x[i] ?? 0, x[i + 1] ?? 0];
        const [upper, lower] = exchanged[i] === 1 ? [next, own] : [own, next];
        x[i] = upper;
        x[i + 1] = lower - (multipliers[i] ?? 0) * upper;
      }
      for (let i = n - 1; i >= 0; i--) {
        // Beyond the last column there is nothing.
        const one = i + 1 < n ? (first[i] ?? 0) * (x[i + 1] ?? 0) : 0;
        const two = i + 2 < n ? (second[i] ?? 0) * (x[i + 2] ?? 0) : 0;
        x[i] = ((x[i] ?? 0) - one - two) / (pivots[i] ?? 1);
      }
    },
  };
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];

function normalise(x: Float64Array): void {
  // By the largest entry first: inverse iteration makes entries near 1 / epsilon.
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i] ?? 0));
  let square = 0;
  for (let i = 0; i < x.length; i++) square += ((x[i] ?? 0) / largest) ** 2;
  const scale = 1 / (largest * Math.sqrt(square));
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) * scale;
}

function removeAlong(x: Float64Array, rows: Float64Array, at: number): void {
  let along = 0;
  for (let i = 0; i < x.length; i++) along += (x[i] ?? 0) * (rows[at + i] ?? 0);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) - along * (rows[at + i] ?? 0);
}
