/**
 * The network as data: a typed, topologically ordered list of layers plus the tensors they name.
 *
 * Pure structure. Shapes are in `shapes.ts`, costs in `costs.ts`, coupling in `groups.ts`, cutting in `cut.ts`.
 * Layout is NHWC throughout; foreign layouts are converted once, in `formats/`.
 */

export type LayerId = string;
/** Key into `Network.tensors`. Two layers naming one tensor share it (unrolled recurrences do). */
export type TensorName = string;
/** Position of a channel in a layer's output. */
export type ChannelIndex = number;
/** `[height, width]`. */
export type Pair = readonly [number, number];
/** Zero padding in pixels, explicit numbers, `[top, bottom, left, right]`. */
export type Padding = readonly [number, number, number, number];
/** Spatial tensors are `[height, width, channels]`, flat ones `[features]`; the batch axis is never written. */
export type Shape = readonly [number, number, number] | readonly [number];

export type ActivationKind =
  | 'relu'
  | 'relu6'
  | 'clip'
  | 'leakyRelu'
  | 'elu'
  | 'softplus'
  | 'gelu'
  | 'hardSwish'
  | 'swish'
  | 'hardSigmoid'
  | 'sigmoid'
  | 'tanh';

interface LayerBase {
  readonly id: LayerId;
  readonly inputs: readonly LayerId[];
}

