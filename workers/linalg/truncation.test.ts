import { describe, expect, it } from 'vitest';
import { jacobiSvd } from './jacobi-reference';
import { createRandom, type Random } from './random';
import { svd, MatrixError } from './svd';
import { numericalRank, truncateMatrix } from './truncation';

function randomMatrix(rows: number, cols: number, random: Random): Float64Array {
  return Float64Array.from({ length: rows * cols }, () => random.normal());
}

/** `U diag(spectrum) V^T` with orthonormal factors of a random matrix, made by the independent reference. */
function withSpectrum(rows: number, cols: number, spectrum: readonly number[], seed: number) {
  const { u, v } = jacobiSvd(rows, cols, randomMatrix(rows, cols, createRandom(seed)));
  const k = Math.min(rows, cols);
  const product = (weight: (index: number) => number): Float64Array =>
    Float64Array.from({ length: rows * cols }, (_, at) => {
      const [i, j] = [Math.floor(at / cols), at % cols];
      let sum = 0;
      for (let c = 0; c < k; c++) sum += (u[i * k + c] ?? 0) * weight(c) * (v[j * k + c] ?? 0);
      return sum;
    });
  return { matrix: product((c) => spectrum[c] ?? 0), product };
}

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
}

function minus(a: ArrayLike<number>, b: ArrayLike<number>, factor = 1): Float64Array {
  return Float64Array.from(a, (value, at) => value - factor * (b[at] ?? NaN));
}

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, at) => sum + value * (b[at] ?? NaN), 0);
}

function spectrumOf(rows: number, cols: number, values: ArrayLike<number>): Float64Array {
  return svd(rows, cols, values).s;
}

function nuclearNorm(rows: number, cols: number, values: ArrayLike<number>): number {
  return spectrumOf(rows, cols, values).reduce((sum, value) => sum + value, 0);
}

const shapes = [
  ['tall', 12, 5],
  ['wide', 5, 12],
  ['square', 7, 7],
] as const;

