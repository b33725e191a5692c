/**
 * The reference interpreter: what a network computes, in float64 and plain loops.
 *
 * Slow (about 3e8 multiply-adds a second) and obviously right: property tests, the device self-check and the proofs of
 * cuts and exports are measured against it. It knows inference only.
 */
import {
  NetworkError,
  obstacleOf,
  type BatchNormLayer,
  type GlobalPoolLayer,
  type Graph,
  type Layer,
  type LayerId,
  type Network,
  type TensorName,
  type Tensors,
} from './graph';
import { referenceActivation } from './reference-activations';
import * as rearrange from './reference-rearrange';
import {
  averagePool,
  convolve,
  convolveDepthwise,
  convolveTransposed,
  maxPool,
  type ReferenceTensor,
} from './reference-windows';

export type { ReferenceTensor } from './reference-windows';

export interface ReferenceImages {
  /** `[n, h, w, c]`, or `[n, features]` for a network with a flat input. */
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

export interface ReferenceOptions {
  /** Layers whose outputs are wanted besides the network's. */
  readonly taps?: readonly LayerId[] | undefined;
}

export interface ReferenceResult {
  /** In the order of `graph.outputs`. */
  readonly outputs: readonly ReferenceTensor[];
  readonly taps: ReadonlyMap<LayerId, ReferenceTensor>;
}

/**
 * Runs `network` on a batch. Batch norm uses the running statistics.
 * Throws `NetworkError` for images of the wrong shape, a missing tensor, an unknown tap, more than one input layer, and
 * for a network that cannot be run (`obstacleOf`).
 */
export function runReference(
  network: Network,
  images: ReferenceImages,
  options: ReferenceOptions = {},
): ReferenceResult {
  const { graph, tensors } = network;
  const obstacle = obstacleOf(graph);
  if (obstacle !== null) throw new NetworkError(obstacle.message, obstacle.layer);
  const input = checkedImages(graph, images);
  const results = new Map<LayerId, ReferenceTensor>();
  const resultOf = (id: LayerId): ReferenceTensor => {
    const result = results.get(id);
    if (result === undefined) throw new NetworkError(`The network has no layer "${id}" at this point.`, id);
    return result;
  };
  const wanted = new Set([...graph.outputs, ...(options.taps ?? [])]);
  const lastUse = lastUses(graph);
  graph.layers.forEach((layer, position) => {
    results.set(layer.id, layer.op === 'input' ? input : referenceLayer(layer, layer.inputs.map(resultOf), tensors));
    // A deep network's activations are far larger than its weights: each goes as soon as nothing reads it.
    for (const id of layer.inputs) if (lastUse.get(id) === position && !wanted.has(id)) results.delete(id);
  });
  return {
    outputs: graph.outputs.map(resultOf),
    taps: new Map((options.taps ?? []).map((id) => [id, resultOf(id)])),
  };
}

/** Output of one layer for the given inputs. Throws `NetworkError` for a missing tensor, and for input layers. */
export function referenceLayer(layer: Layer, inputs: readonly ReferenceTensor[], tensors: Tensors): ReferenceTensor {
  const [input] = inputs;
  if (input === undefined || layer.op === 'input') {
    throw new NetworkError(`Layer "${layer.id}" (${layer.op}) has no input to compute from.`, layer.id);
  }
  const tensor = (name: TensorName): Float32Array => valuesOf(layer, name, tensors);
  const optional = (name: TensorName | undefined): Float32Array | undefined =>
    name === undefined ? undefined : tensor(name);
  switch (layer.op) {
    case 'conv':
      return convolve(layer, input, tensor(layer.kernel), optional(layer.bias));
    case 'convTranspose':
      return convolveTransposed(layer, input, tensor(layer.kernel), optional(layer.bias));
    case 'depthwise':
      return convolveDepthwise(layer, input, tensor(layer.kernel), optional(layer.bias));
    case 'dense':
      return multiplyMatrix(input, tensor(layer.kernel), layer.units, optional(layer.bias));
    case 'batchNorm':
      return normalise(layer, input, tensor, optional);
    case 'activation': {
      const activate = referenceActivation(layer);
      return { shape: input.shape, values: input.values.map((value) => activate(value)) };
    }
    case 'prelu': {
      const slopes = tensor(layer.slope);
      const values = input.values.map((x, at) => (x < 0 ? x * (slopes[at % slopes.length] ?? 0) : x));
      return { shape: input.shape, values };
    }
    case 'scale':
      return { shape: input.shape, values: input.values.map((x) => layer.factor * x + layer.offset) };
    case 'add': {
      const sum = Float64Array.from(input.values);
      for (const other of inputs.slice(1)) {
        for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (other.values[at] ?? 0);
      }
      return { shape: input.shape, values: sum };
    }
    case 'multiply':
      return rearrange.multiply(layer, input, inputs[1]);
    case 'concat':
      return rearrange.concatenate(inputs, layer.axis);
    case 'maxPool':
      return maxPool(layer, input);
    case 'averagePool':
      return averagePool(layer, input);
    case 'globalPool':
      return globalPool(layer, input);
    case 'flatten':
      return { shape: [input.shape[0] ?? 0, input.values.length / (input.shape[0] ?? 1)], values: input.values };
    case 'reshape':
      return { shape: [input.shape[0] ?? 0, ...layer.shape], values: input.values };
    case 'pad':
      return rearrange.pad(layer, input);
    case 'slice':
      return rearrange.slice(layer, input);
    case 'gather':
      return rearrange.pickChannels(layer, input);
    case 'resize':
      return rearrange.resize(layer, input);
    case 'softmax':
      return softmax(input, layer.log === true);
    case 'opaque':
      throw new NetworkError(`Layer "${layer.id}" (${layer.operator}) cannot be run. ${layer.reason}`, layer.id);
  }
}

function multiplyMatrix(input: ReferenceTensor, kernel: Float32Array, units: number, bias?: Float32Array) {
  const [n = 0, features = 0] = input.shape;
  const output = new Float64Array(n * units);
  for (let row = 0; row < n; row++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = bias?.[unit] ?? 0;
      for (let feature = 0; feature < features; feature++) {
        sum += (input.values[row * features + feature] ?? 0) * (kernel[feature * units + unit] ?? 0);
      }
      output[row * units + unit] = sum;
    }
  }
  return { shape: [n, units], values: output };
}

