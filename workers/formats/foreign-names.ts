/**
 * Checkpoints of other programs: which of their tensors feeds which of ours, and the turn from their layout to ours.
 *
 * A recogniser (one file per family) reads names and shapes alone and answers with a `Recognition`; values are loaded
 * once, afterwards.
 */
import type { Graph, Tensor, TensorName } from '../network/graph';

/** A tensor of a checkpoint: its shape is known, its values are read by `load`. */
export interface ForeignTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly load: () => Promise<Tensor>;
}

/** A dense kernel behind a flattened image of so many channels and positions: PyTorch flattens channels first. */
export interface FlattenedKernel {
  readonly channels: number;
  readonly positions: number;
}

export interface Recognition {
  /** Shown to people: "ResNet-20". */
  readonly name: string;
  readonly graph: Graph;
  /** Our tensor name to the file's. */
  readonly tensors: ReadonlyMap<TensorName, string>;
  /** Kernels whose rows stand in PyTorch's order of a flattened image, by our name. */
  readonly flattened?: ReadonlyMap<TensorName, FlattenedKernel> | undefined;
  /** What was guessed. */
  readonly notes: readonly string[];
}

export type ForeignTensors = ReadonlyMap<string, ForeignTensor>;

/** Undefined: not of this family. Throws `FormatError` when it is, but contradicts itself. */
export type Recogniser = (tensors: ForeignTensors, file: string) => Recognition | undefined;

/** Bookkeeping of batch norm that inference does not need. */
export function isBookkeeping(name: string): boolean {
  return name.endsWith('num_batches_tracked');
}

/** Names without the wrappers that training scripts leave in front. */
export function plainNames(entries: readonly ForeignTensor[]): ForeignTensors {
  return new Map(
    entries
      .filter((entry) => !isBookkeeping(entry.name))
      .map((entry) => [entry.name.replace(/^(module\.|model\.|_orig_mod\.)+/, ''), entry]),
  );
}

/**
 * Names without what all of them begin with (`backbone.`, `net.`): what wraps a network in a larger one. Undefined where
 * they begin differently.
 */
export function withoutCommonPrefix(
  tensors: ForeignTensors,
): { readonly prefix: string; readonly tensors: ForeignTensors } | undefined {
  const [first = ''] = tensors.keys();
  const prefix = first.slice(0, first.indexOf('.') + 1);
  if (prefix === '' || ![...tensors.keys()].every((name) => name.startsWith(prefix))) return undefined;
  return { prefix, tensors: new Map([...tensors].map(([name, entry]) => [name.slice(prefix.length), entry])) };
}

/** Maps a PyTorch batch norm `theirs.{weight,bias,running_mean,running_var}` to ours. */
export function batchNormNames(ours: string, theirs: string): [TensorName, string][] {
  return [
    [`${ours}.gamma`, `${theirs}.weight`],
    [`${ours}.beta`, `${theirs}.bias`],
    [`${ours}.mean`, `${theirs}.running_mean`],
    [`${ours}.variance`, `${theirs}.running_var`],
  ];
}

/**
 * From PyTorch's layout to ours: kernels `[out, in, kh, kw]` to `[kh, kw, in, out]` (depthwise `[c, 1, kh, kw]` to
 * `[kh, kw, c, 1]`), dense `[out, in]` to `[in, out]`, vectors as they are.
 */
export function fromPyTorch(tensor: Tensor, depthwise: boolean): Tensor {
  const [outputs = 1, inputs = 1, height = 1, width = 1] = tensor.shape;
  if (tensor.shape.length === 1) return tensor;
  const values = new Float32Array(tensor.values.length);
  let read = 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let at = 0; at < height * width; at++) {
        values[(at * inputs + i) * outputs + o] = tensor.values[read++] ?? 0;
      }
    }
  }
  if (tensor.shape.length === 2) return { shape: [inputs, outputs], values };
  return { shape: depthwise ? [height, width, outputs, 1] : [height, width, inputs, outputs], values };
}

/** Rows of a dense kernel `[positions * channels, units]` from channels-first order to ours, channel fastest. */
export function fromFlattened({ shape, values }: Tensor, { channels, positions }: FlattenedKernel): Tensor {
  const [rows = 1, units = 1] = shape;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const from = (row % channels) * positions + Math.floor(row / channels);
    turned.set(values.subarray(from * units, (from + 1) * units), row * units);
  }
  return { shape, values: turned };
}