describe.each(shapes)('a %s matrix', (_, rows, cols) => {
  const full = Math.min(rows, cols);
  const random = createRandom(rows);
  const matrix = randomMatrix(rows, cols, random);
  const energy = norm(matrix) ** 2;

  it('has the rank rule of brute force, and a remainder of exactly the dropped energy', () => {
    const s = spectrumOf(rows, cols, matrix);
    let previous: number = full;
    for (const dropped of [1e-9, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 0.999]) {
      const { rank, matrix: cut } = truncateMatrix(rows, cols, matrix, dropped);
      // Brute force: the smallest k whose leading singular values hold enough.
      let expected = 1;
      const kept = (k: number): number => s.slice(0, k).reduce((sum, value) => sum + value * value, 0);
      while (kept(expected) < (1 - dropped) * energy * (1 - 1e-12)) expected++;
      expect(rank, `dropped ${dropped}`).toBe(expected);
      expect(rank).toBeLessThanOrEqual(previous);
      previous = rank;
      const lost = norm(minus(matrix, cut)) ** 2;
      expect(lost).toBeCloseTo(energy - kept(rank), 9);
      expect(lost).toBeLessThanOrEqual(dropped * energy + 1e-12);
      if (rank > 1) expect(energy - kept(rank - 1)).toBeGreaterThan(dropped * energy);
      expect(numericalRank(spectrumOf(rows, cols, cut))).toBe(rank);
    }
    expect(truncateMatrix(rows, cols, matrix, 1).rank).toBe(1);
  });

  it('is returned as it is when nothing is dropped', () => {
    const { rank, matrix: same } = truncateMatrix(rows, cols, matrix, 0);
    expect([...same]).toEqual([...matrix]);
    expect(rank).toBe(full);
    expect([...truncateMatrix(rows, cols, matrix, 1e-12).matrix]).toEqual([...matrix]);
  });

  it('is cut once: cutting again changes nothing', () => {
    const once = truncateMatrix(rows, cols, matrix, 0.3);
    const twice = truncateMatrix(rows, cols, once.matrix, 1e-6);
    expect(twice.rank).toBe(once.rank);
    expect(norm(minus(once.matrix, twice.matrix))).toBeLessThan(1e-12 * norm(matrix));
  });

  it('is nearer to its cut than to any other matrix of that rank', () => {
    const { rank, matrix: cut } = truncateMatrix(rows, cols, matrix, 0.3);
    const least = norm(minus(matrix, cut));
    for (let trial = 0; trial < 50; trial++) {
      // The cut, disturbed: a random matrix brought down to the same rank by the reference.
      const { u, s, v } = jacobiSvd(rows, cols, minus(cut, randomMatrix(rows, cols, random), trial / 25));
      const other = Float64Array.from({ length: rows * cols }, (__, at) => {
        let sum = 0;
        for (let c = 0; c < rank; c++) {
          sum += (u[Math.floor(at / cols) * full + c] ?? 0) * (s[c] ?? 0) * (v[(at % cols) * full + c] ?? 0);
        }
        return sum;
      });
      expect(norm(minus(matrix, other))).toBeGreaterThanOrEqual(least - 1e-12);
    }
  });

  it('has the gradient of the nuclear norm as its direction, by central differences', () => {
    const { matrix: distinct } = withSpectrum(
      rows,
      cols,
      Array.from({ length: full }, (__, k) => 1 + 0.5 * (full - k)),
      3,
    );
    const direction = truncateMatrix(rows, cols, distinct, 0).direction();
    const h = 1e-6;
    for (let at = 0; at < rows * cols; at++) {
      const moved = (by: number): number =>
        nuclearNorm(
          rows,
          cols,
          distinct.map((value, index) => (index === at ? value + by : value)),
        );
      expect(Math.abs((moved(h) - moved(-h)) / (2 * h) - (direction[at] ?? NaN))).toBeLessThan(1e-6);
    }
  });

  it('has a sub-gradient at the cut as its direction', () => {
    const { matrix: cut, direction, rank } = truncateMatrix(rows, cols, matrix, 0.3);
    const g = direction();
    expect(rank).toBeLessThan(full);
    const own = nuclearNorm(rows, cols, cut);
    expect(inner(g, cut)).toBeCloseTo(own, 10);
    expect(spectrumOf(rows, cols, g)[0]).toBeCloseTo(1, 10);
    for (let trial = 0; trial < 1000; trial++) {
      const z = minus(cut, randomMatrix(rows, cols, random), 2 * random.next());
      expect(nuclearNorm(rows, cols, z)).toBeGreaterThanOrEqual(own + inner(g, minus(z, cut)) - 1e-9);
    }
  });

  it('shrinks every kept singular value by the step along its direction', () => {
    const { matrix: cut, direction, rank, spectrum } = truncateMatrix(rows, cols, matrix, 0.3);
    const step = 0.9 * (spectrum[rank - 1] ?? 0);
    const shrunk = spectrumOf(rows, cols, minus(cut, direction(), step));
    for (let k = 0; k < rank; k++) expect(shrunk[k]).toBeCloseTo((spectrum[k] ?? NaN) - step, 9);
    for (let k = rank; k < full; k++) expect(shrunk[k]).toBeLessThan(1e-9);
  });

  it('grows a tail no longer than what is added to its cut', () => {
    const { matrix: cut, rank } = truncateMatrix(rows, cols, matrix, 0.3);
    for (let trial = 0; trial < 100; trial++) {
      const added = randomMatrix(rows, cols, random).map((value) => (trial / 50) * value);
      const tail = spectrumOf(rows, cols, minus(cut, added, -1)).slice(rank);
      expect(norm(tail)).toBeLessThanOrEqual(norm(added) + 1e-12);
    }
  });

  it('is cut alike when its columns change places', () => {
    const order = Array.from({ length: cols }, (__, col) => (2 * cols - col - 3) % cols);
    const moved = (values: Float64Array): Float64Array =>
      values.map((__, at) => values[Math.floor(at / cols) * cols + (order[at % cols] ?? 0)] ?? NaN);
    const own = truncateMatrix(rows, cols, matrix, 0.3);
    const other = truncateMatrix(rows, cols, moved(matrix), 0.3);
    expect(norm(minus(moved(own.matrix), other.matrix))).toBeLessThan(1e-12 * norm(matrix));
    expect(norm(minus(own.spectrum, other.spectrum))).toBeLessThan(1e-12 * norm(matrix));
  });
});

