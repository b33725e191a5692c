/** Ridge least squares: weights that answer better, moved no further than it pays. */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { gramMatrix } from './gram';
import { MatrixError } from './svd';

/**
 * The change D that takes the residual R = Y - X W of present weights W as far down as the ridge lets it:
 * D minimises |X D - R|^2 + strength * |D|^2, so (X^T X + strength I) D = X^T R.
 *
 * W + D is ridge regression drawn towards W instead of 0. Since D = 0 is allowed, |X D - R|^2 is never above |R|^2; and
 * where R is 0, D is 0.
 *
 * `x` is `[rows, inputs]`, `residual` `[rows, outputs]`, row-major; returns D, `[inputs, outputs]`. `strength` is a
 * share of the mean square of a column of x times `rows`, so that it means the same for every layer; it must be above 0.
 * Throws `MatrixError` for wrong lengths, values that are not finite and a strength of 0.
 */
export function ridgeChange(
  x: { readonly rows: number; readonly inputs: number; readonly values: Float64Array },
  residual: { readonly outputs: number; readonly values: Float64Array },
  strength: number,
): Float64Array {
  const { rows, inputs, values } = x;
  const { outputs } = residual;
  if (values.length !== rows * inputs || residual.values.length !== rows * outputs || rows < 1) {
    throw new MatrixError(`${rows} samples of ${inputs} inputs and ${outputs} outputs do not fit the values given.`);
  }
  if (!(strength > 0)) throw new MatrixError(`The ridge must be above 0, not ${strength}.`);
  const gram = gramMatrix({ length: rows, size: inputs, values });
  let trace = 0;
  for (let at = 0; at < inputs; at++) trace += gram[at * inputs + at] ?? 0;
  const right = crossProduct(x, residual);
  if (!Number.isFinite(trace) || !right.every(Number.isFinite)) {
    throw new MatrixError('The samples hold values that are not finite.');
  }
  // Inputs that are all zero have no say in any output.
  if (trace === 0) return new Float64Array(inputs * outputs);
  const ridge = (strength * trace) / inputs;
  const symmetric = new Matrix(inputs, inputs);
  for (let row = 0; row < inputs; row++) {
    for (let col = 0; col <= row; col++) {
      const value = (gram[row * inputs + col] ?? 0) + (row === col ? ridge : 0);
      symmetric.set(row, col, value);
      symmetric.set(col, row, value);
    }
  }
  const solved = new CholeskyDecomposition(symmetric).solve(Matrix.from1DArray(inputs, outputs, right));
  return Float64Array.from(solved.to1DArray());
}

/** `X^T R`, `[inputs, outputs]`. */
function crossProduct(
  { rows, inputs, values }: Parameters<typeof ridgeChange>[0],
  residual: Parameters<typeof ridgeChange>[1],
): Float64Array {
  const { outputs } = residual;
  const product = new Float64Array(inputs * outputs);
  for (let row = 0; row < rows; row++) {
    for (let input = 0; input < inputs; input++) {
      const value = values[row * inputs + input] ?? 0;
      if (value === 0) continue;
      const at = input * outputs;
      const from = row * outputs;
      for (let output = 0; output < outputs; output++) {
        product[at + output] = (product[at + output] ?? 0) + value * (residual.values[from + output] ?? 0);
      }
    }
  }
  return product;
}
