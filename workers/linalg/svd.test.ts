import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directionEnergies, MatrixError, rankForEnergy, svd, tailSums } from './svd';

/** Largest entry of |U diag(s) V^T - M|, and of |U^T U - I|, |V^T V - I|. */
function defects(rows: number, cols: number, values: ArrayLike<number>): { residual: number; orthogonality: number } {
  const { u, s, v } = svd(rows, cols, values);
  const k = s.length;
  let residual = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let c = 0; c < k; c++) sum += (u[i * k + c] ?? NaN) * (s[c] ?? NaN) * (v[j * k + c] ?? NaN);
      residual = Math.max(residual, Math.abs(sum - (values[i * cols + j] ?? NaN)));
    }
  }
  return { residual, orthogonality: Math.max(gramDefect(u, rows, k), gramDefect(v, cols, k)) };
}

function gramDefect(q: Float64Array, rows: number, k: number): number {
  let worst = 0;
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      let dot = a === b ? -1 : 0;
      for (let i = 0; i < rows; i++) dot += (q[i * k + a] ?? NaN) * (q[i * k + b] ?? NaN);
      worst = Math.max(worst, Math.abs(dot));
    }
  }
  return worst;
}

describe('svd', () => {
  it('finds 3 sqrt 5 and sqrt 5 for [[3, 0], [4, 5]]', () => {
    // M^T M = [[25, 20], [20, 25]], whose eigenvalues are 45 and 5.
    const { s, rank } = svd(2, 2, [3, 0, 4, 5]);
    expect(s[0]).toBeCloseTo(Math.sqrt(45), 13);
    expect(s[1]).toBeCloseTo(Math.sqrt(5), 13);
    expect(rank).toBe(2);
  });

  it('finds known singular values to 1e-10 relative, from 1 down to 1e-8', () => {
    // H1 D H2 with Householder reflections (orthogonal by construction), 40 x 24.
    const rows = 40;
    const cols = 24;
    const wanted = Array.from({ length: cols }, (_, i) => 10 ** ((-8 * i) / (cols - 1)));
    const a = unit(rows, 1);
    const b = unit(cols, 2);
    const values = new Float64Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        let sum = 0;
        for (let k = 0; k < cols; k++) {
          const left = (i === k ? 1 : 0) - 2 * (a[i] ?? 0) * (a[k] ?? 0);
          const right = (k === j ? 1 : 0) - 2 * (b[k] ?? 0) * (b[j] ?? 0);
          sum += left * (wanted[k] ?? 0) * right;
        }
        values[i * cols + j] = sum;
      }
    }
    const { s } = svd(rows, cols, values);
    // Rounding the matrix itself already moves a singular value by up to 1e-16 of the largest one.
    wanted.forEach((value, i) => expect(Math.abs((s[i] ?? NaN) - value)).toBeLessThan(1e-10 * value + 1e-15));
  });

  it.each([
    [576, 64],
    [64, 144],
    [1, 9],
    [9, 1],
    [1, 1],
    [48, 48],
  ])('rebuilds a %i x %i matrix from orthonormal factors', (rows, cols) => {
    const values = Float64Array.from({ length: rows * cols }, (_, i) => Math.sin(i * i + 1));
    const { residual, orthogonality } = defects(rows, cols, values);
    expect(residual).toBeLessThan(1e-12);
    expect(orthogonality).toBeLessThan(1e-12);
  });

  it('reads the rank of a product of thin factors', () => {
    const rows = 30;
    const cols = 20;
    const values = Float64Array.from({ length: rows * cols }, (_, at) => {
      const i = Math.floor(at / cols);
      const j = at % cols;
      return Math.sin(i + 1) * Math.cos(j) + Math.cos(3 * i) * Math.sin(j * j) + Math.sin(7 * i) * j;
    });
    expect(svd(rows, cols, values).rank).toBe(3);
    expect(defects(rows, cols, values).residual).toBeLessThan(1e-12);
  });

  it('takes a zero matrix: rank 0, no NaN', () => {
    const { u, s, v, rank } = svd(4, 3, new Float32Array(12));
    expect(rank).toBe(0);
    expect([...s]).toEqual([0, 0, 0]);
    expect([...u, ...v].every(Number.isFinite)).toBe(true);
  });

  it('refuses NaN, infinity and a wrong length', () => {
    expect(() => svd(2, 3, [1, 2, 3, 4, NaN, 6])).toThrow(
      new MatrixError('The matrix holds NaN in row 1, column 1; singular values need finite numbers.'),
    );
    expect(() => svd(1, 2, [Infinity, 1])).toThrow(MatrixError);
    expect(() => svd(2, 2, [1, 2, 3])).toThrow(new MatrixError('A 2 x 2 matrix needs 4 values, not 3.'));
    expect(() => svd(0, 2, [])).toThrow(MatrixError);
  });

  it('rebuilds any small matrix', () => {
    const matrix = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })).chain(([rows, cols]) =>
      fc.tuple(
        fc.constant(rows),
        fc.constant(cols),
        fc.array(fc.oneof(fc.constant(0), fc.double({ min: -100, max: 100, noNaN: true })), {
          minLength: rows * cols,
          maxLength: rows * cols,
        }),
      ),
    );
    fc.assert(
      fc.property(matrix, ([rows, cols, values]) => {
        const { residual, orthogonality } = defects(rows, cols, values);
        expect(residual).toBeLessThan(1e-11);
        expect(orthogonality).toBeLessThan(1e-11);
      }),
      { seed: 20, numRuns: 300 },
    );
  });
});