describe('accuracy of the fast cut', () => {
  // From 1 down to 1e-6: the weak end is what squaring costs digits of.
  const spectrum = Array.from({ length: 48 }, (_, k) => 10 ** ((-6 * k) / 47));

  it.each([
    [96, 48],
    [48, 96],
  ])('singular values of %i x %i are right to 1e-7 above 1e-4 of the largest', (rows, cols) => {
    const { matrix } = withSpectrum(rows, cols, spectrum, 5);
    const found = truncateMatrix(rows, cols, matrix, 0.01).spectrum;
    spectrum.forEach((value, k) => {
      if (value > 1e-4) expect(Math.abs((found[k] ?? NaN) - value) / value).toBeLessThan(1e-7);
      else expect(Math.abs((found[k] ?? NaN) - value)).toBeLessThan(1e-7);
    });
  });

  it('the cut and the direction are those of the full decomposition', () => {
    const { matrix, product } = withSpectrum(96, 48, spectrum, 6);
    for (const dropped of [0.1, 1e-3, 1e-6]) {
      const { rank, matrix: cut, direction } = truncateMatrix(96, 48, matrix, dropped);
      const exact = product((c) => (c < rank ? (spectrum[c] ?? 0) : 0));
      expect(norm(minus(cut, exact))).toBeLessThan(1e-11);
      const unit = product((c) => (c < rank ? 1 : 0));
      expect(norm(minus(direction(), unit))).toBeLessThan(1e-7);
    }
  });
});

describe('odd matrices', () => {
  it('a zero matrix stays, with rank 1 and no direction', () => {
    const { rank, matrix, direction, spectrum } = truncateMatrix(4, 3, new Float32Array(12), 0.05);
    expect(rank).toBe(1);
    expect([...spectrum, ...matrix, ...direction()].every((value) => value === 0)).toBe(true);
    expect(truncateMatrix(4, 3, new Float32Array(12), 0).rank).toBe(1);
  });

  it('a matrix of rank 2 keeps 2 directions, however small the share', () => {
    const values = Float32Array.from({ length: 60 }, (_, at) => {
      const [i, j] = [Math.floor(at / 6), at % 6];
      return Math.sin(i + 1) * (j + 1) + Math.cos(2 * i) * ((j % 3) - 1);
    });
    expect(truncateMatrix(10, 6, values, 1e-12).rank).toBe(2);
    expect(truncateMatrix(10, 6, values, 0).rank).toBe(2);
    const g = truncateMatrix(10, 6, values, 0).direction();
    const s = spectrumOf(10, 6, g);
    expect(s[1]).toBeCloseTo(1, 6);
    expect(s[2]).toBeLessThan(1e-6);
  });

  it('numbers that are not finite are refused', () => {
    expect(() => truncateMatrix(2, 2, [1, NaN, 0, 1], 0.1)).toThrow(MatrixError);
    expect(() => truncateMatrix(2, 2, [1, 2, 3], 0.1)).toThrow(MatrixError);
  });
});

describe('the reference', () => {
  it.each([
    [30, 12],
    [12, 30],
    [20, 20],
  ])('agrees with the library on %i x %i', (rows, cols) => {
    const matrix = randomMatrix(rows, cols, createRandom(2));
    const [a, b] = [jacobiSvd(rows, cols, matrix), svd(rows, cols, matrix)];
    b.s.forEach((value, k) => expect(Math.abs((a.s[k] ?? NaN) / value - 1)).toBeLessThan(1e-12));
    expect(a.rank).toBe(b.rank);
  });
});
