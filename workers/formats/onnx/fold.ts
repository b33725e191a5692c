/**
 * Operators whose inputs are all constants, computed while the file is read. Exporters spell out every target of a
 * Reshape, Resize, Slice or Pad as such a chain; the batch size is `BATCH` in it and passes through.
 */
import {
  broadcastDims,
  broadcastTo,
  type Constant,
  ConstantError,
  elementCount,
  gatherStrided,
  integers,
  scalarOf,
  strides,
  transposed,
} from './constant';
import { foldElementwise, foldReduction } from './fold-values';
import type { OnnxNode } from './node';

type Inputs = readonly (Constant | undefined)[];

/** Element types of `Cast` that are whole numbers: UINT8 to INT64, UINT32, UINT64. */
const wholeTypes: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 12, 13]);

function numbers(constant: Constant | undefined): readonly number[] | undefined {
  return constant === undefined ? undefined : Array.from(constant.values);
}

/** An axis counted from the front. Throws `ConstantError` when the tensor has no such axis. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(found) || found < 0 || found >= rank) throw new ConstantError(`there is no axis ${axis}`);
  return found;
}

/** Target of a Reshape: 0 copies a size, -1 takes what is left. */
export function reshapedDims(from: readonly number[], target: readonly number[], allowZero: boolean): number[] {
  const dims = target.map((size, axis) => (size === 0 && !allowZero ? (from[axis] ?? 0) : size));
  const open = dims.indexOf(-1);
  if (open === -1) return dims;
  const known = dims.reduce((product, size, axis) => (axis === open ? product : product * size), 1);
  const total = from.reduce((product, size) => product * size, 1);
  return dims.with(open, total / known);
}

/** Begin, length and step of a Slice along one axis, NumPy's way. */
export function sliceRange(
  size: number,
  start: number,
  end: number,
  step: number,
): { readonly begin: number; readonly length: number } {
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const begin = step > 0 ? clamp(from, 0, size) : clamp(from, 0, size - 1);
  const stop = step > 0 ? clamp(to, 0, size) : clamp(to, -1, size - 1);
  return { begin, length: Math.max(0, Math.ceil((stop - begin) / step)) };
}

/** Axes, starts, ends and steps of a Slice, from attributes (before opset 10) or inputs. */
export function sliceSettings(node: OnnxNode, inputs: Inputs) {
  const [starts, ends, axes, steps] =
    node.opset < 10
      ? [node.ints('starts'), node.ints('ends'), node.ints('axes'), undefined]
      : [1, 2, 3, 4].map((index) => numbers(inputs[index]));
  if (starts === undefined || ends === undefined) throw new ConstantError('its range is not constant');
  return starts.map((start, at) => ({
    axis: axes?.[at] ?? at,
    start,
    end: ends[at] ?? 0,
    step: steps?.[at] ?? 1,
  }));
}

function slice(node: OnnxNode, data: Constant, inputs: Inputs): Constant {
  const dims = [...data.dims];
  const steps = strides(data.dims);
  let offset = 0;
  for (const { axis: given, start, end, step } of sliceSettings(node, inputs)) {
    const axis = axisOf(given, dims.length);
    const { begin, length } = sliceRange(dims[axis] ?? 0, start, end, step);
    offset += begin * (steps[axis] ?? 0);
    dims[axis] = length;
    steps[axis] = (steps[axis] ?? 0) * step;
  }
  return gatherStrided(data, dims, steps, offset);
}

function gather(node: OnnxNode, data: Constant, indices: Constant): Constant {
  const axis = axisOf(node.int('axis', 0), data.dims.length);
  const size = data.dims[axis] ?? 0;
  const outer = elementCount(data.dims.slice(0, axis));
  const inner = elementCount(data.dims.slice(axis + 1));
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  const values = new (data.values instanceof Float32Array ? Float32Array : Float64Array)(elementCount(dims));
  let write = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices.values) {
      const from = (block * size + axisOf(index, size)) * inner;
      for (let at = 0; at < inner; at++) values[write++] = data.values[from + at] ?? 0;
    }
  }
  return { dims, values, type: data.type };
}

