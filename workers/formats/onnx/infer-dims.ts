/** Shapes of what is not understood, so that what stands behind it can still be opened. */
import type { Value } from './builder';
import { BATCH, broadcastDims, scalarOf } from './constant';
import { axesOf, axisOf, reshapedDims, sliceRange, sliceSettings, splitLengths, targetDims } from './fold';
import type { OnnxNode } from './node';
import { dimsOf } from './view';

const broadcasting: ReadonlySet<string> = new Set(
  'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum Where Xor'.split(' '),
);

/** Sizes of a value, the batch first; undefined where they are not known. */
function sizesOf(value: Value | undefined): readonly number[] | undefined {
  if (value?.kind === 'view') return [BATCH, ...dimsOf(value.view)];
  return value?.kind === 'constant' ? value.constant.dims : undefined;
}

/** Broadcasting with the batch as one size like any other. */
function broadcast(all: readonly (readonly number[])[]): readonly number[] {
  const known = all.map((dims) => dims.map((size) => (Number.isNaN(size) ? 1 : size)));
  const rank = Math.max(...all.map(({ length }) => length));
  const batch = all.some((dims) => dims.length === rank && Number.isNaN(dims[0]));
  const dims = known.reduce((a, b) => broadcastDims(a, b));
  return batch ? dims.with(0, BATCH) : dims;
}

/** How often a window fits along one axis. */
function positions(node: OnnxNode, size: number, kernel: readonly number[], at: number): number {
  const stride = node.ints('strides')?.[at] ?? 1;
  if (node.text('auto_pad', 'NOTSET').startsWith('SAME')) return Math.ceil(size / stride);
  const pads = node.ints('pads') ?? [];
  const around = (pads[at] ?? 0) + (pads[at + kernel.length] ?? 0);
  const span = (node.ints('dilations')?.[at] ?? 1) * ((kernel[at] ?? 1) - 1) + 1;
  const round = node.int('ceil_mode', 0) === 1 ? Math.ceil : Math.floor;
  return round((size + around - span) / stride) + 1;
}

function inferAll(node: OnnxNode, inputs: readonly (Value | undefined)[]): readonly (readonly number[])[] | undefined {
  const dims = inputs.map(sizesOf);
  const constants = inputs.map((value) => (value?.kind === 'constant' ? value.constant : undefined));
  const [first, second] = dims;
  if (first === undefined) return undefined;
  const rank = first.length;
  if (broadcasting.has(node.op)) {
    const all = dims.filter((one) => one !== undefined);
    return all.length === dims.length ? [broadcast(all)] : undefined;
  }
  if (node.op.startsWith('Reduce') || node.op === 'ArgMax' || node.op === 'ArgMin') {
    const given = node.op.startsWith('Arg') ? [node.int('axis', 0)] : axesOf(node, constants);
    const axes = given?.map((axis) => axisOf(axis, rank)) ?? first.map((_, axis) => axis);
    if (node.int('keepdims', 1) === 1) return [first.map((size, axis) => (axes.includes(axis) ? 1 : size))];
    return [first.filter((_, axis) => !axes.includes(axis))];
  }
  switch (node.op) {
    case 'Transpose':
      return [(node.ints('perm') ?? first.map((_, axis) => rank - 1 - axis)).map((axis) => first[axis] ?? 1)];
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return [targetDims(node, first, constants)];
    case 'Reshape': {
      const target = constants[1];
      if (target === undefined) return undefined;
      const [batch = BATCH, ...others] = Array.from(target.values);
      const known = Number.isNaN(batch) || batch === 0 || batch === -1 ? BATCH : batch;
      return [[known, ...reshapedDims(first.slice(1), others, false)]];
    }
    case 'Slice': {
      const sizes = [...first];
      for (const { axis: given, start, end, step } of sliceSettings(node, constants)) {
        const axis = axisOf(given, rank);
        if (axis > 0) sizes[axis] = sliceRange(sizes[axis] ?? 0, start, end, step).length;
      }
      return [sizes];
    }
    case 'Split': {
      const axis = axisOf(node.int('axis', 0), rank);
      return splitLengths(node, first[axis] ?? 0, constants).map((length) => first.with(axis, length));
    }
    case 'Gather': {
      const axis = axisOf(node.int('axis', 0), rank);
      return second === undefined ? undefined : [[...first.slice(0, axis), ...second, ...first.slice(axis + 1)]];
    }
    case 'Concat': {
      const axis = axisOf(node.int('axis', 0), rank);
      return [
        first.with(
          axis,
          dims.reduce((sum, one) => sum + (one?.[axis] ?? NaN), 0),
        ),
      ];
    }
    case 'MatMul':
      return second === undefined || second.length !== 2 ? undefined : [first.with(rank - 1, second[1] ?? 1)];
    case 'Conv':
    case 'MaxPool':
    case 'AveragePool': {
      const kernel = node.ints('kernel_shape') ?? second?.slice(2);
      if (kernel === undefined) return undefined;
      const channels = node.op === 'Conv' ? (second?.[0] ?? NaN) : (first[1] ?? NaN);
      return [[first[0] ?? BATCH, channels, ...first.slice(2).map((size, at) => positions(node, size, kernel, at))]];
    }
    case 'Upsample':
    case 'Resize': {
      const [scales, sizes] = node.op === 'Upsample' ? [constants[1], undefined] : [constants[2], constants[3]];
      if (sizes !== undefined) return [[BATCH, ...Array.from(sizes.values).slice(1)]];
      if (scales === undefined) return undefined;
      return [first.map((size, axis) => Math.floor(size * (scales.values[axis] ?? 1)))];
    }
    case 'TopK': {
      const most = constants[1] === undefined ? undefined : scalarOf(constants[1]);
      const axis = axisOf(node.int('axis', -1), rank);
      return most === undefined ? undefined : [first.with(axis, most), first.with(axis, most)];
    }
    case 'DepthToSpace': {
      const block = node.int('blocksize', 1);
      const [batch = BATCH, c = 0, h = 0, w = 0] = first;
      return [[batch, c / (block * block), h * block, w * block]];
    }
    default:
      return undefined;
  }
}

/** Sizes of each output, without the batch; undefined where they cannot be told or the batch is not in front. */
export function inferDims(
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
): readonly (readonly number[] | undefined)[] {
  try {
    const all = inferAll(node, inputs) ?? [];
    return all.map(([batch, ...dims]) =>
      Number.isNaN(batch) && dims.length > 0 && dims.every((size) => Number.isSafeInteger(size) && size > 0)
        ? dims
        : undefined,
    );
  } catch {
    // Settings that make no sense say nothing about a shape.
    return [];
  }
}