function normalise(
  layer: BatchNormLayer,
  input: ReferenceTensor,
  tensor: (name: TensorName) => Float32Array,
  optional: (name: TensorName | undefined) => Float32Array | undefined,
): ReferenceTensor {
  const [gamma, beta, mean, variance] = [
    optional(layer.gamma),
    optional(layer.beta),
    tensor(layer.mean),
    tensor(layer.variance),
  ];
  const channels = input.shape.at(-1) ?? 1;
  const values = input.values.map((value, at) => {
    const channel = at % channels;
    const deviation = Math.sqrt((variance[channel] ?? 0) + layer.epsilon);
    const scale = gamma === undefined ? 1 : (gamma[channel] ?? 0);
    return ((value - (mean[channel] ?? 0)) / deviation) * scale + (beta?.[channel] ?? 0);
  });
  return { shape: input.shape, values };
}

function globalPool({ mode, keepSpatial }: GlobalPoolLayer, input: ReferenceTensor): ReferenceTensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const output = new Float64Array(n * c).fill(mode === 'max' ? -Infinity : 0);
  input.values.forEach((value, at) => {
    const to = Math.floor(at / (h * w * c)) * c + (at % c);
    output[to] = mode === 'max' ? Math.max(output[to] ?? 0, value) : (output[to] ?? 0) + value / (h * w);
  });
  return { shape: keepSpatial === true ? [n, 1, 1, c] : [n, c], values: output };
}

function softmax(input: ReferenceTensor, log: boolean): ReferenceTensor {
  const features = input.shape.at(-1) ?? 1;
  const output = new Float64Array(input.values.length);
  for (let start = 0; start < output.length; start += features) {
    const row = input.values.subarray(start, start + features);
    // Shifted by the largest entry, so that exp cannot overflow.
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = row.map((value) => Math.exp(value - largest));
    const total = powers.reduce((a, b) => a + b, 0);
    output.set(
      log ? row.map((value) => value - largest - Math.log(total)) : powers.map((power) => power / total),
      start,
    );
  }
  return { shape: input.shape, values: output };
}

function checkedImages(graph: Graph, images: ReferenceImages): ReferenceTensor {
  const inputs = graph.layers.filter((layer) => layer.op === 'input');
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw new NetworkError(
      `The reference interpreter needs exactly one input layer; the network has ${inputs.length}.`,
    );
  }
  const [n = 0, ...shape] = images.shape;
  const size = images.shape.reduce((a, b) => a * b, 1);
  if (n < 1 || shape.join('x') !== input.shape.join('x') || images.values.length !== size) {
    const found = `${images.values.length} values of shape [${images.shape.join(', ')}]`;
    throw new NetworkError(`The network takes images [n, ${input.shape.join(', ')}], but got ${found}.`, input.id);
  }
  return { shape: images.shape, values: Float64Array.from(images.values) };
}

function valuesOf(layer: Layer, name: TensorName, tensors: Tensors): Float32Array {
  const tensor = tensors[name];
  if (tensor !== undefined) return tensor.values;
  throw new NetworkError(`Layer "${layer.id}" names tensor "${name}", which the network does not have.`, layer.id);
}

function lastUses(graph: Graph): ReadonlyMap<LayerId, number> {
  const uses = new Map<LayerId, number>();
  graph.layers.forEach((layer, position) => layer.inputs.forEach((id) => uses.set(id, position)));
  return uses;
}