function concatenate(parts: readonly Constant[], given: number): Constant | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const axis = axisOf(given, first.dims.length);
  const dims = first.dims.with(
    axis,
    parts.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0),
  );
  const values = new (first.values instanceof Float32Array ? Float32Array : Float64Array)(elementCount(dims));
  const outer = elementCount(first.dims.slice(0, axis));
  let write = 0;
  for (let block = 0; block < outer; block++) {
    for (const part of parts) {
      const size = part.values.length / outer;
      for (let at = 0; at < size; at++) values[write++] = part.values[block * size + at] ?? 0;
    }
  }
  return { dims, values, type: first.type };
}

/** Axes of Squeeze, Unsqueeze and the reductions: an attribute first, an input later. */
export function axesOf(node: OnnxNode, inputs: Inputs): readonly number[] | undefined {
  return node.ints('axes') ?? numbers(inputs[1]);
}

/** Sizes with ones put in at `axes` of the result. */
export function unsqueezedDims(dims: readonly number[], axes: readonly number[]): number[] {
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  let next = 0;
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (dims[next++] ?? 1)));
}

function cast(node: OnnxNode, data: Constant): Constant {
  const to = node.int('to', 1);
  if (to === 9) return { ...data, values: data.values.map((value) => (value === 0 ? 0 : 1)), type: 'boolean' };
  if (wholeTypes.has(to)) return { ...data, values: Float64Array.from(data.values, Math.trunc), type: 'integer' };
  return {
    ...data,
    values: to === 11 ? Float64Array.from(data.values) : Float32Array.from(data.values),
    type: 'float',
  };
}

function range(inputs: readonly Constant[]): Constant | undefined {
  const [start, limit, delta] = inputs.map(scalarOf);
  if (start === undefined || limit === undefined || delta === undefined) return undefined;
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  const values = Float64Array.from({ length: elementCount([length]) }, (_, at) => start + at * delta);
  return { dims: [length], values, type: inputs[0]?.type ?? 'integer' };
}

function dequantise(node: OnnxNode, [data, scale, zero]: readonly Constant[]): Constant | undefined {
  if (data === undefined || scale === undefined || node.int('block_size', 0) !== 0) return undefined;
  const axis = scale.values.length === 1 ? 0 : axisOf(node.int('axis', 1), data.dims.length);
  const inner = elementCount(data.dims.slice(axis + 1));
  const each = (constant: Constant, at: number): number =>
    constant.values[constant.values.length === 1 ? 0 : Math.floor(at / inner) % constant.values.length] ?? 0;
  const values = Float32Array.from(
    data.values,
    (value, at) => (value - (zero === undefined ? 0 : each(zero, at))) * each(scale, at),
  );
  return { dims: data.dims, values, type: 'float' };
}

/**
 * The outputs of `node` for constant inputs (an absent optional one is undefined); undefined when this operator is not
 * computed here. Throws `ConstantError` when its inputs make no sense or too large a result.
 */
export function fold(node: OnnxNode, inputs: Inputs): readonly Constant[] | undefined {
  if (node.op === 'Split') return split(node, inputs);
  const one = foldOne(node, inputs);
  return one === undefined ? undefined : [one];
}

