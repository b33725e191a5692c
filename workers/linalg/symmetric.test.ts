import fc from 'fast-check';
import { EVD, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from './random';
import { symmetricEigen } from './symmetric';

/** Largest entry of `|A x - value x|` over the vectors asked for, and of `|X X^T - I|`. */
function defects(size: number, matrix: Float64Array, count = size): { residual: number; orthogonality: number } {
  const { values, vectors } = symmetricEigen(size, matrix);
  const rows = vectors(count);
  let [residual, orthogonality] = [0, 0];
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < size; i++) {
      let sum = -(values[k] ?? NaN) * (rows[k * size + i] ?? NaN);
      for (let j = 0; j < size; j++) sum += (matrix[i * size + j] ?? NaN) * (rows[k * size + j] ?? NaN);
      residual = Math.max(residual, Math.abs(sum));
    }
    for (let other = 0; other <= k; other++) {
      let dot = other === k ? -1 : 0;
      for (let i = 0; i < size; i++) dot += (rows[k * size + i] ?? NaN) * (rows[other * size + i] ?? NaN);
      orthogonality = Math.max(orthogonality, Math.abs(dot));
    }
  }
  return { residual, orthogonality };
}

/** `M M^T / length` for random `M [size, length]`: of rank `length` where that is smaller. */
function gram(size: number, length: number, seed: number): Float64Array {
  const random = createRandom(seed);
  const m = Float64Array.from({ length: size * length }, () => random.normal());
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    let sum = 0;
    for (let k = 0; k < length; k++) sum += (m[i * length + k] ?? 0) * (m[j * length + k] ?? 0);
    return sum / length;
  });
}

function diagonal(entries: readonly number[]): Float64Array {
  const size = entries.length;
  return Float64Array.from({ length: size * size }, (_, at) =>
    at % (size + 1) === 0 ? (entries[at / (size + 1)] ?? 0) : 0,
  );
}

describe('symmetricEigen', () => {
  it('finds 3 and 1 with (1, 1) and (1, -1) for [[2, 1], [1, 2]]', () => {
    const { values, vectors } = symmetricEigen(2, Float64Array.of(2, 1, 1, 2));
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    const [a = NaN, b = NaN, c = NaN, d = NaN] = vectors(2);
    expect(a).toBeCloseTo(b, 14);
    expect(c).toBeCloseTo(-d, 14);
    expect(a * a).toBeCloseTo(0.5, 14);
  });

  it('finds 2 - 2 cos(pi k / (n + 1)) for the second difference', () => {
    const size = 40;
    const matrix = Float64Array.from({ length: size * size }, (_, at) => {
      const apart = Math.abs(Math.floor(at / size) - (at % size));
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    const { values } = symmetricEigen(size, matrix);
    values.forEach((value, index) =>
      expect(value).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (size - index)) / (size + 1)), 13),
    );
  });

  it.each([
    [1, 3],
    [2, 9],
    [16, 144],
    [64, 576],
    [96, 40],
    [150, 150],
  ])('agrees with ml-matrix on a Gram matrix of %i vectors of length %i', (size, length) => {
    const matrix = gram(size, length, size);
    const rows = Array.from({ length: size }, (_, i) => [...matrix.subarray(i * size, (i + 1) * size)]);
    const reference = new EVD(new Matrix(rows), { assumeSymmetric: true }).realEigenvalues.toSorted((a, b) => b - a);
    const { values } = symmetricEigen(size, matrix);
    const largest = reference[0] ?? 1;
    reference.forEach((value, index) => expect(Math.abs((values[index] ?? NaN) - value)).toBeLessThan(1e-13 * largest));
    const { residual, orthogonality } = defects(size, matrix);
    expect(residual).toBeLessThan(2e-13 * largest);
    expect(orthogonality).toBeLessThan(1e-13);
  });

  it.each([
    ['zero', diagonal([0, 0, 0, 0])],
    ['the identity', diagonal([1, 1, 1, 1, 1, 1])],
    ['diagonal with equal entries', diagonal([3, 1, 3, 0, 1, 3, 2])],
    ['graded over 16 decades', diagonal([1, 1e-4, 1e-8, 1e-12, 1e-16])],
    ['nearly tridiagonal', Float64Array.of(1, 0, 1e-9, 0, 2, 1, 1e-9, 1, 3)],
    ['two equal blocks', Float64Array.of(2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 0, 1, 2)],
  ])('gives orthonormal eigenvectors of a matrix that is %s', (_, matrix) => {
    const { residual, orthogonality } = defects(Math.sqrt(matrix.length), matrix);
    expect(residual).toBeLessThan(1e-13);
    expect(orthogonality).toBeLessThan(1e-13);
  });

  it('gives as many vectors as are asked for, those of the largest values', () => {
    const matrix = gram(30, 50, 4);
    expect(symmetricEigen(30, matrix).vectors(7).length).toBe(210);
    expect(defects(30, matrix, 7).residual).toBeLessThan(1e-13);
    expect(symmetricEigen(30, matrix).vectors(0).length).toBe(0);
  });

  it('holds for any small symmetric matrix', () => {
    const entry = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: -1, max: 1, noNaN: true }));
    const matrix = fc.integer({ min: 1, max: 9 }).chain((size) =>
      fc.array(entry, { minLength: size * size, maxLength: size * size }).map((raw) => ({
        size,
        values: Float64Array.from(raw, (value, at) => {
          const [i, j] = [Math.floor(at / size), at % size];
          return i >= j ? value : (raw[j * size + i] ?? 0);
        }),
      })),
    );
    fc.assert(
      fc.property(matrix, ({ size, values }) => {
        const { residual, orthogonality } = defects(size, values);
        expect(residual).toBeLessThan(1e-12);
        expect(orthogonality).toBeLessThan(1e-12);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
