/**
 * Kernels of ours registered over tfjs's WASM ones that are slow enough to dominate a step: strided slices (a hundred
 * nanoseconds per value), slices, splits, reversals and concatenations. They copy values within the WASM heap.
 *
 * Registered for float32 alone; every other type goes to the kernel that was there.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { copyStrided, denseStrides } from './strided-copy';

type KernelArguments = Parameters<tf.KernelFunc>[0];
type Kernel = (
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
  backend: BackendWasm,
) => tf.TensorInfo | tf.TensorInfo[] | undefined;

/** Replaces the kernels, once per worker. */
export function registerWasmKernels(): void {
  for (const [name, kernel] of Object.entries(kernels)) {
    const stock = tf.getKernel(name, 'wasm');
    if (stock === null || replaced.has(name)) continue;
    replaced.add(name);
    tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({
      ...stock,
      kernelFunc: (args: KernelArguments) => {
        const { inputs, attrs, backend } = args;
        const floats = Object.values(inputs).every((input) => input === undefined || input.dtype === 'float32');
        const own = floats ? kernel(inputs, attrs ?? {}, backend as BackendWasm) : undefined;
        return own ?? stock.kernelFunc(args);
      },
    });
  }
}

const replaced = new Set<string>();

/** Each returns undefined for attributes it leaves to the stock kernel. */
const kernels: Readonly<Record<string, Kernel>> = {
  [tf.Slice]: ({ x }, attributes, backend) => {
    if (x === undefined) return undefined;
    const { begin, size } = attributes as unknown as tf.SliceAttrs;
    const [start = [], shape = []] = tf.slice_util.parseSliceParams(x, begin, size);
    return take(
      backend,
      x,
      start,
      shape,
      shape.map(() => 1),
    );
  },

  [tf.StridedSlice]: ({ x }, attributes, backend) => {
    if (x === undefined) return undefined;
    const { begin, end, strides, ...masks } = attributes as unknown as tf.StridedSliceAttrs;
    const plain = Object.values(masks).every((mask) => mask === 0) && strides.every((stride) => stride > 0);
    if (!plain || begin.length !== x.shape.length) return undefined;
    const inside = begin.every(
      (start, axis) => start >= 0 && (end[axis] ?? 0) >= start && (end[axis] ?? 0) <= (x.shape[axis] ?? 0),
    );
    if (!inside) return undefined;
    const shape = begin.map((start, axis) => Math.ceil(((end[axis] ?? 0) - start) / (strides[axis] ?? 1)));
    return take(backend, x, begin, shape, strides);
  },

  [tf.SplitV]: ({ x }, attributes, backend) => {
    if (x === undefined) return undefined;
    const { numOrSizeSplits, axis } = attributes as unknown as tf.SplitVAttrs;
    const along = axis < 0 ? axis + x.shape.length : axis;
    const sizes = tf.backend_util.prepareSplitSize(x, numOrSizeSplits, along);
    let start = 0;
    return sizes.map((size) => {
      const begin = x.shape.map((_, at) => (at === along ? start : 0));
      const shape = x.shape.map((length, at) => (at === along ? size : length));
      start += size;
      return take(
        backend,
        x,
        begin,
        shape,
        shape.map(() => 1),
      );
    });
  },

  [tf.Reverse]: ({ x }, attributes, backend) => {
    if (x === undefined) return undefined;
    const { dims } = attributes as unknown as tf.ReverseAttrs;
    const reversed = new Set(tf.util.parseAxisParam(dims, x.shape));
    const begin = x.shape.map((length, axis) => (reversed.has(axis) ? length - 1 : 0));
    return take(
      backend,
      x,
      begin,
      x.shape,
      x.shape.map((_, axis) => (reversed.has(axis) ? -1 : 1)),
    );
  },

  [tf.Concat]: (inputs, attributes, backend) => {
    const parts = Object.values(inputs).filter((input): input is tf.TensorInfo => input !== undefined);
    const [first] = parts;
    if (first === undefined) return undefined;
    const { axis } = attributes as unknown as tf.ConcatAttrs;
    const along = tf.util.parseAxisParam(axis, first.shape)[0] ?? 0;
    const shape = tf.backend_util.computeOutShape(
      parts.map((part) => part.shape),
      along,
    );
    const output = backend.makeOutput(shape, 'float32');
    const strides = denseStrides(shape);
    let start = 0;
    for (const part of parts) {
      const to = { offset: start * (strides[along] ?? 1), strides };
      copyStrided(
        heap(backend, part),
        { offset: 0, strides: denseStrides(part.shape) },
        heap(backend, output),
        to,
        part.shape,
      );
      start += part.shape[along] ?? 0;
    }
    return output;
  },
};

/** The box `shape` of `x` that begins at `begin` and steps by `steps`. */
function take(
  backend: BackendWasm,
  x: tf.TensorInfo,
  begin: readonly number[],
  shape: readonly number[],
  steps: readonly number[],
): tf.TensorInfo {
  const output = backend.makeOutput([...shape], 'float32');
  const strides = denseStrides(x.shape);
  const from = {
    offset: strides.reduce((sum, stride, axis) => sum + stride * (begin[axis] ?? 0), 0),
    strides: strides.map((stride, axis) => stride * (steps[axis] ?? 1)),
  };
  // Views are made after the output: allocating it may have moved the heap.
  copyStrided(heap(backend, x), from, heap(backend, output), { offset: 0, strides: denseStrides(shape) }, shape);
  return output;
}

function heap(backend: BackendWasm, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