function foldOne(node: OnnxNode, inputs: Inputs): Constant | undefined {
  const [data, second] = inputs;
  if (data === undefined) return undefined;
  const given = inputs.filter((input) => input !== undefined);
  switch (node.op) {
    case 'Identity':
    case 'Dropout':
      return data;
    case 'Shape':
      return integers(data.dims.slice(node.int('start', 0), node.has('end') ? node.int('end', 0) : undefined));
    case 'Size':
      return integers([data.values.length], []);
    case 'Cast':
      return cast(node, data);
    case 'CastLike':
      return second === undefined ? undefined : { ...data, type: second.type };
    case 'ConstantOfShape':
      return undefined;
    case 'Concat':
      return concatenate(given, node.int('axis', 0));
    case 'Gather':
      return second === undefined ? undefined : gather(node, data, second);
    case 'Slice':
      return slice(node, data, inputs);
    case 'Range':
      return range(given);
    case 'Expand':
      if (second === undefined) return undefined;
      return broadcastTo(data, broadcastDims(data.dims, Array.from(second.values)));
    case 'Tile':
      if (second === undefined) return undefined;
      return tile(data, Array.from(second.values));
    case 'DequantizeLinear':
      return dequantise(node, given);
    case 'Transpose':
      return transposed(data, node.ints('perm') ?? data.dims.map((_, axis) => data.dims.length - 1 - axis));
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return reshape(data, targetDims(node, data.dims, inputs));
  }
  if (node.op.startsWith('Reduce')) {
    const axes =
      axesOf(node, inputs)?.map((axis) => axisOf(axis, data.dims.length)) ?? data.dims.map((_, axis) => axis);
    return foldReduction(node.op, data, axes, node.int('keepdims', 1) === 1);
  }
  return foldElementwise(node.op, given);
}

/** Shape after Reshape, Flatten, Squeeze or Unsqueeze of a tensor of shape `dims`. */
export function targetDims(node: OnnxNode, dims: readonly number[], inputs: Inputs): readonly number[] {
  if (node.op === 'Reshape') {
    const target = node.opset < 5 ? node.ints('shape') : numbers(inputs[1]);
    if (target === undefined) throw new ConstantError('its target shape is not constant');
    return reshapedDims(dims, target, node.int('allowzero', 0) === 1);
  }
  if (node.op === 'Flatten') {
    const given = node.int('axis', 1);
    const axis = given < 0 ? given + dims.length : given;
    const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
    return [count(dims.slice(0, axis)), count(dims.slice(axis))];
  }
  const axes = axesOf(node, inputs);
  if (node.op === 'Unsqueeze') return unsqueezedDims(dims, axes ?? []);
  const gone = axes?.map((axis) => axisOf(axis, dims.length));
  return dims.filter((size, axis) => (gone === undefined ? size !== 1 : !gone.includes(axis)));
}

function reshape(data: Constant, dims: readonly number[]): Constant {
  if (elementCount(dims) === data.values.length) return { ...data, dims };
  throw new ConstantError(`${data.values.length} numbers do not make a tensor [${dims.join(', ')}]`);
}

function tile(data: Constant, repeats: readonly number[]): Constant {
  // Each axis as (repeat, size), the repeat with step 0, then joined.
  const own = strides(data.dims);
  const pairs = data.dims.flatMap((size, axis) => [repeats[axis] ?? 1, size]);
  const steps = data.dims.flatMap((_, axis) => [0, own[axis] ?? 0]);
  const dims = data.dims.map((size, axis) => size * (repeats[axis] ?? 1));
  return { ...gatherStrided(data, pairs, steps), dims };
}

/** Lengths of the parts of a Split along an axis of `size`. */
export function splitLengths(node: OnnxNode, size: number, inputs: Inputs): readonly number[] {
  const given = node.ints('split') ?? numbers(inputs[1]);
  if (given !== undefined) return given;
  const parts = node.outputs.length;
  const each = Math.ceil(size / parts);
  return Array.from({ length: parts }, (_, at) => Math.min(each, size - at * each));
}

function split(node: OnnxNode, inputs: Inputs): readonly Constant[] | undefined {
  const [data] = inputs;
  if (data === undefined) return undefined;
  const axis = axisOf(node.int('axis', 0), data.dims.length);
  const steps = strides(data.dims);
  let offset = 0;
  return splitLengths(node, data.dims[axis] ?? 0, inputs).map((length) => {
    const part = gatherStrided(data, data.dims.with(axis, length), steps, offset * (steps[axis] ?? 1));
    offset += length;
    return part;
  });
}