interface Windowed {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

export interface InputLayer extends LayerBase {
  readonly op: 'input';
  readonly shape: Shape;
}

/** Kernel `[kh, kw, cin / groups, filters]`, bias `[filters]`. */
export interface ConvLayer extends LayerBase, Windowed {
  readonly op: 'conv';
  readonly filters: number;
  readonly dilation: Pair;
  readonly groups: number;
  readonly kernel: TensorName;
  readonly bias?: TensorName | undefined;
}

/** Kernel `[kh, kw, c, 1]`, bias `[c]`: channel multiplier 1. Anything else is a grouped `conv`. */
export interface DepthwiseLayer extends LayerBase, Windowed {
  readonly op: 'depthwise';
  readonly dilation: Pair;
  readonly kernel: TensorName;
  readonly bias?: TensorName | undefined;
}

/** Kernel `[features in, units]`, bias `[units]`. Input must be flat. */
export interface DenseLayer extends LayerBase {
  readonly op: 'dense';
  readonly units: number;
  readonly kernel: TensorName;
  readonly bias?: TensorName | undefined;
}

/**
 * Transposed convolution: each input pixel adds its multiple of the kernel at `stride` times its place. Kernel
 * `[kh, kw, filters, cin]`, bias `[filters]`; no groups, no dilation.
 *
 * `padding` is cropped from the full result (height (h - 1) stride + kh). `outputPadding` makes it longer at bottom and
 * right, by less than the stride: rows that the crop took, or rows of bias alone where nothing reaches.
 */
export interface ConvTransposeLayer extends LayerBase, Windowed {
  readonly op: 'convTranspose';
  readonly filters: number;
  readonly outputPadding: Pair;
  readonly kernel: TensorName;
  readonly bias?: TensorName | undefined;
}

/** All tensors `[c]`. An absent gamma is 1, an absent beta 0. */
export interface BatchNormLayer extends LayerBase {
  readonly op: 'batchNorm';
  readonly gamma?: TensorName | undefined;
  readonly beta?: TensorName | undefined;
  readonly mean: TensorName;
  readonly variance: TensorName;
  readonly epsilon: number;
}

export interface ActivationLayer extends LayerBase {
  readonly op: 'activation';
  readonly kind: ActivationKind;
  /** Negative slope of `leakyRelu`, 0.01 when absent; slope of `hardSigmoid`, 1/6 when absent. `elu` has alpha 1. */
  readonly slope?: number | undefined;
  /** `hardSigmoid` is max(0, min(1, slope x + offset)); 0.5 when absent. */
  readonly offset?: number | undefined;
  /** Bounds of `clip`; without one, that side is open. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** x where it is positive, `slope` x where not; slope `[c]`. */
export interface PReluLayer extends LayerBase {
  readonly op: 'prelu';
  readonly slope: TensorName;
}

/** factor * x + offset, the same for all values. */
export interface ScaleLayer extends LayerBase {
  readonly op: 'scale';
  readonly factor: number;
  readonly offset: number;
}

/** Two or more inputs of equal shape. */
export interface AddLayer extends LayerBase {
  readonly op: 'add';
}

/** Two inputs: equal shapes, or the second `[1, 1, c]`, `[h, w, 1]` or `[c]` broadcast over the first. */
export interface MultiplyLayer extends LayerBase {
  readonly op: 'multiply';
}

/** Joined along one axis, channels when absent; the other axes agree. */
export interface ConcatLayer extends LayerBase {
  readonly op: 'concat';
  readonly axis?: 'height' | 'width' | 'channels' | undefined;
}

export interface MaxPoolLayer extends LayerBase, Windowed {
  readonly op: 'maxPool';
}

/** Padding pixels count in the mean only when `countPadding` is true. */
export interface AveragePoolLayer extends LayerBase, Windowed {
  readonly op: 'averagePool';
  readonly countPadding: boolean;
}

/** `[h, w, c]` to `[c]`, or to `[1, 1, c]` with `keepSpatial`. */
export interface GlobalPoolLayer extends LayerBase {
  readonly op: 'globalPool';
  readonly mode: 'average' | 'max';
  readonly keepSpatial?: boolean | undefined;
}

/** `[h, w, c]` to `[h * w * c]`, channel fastest (NHWC order). */
export interface FlattenLayer extends LayerBase {
  readonly op: 'flatten';
}

/** The same numbers in row-major NHWC order, under another shape of equal size. */
export interface ReshapeLayer extends LayerBase {
  readonly op: 'reshape';
  readonly shape: Shape;
}

/** Zero padding in space and, for option-A shortcuts, in channels `[before, after]`. */
export interface PadLayer extends LayerBase {
  readonly op: 'pad';
  readonly padding: Padding;
  readonly channels: Pair;
}

/** Strided crop: `begin` inclusive, `end` exclusive, per axis `[h, w, c]`. */
export interface SliceLayer extends LayerBase {
  readonly op: 'slice';
  readonly begin: readonly [number, number, number];
  readonly end: readonly [number, number, number];
  readonly stride: readonly [number, number, number];
}

/** Output channel i is input channel `channels[i]`: channels moved (a channel shuffle), left out or repeated. */
export interface GatherLayer extends LayerBase {
  readonly op: 'gather';
  readonly channels: readonly ChannelIndex[];
}

/** Where output pixel i of `out` looks among `in` input pixels: see `ResizeLayer`. */
export type ResizeGrid = 'halfPixel' | 'asymmetric' | 'alignCorners';

/**
 * Any size to any size. Output pixel i of `out` sits at input position
 *
 * - `halfPixel`: (i + 0.5) in / out - 0.5, `nearest` takes floor((i + 0.5) in / out);
 * - `asymmetric`: i in / out, `nearest` takes its floor;
 * - `alignCorners`: i (in - 1) / (out - 1), or 0 for one output pixel, `nearest` takes the nearer, of two the later.
 *
 * `bilinear` mixes the two pixels around the position, per axis; beyond the border the border repeats. No antialiasing.
 */
export interface ResizeLayer extends LayerBase {
  readonly op: 'resize';
  /** Height and width of the output. */
  readonly size: Pair;
  readonly mode: 'nearest' | 'bilinear';
  readonly grid: ResizeGrid;
}

/** Over the last axis: shares, or their natural logarithms where `log` is true. */
export interface SoftmaxLayer extends LayerBase {
  readonly op: 'softmax';
  readonly log?: boolean | undefined;
}

/**
 * Something a file holds that its reader did not understand. It cannot be run; every channel that reaches it stays, and
 * what is around it can still be looked at, scored by its weights, and cut.
 */
export interface OpaqueLayer extends LayerBase {
  readonly op: 'opaque';
  /** What the file calls it: "GridSample". */
  readonly operator: string;
  /** Why it cannot be run, as a sentence for people. */
  readonly reason: string;
  readonly shape: Shape;
  /** What a writer of the same format needs to put it back. */
  readonly payload?: string | undefined;
}

export type Layer =
  | InputLayer
  | ConvLayer
  | ConvTransposeLayer
  | DepthwiseLayer
  | DenseLayer
  | BatchNormLayer
  | ActivationLayer
  | PReluLayer
  | ScaleLayer
  | AddLayer
  | MultiplyLayer
  | ConcatLayer
  | MaxPoolLayer
  | AveragePoolLayer
  | GlobalPoolLayer
  | FlattenLayer
  | ReshapeLayer
  | PadLayer
  | SliceLayer
  | GatherLayer
  | ResizeLayer
  | SoftmaxLayer
  | OpaqueLayer;

export type LayerOp = Layer['op'];

/** Structure only: what the page holds, what costs, groups and plans are computed from. */
export interface Graph {
  /** Topological order: a layer stands after all its inputs. */
  readonly layers: readonly Layer[];
  readonly outputs: readonly LayerId[];
}

/** float32, row-major; `values.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type Tensors = Readonly<Record<TensorName, Tensor>>;

/** How raw RGB bytes become the network's input: `(pixel / 255 - mean) / std`, per channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** One physical cut: the channels removed from each producing layer, in the numbering before this cut. */
export interface CutRecord {
  readonly kind: 'cut';
  readonly removed: Readonly<Record<LayerId, readonly ChannelIndex[]>>;
}

/** One exact factoring of layers into pairs of convolutions. */
export interface DecomposeRecord {
  readonly kind: 'decompose';
  readonly scheme: 'channel' | 'spatial';
  readonly ranks: Readonly<Record<LayerId, number>>;
}

/** Another number of passes over the image. */
export interface PassesRecord {
  readonly kind: 'passes';
  readonly passes: number;
}

export type SurgeryRecord = CutRecord | DecomposeRecord | PassesRecord;

/** File formats that networks come from and leave in. `safetensors` is also the studio's own. */
export type NetworkFormat = 'safetensors' | 'onnx' | 'tfjs-layers' | 'tfjs-graph' | 'keras' | 'pytorch';

/** How the source laid out one of its inputs or outputs. */
export interface OriginPort {
  /** The source's own name for it. */
  readonly name: string;
  /** Where the channels stand: before the positions (`[n, c, ...]`) or after them (`[n, ..., c]`). */
  readonly layout: 'NCHW' | 'NHWC';
  /** Number of axes, the batch included: 4 images, 3 rows of features, 2 flat features. */
  readonly rank: number;
}

/** Where a foreign network came from, so that an export can give it back in the same form. */
export interface NetworkOrigin {
  readonly format: NetworkFormat;
  /** One per input layer, in layer order. */
  readonly inputs: readonly OriginPort[];
  /** One per entry of `graph.outputs`, in that order. */
  readonly outputs: readonly OriginPort[];
  /** Element type of the source's weights; they are float32 here. */
  readonly elements: 'float32' | 'float16' | 'float64' | 'bfloat16' | 'uint8';
}

export interface NetworkMeta {
  /** Shown to people: "ResNet-20". */
  readonly name: string;
  readonly classes?: readonly string[] | undefined;
  readonly normalisation?: Normalisation | undefined;
  /** Absent for networks of the zoo. */
  readonly origin?: NetworkOrigin | undefined;
  /** What was done to the network since it was opened or trained, oldest first; replaying it gives this structure. */
  readonly history: readonly SurgeryRecord[];
}

export interface Network {
  readonly graph: Graph;
  readonly tensors: Tensors;
  readonly meta: NetworkMeta;
}

/** Layers with a kernel of their own, whose outputs are filters. */
export type WeightedLayer = ConvLayer | ConvTransposeLayer | DepthwiseLayer | DenseLayer;

export function isWeighted(layer: Layer): layer is WeightedLayer {
  return layer.op === 'conv' || layer.op === 'convTranspose' || layer.op === 'depthwise' || layer.op === 'dense';
}

/** Why the network cannot be run: an operation its reader did not understand. Null when it can. */
export function obstacleOf(graph: Graph): { readonly layer: LayerId; readonly message: string } | null {
  const opaque = graph.layers.find((layer) => layer.op === 'opaque');
  if (opaque?.op !== 'opaque') return null;
  const message = `The network cannot be run: layer "${opaque.id}" (${opaque.operator}). ${opaque.reason}`;
  return { layer: opaque.id, message };
}

/** Base of every error about a network: carries the layer it is about. */
export class NetworkError extends Error {
  override readonly name: string = 'NetworkError';
  constructor(
    message: string,
    readonly layer?: LayerId,
  ) {
    super(message);
  }
}

/** The layer called `id`. Throws `NetworkError` when there is none. */
export function layerOf(graph: Graph, id: LayerId): Layer {
  const layer = graph.layers.find((candidate) => candidate.id === id);
  if (layer === undefined) throw new NetworkError(`The network has no layer "${id}".`, id);
  return layer;
}