describe('rankForEnergy', () => {
  // Energies 16, 4, 1: total 21.
  const s = [4, 2, 1];
  it.each([
    [0, 3],
    [1 / 21 - 1e-9, 3],
    [1 / 21 + 1e-9, 2],
    [5 / 21 - 1e-9, 2],
    [5 / 21 + 1e-9, 1],
    [1, 1],
  ])('drops at most %f of the energy of (4, 2, 1): rank %i', (dropped, rank) => {
    expect(rankForEnergy(s, dropped)).toBe(rank);
  });

  it('keeps one direction of a zero matrix', () => {
    expect(rankForEnergy([0, 0], 0)).toBe(1);
  });
});

it('sums tails', () => {
  expect([...tailSums([16, 4, 1])]).toEqual([21, 5, 1, 0]);
  expect([...tailSums([])]).toEqual([0]);
});

describe('directionEnergies', () => {
  it('finds 45 and 5 for [[3, 0], [4, 5]]', () => {
    const energies = directionEnergies(2, 2, [3, 0, 4, 5]);
    expect(energies[0]).toBeCloseTo(45, 12);
    expect(energies[1]).toBeCloseTo(5, 12);
  });

  it.each([
    [30, 7],
    [7, 30],
    [12, 12],
  ])('are the squared singular values of a %i x %i matrix', (rows, cols) => {
    const values = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * i + 1));
    const energies = directionEnergies(rows, cols, values);
    const { s } = svd(rows, cols, values);
    expect(energies.length).toBe(s.length);
    s.forEach((value, i) => expect(energies[i]).toBeCloseTo(value ** 2, 11));
  });

  it('are never negative, add up to the squared norm, and refuse NaN', () => {
    // Rank 1: the other energies are rounding.
    const values = Float64Array.from({ length: 60 }, (_, at) => Math.sin(Math.floor(at / 6) + 1) * ((at % 6) + 1));
    const energies = directionEnergies(10, 6, values);
    expect(Math.min(...energies)).toBeGreaterThanOrEqual(0);
    const norm = values.reduce((sum, value) => sum + value * value, 0);
    expect(energies.reduce((sum, value) => sum + value, 0)).toBeCloseTo(norm, 8);
    expect([...directionEnergies(2, 3, new Float32Array(6))]).toEqual([0, 0]);
    expect(() => directionEnergies(1, 2, [NaN, 1])).toThrow(MatrixError);
  });
});

function unit(length: number, seed: number): Float64Array {
  const raw = Float64Array.from({ length }, (_, i) => Math.sin(seed + 3 * i * i));
  const norm = Math.hypot(...raw);
  return raw.map((value) => value / norm);
}
