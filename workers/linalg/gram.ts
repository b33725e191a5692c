/** Gram matrices: the small symmetric matrix behind a long one. */

/** A matrix stood upright: `[length, size]`, row-major, `length >= size`. */
export interface Upright {
  readonly length: number;
  readonly size: number;
  readonly values: Float64Array;
}

/** The row-major matrix, or its transpose where that is the taller, divided by `scale`. */
export function upright(rows: number, cols: number, values: ArrayLike<number>, scale: number): Upright {
  const stood = rows >= cols ? new Float64Array(values) : transpose(rows, cols, values);
  for (let at = 0; at < stood.length; at++) stood[at] = (stood[at] ?? 0) / scale;
  return { length: Math.max(rows, cols), size: Math.min(rows, cols), values: stood };
}

/** `[cols, rows]` from `[rows, cols]`. */
export function transpose(rows: number, cols: number, values: ArrayLike<number>): Float64Array {
  const result = new Float64Array(rows * cols);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) result[col * rows + row] = values[at] ?? 0;
  }
  return result;
}

/** `X^T X`, `[size, size]`: the lower triangle, zeros above it. */
export function gramMatrix({ length, size, values }: Upright): Float64Array {
  const gram = new Float64Array(size * size);
  // Four rows at a time: each entry is read and written once for four products.
  const fours = length - (length % 4);
  for (let row = 0; row < fours; row += 4) {
    const [a, b, c, d] = [row * size, (row + 1) * size, (row + 2) * size, (row + 3) * size];
    for (let i = 0; i < size; i++) {
      const at = i * size;
      const [p, q, r, s] = [values[a + i] ?? 0, values[b + i] ?? 0, values[c + i] ?? 0, values[d + i] ?? 0];
      for (let j = 0; j <= i; j++) {
        gram[at + j] =
          (gram[at + j] ?? 0) +
          p * (values[a + j] ?? 0) +
          q * (values[b + j] ?? 0) +
          r * (values[c + j] ?? 0) +
          s * (values[d + j] ?? 0);
      }
    }
  }
  for (let row = fours; row < length; row++) {
    for (let i = 0; i < size; i++) {
      const own = values[row * size + i] ?? 0;
      for (let j = 0; j <= i; j++) gram[i * size + j] = (gram[i * size + j] ?? 0) + own * (values[row * size + j] ?? 0);
    }
  }
  return gram;
}
