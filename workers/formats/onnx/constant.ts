/** Numbers known while a file is read: initialisers, and whatever is computed from them and from shapes. */

export interface Constant {
  readonly dims: readonly number[];
  /** Row-major. Whole numbers and float64 as float64, other floats as float32. */
  readonly values: Float32Array | Float64Array;
  readonly type: 'float' | 'integer' | 'boolean';
}

/** Stands for the batch size in shapes: unknown, and whatever is computed from it is unknown too. */
export const BATCH = Number.NaN;

/** Numbers in one constant; beyond it a file is hostile or of no use here. */
const mostElements = 2 ** 28;

/** A constant that would be too large, or an operation on constants that makes no sense. */
export class ConstantError extends Error {
  override readonly name = 'ConstantError';
}

/** Product of `dims`. Throws `ConstantError` when it is too large to hold, or a size is negative or unknown. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const size of dims) {
    if (!Number.isSafeInteger(size) || size < 0) throw new ConstantError(`${size} is no size of a tensor`);
    count *= size;
  }
  if (count > mostElements) throw new ConstantError(`a tensor of ${count} numbers is larger than any read here`);
  return count;
}

export function integers(values: readonly number[], dims: readonly number[] = [values.length]): Constant {
  return { dims, values: Float64Array.from(values), type: 'integer' };
}

/** The only number of a constant; undefined when it holds more or none. */
export function scalarOf({ values }: Constant): number | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** Steps in memory between neighbours along each axis of a row-major tensor. */
export function strides(dims: readonly number[]): number[] {
  const steps = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) steps[axis] = (steps[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  return steps;
}

/**
 * A tensor of shape `dims` whose element at position p is read from `from.values` at `offset` + sum p[axis] steps[axis]:
 * transposition, broadcasting, slicing and reversal are all this. Throws `ConstantError` when it is too large.
 */
export function gatherStrided(from: Constant, dims: readonly number[], steps: readonly number[], offset = 0): Constant {
  const count = elementCount(dims);
  const values = new (from.values instanceof Float32Array ? Float32Array : Float64Array)(count);
  const position = dims.map(() => 0);
  let read = offset;
  for (let write = 0; write < count; write++) {
    values[write] = from.values[read] ?? 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const step = steps[axis] ?? 0;
      const next = (position[axis] ?? 0) + 1;
      if (next < (dims[axis] ?? 1)) {
        position[axis] = next;
        read += step;
        break;
      }
      position[axis] = 0;
      read -= step * (next - 1);
    }
  }
  return { dims, values, type: from.type };
}

export function transposed(constant: Constant, axes: readonly number[]): Constant {
  const own = strides(constant.dims);
  return gatherStrided(
    constant,
    axes.map((axis) => constant.dims[axis] ?? 1),
    axes.map((axis) => own[axis] ?? 0),
  );
}

/** Shape that two shapes broadcast to, NumPy's way. Throws `ConstantError` when they do not fit. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [first, second] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (first !== second && first !== 1 && second !== 1) {
      throw new ConstantError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not fit together`);
    }
    return first === 1 ? second : first;
  });
}

/** `constant` repeated to `dims`. Throws `ConstantError` when it does not fit. */
export function broadcastTo(constant: Constant, dims: readonly number[]): Constant {
  const own = strides(constant.dims);
  const lead = dims.length - constant.dims.length;
  if (broadcastDims(constant.dims, dims).some((size, axis) => size !== dims[axis])) {
    throw new ConstantError(`shape [${constant.dims.join(', ')}] cannot be repeated to [${dims.join(', ')}]`);
  }
  const steps = dims.map((_, axis) => ((constant.dims[axis - lead] ?? 1) === 1 ? 0 : (own[axis - lead] ?? 0)));
  return gatherStrided(constant, dims, steps);
}
