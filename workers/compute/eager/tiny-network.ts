/**
 * A tiny smooth network that has every hazard of a training step: branches, a shared kernel, groups, strides, a gate of
 * its own. And its training-mode loss in float64, from the reference interpreter. Tests only.
 */
import type { BatchNormMode } from '../executor';
import { createRandom } from '../../linalg/random';
import type { Graph, Layer, Network, Tensor, TensorName, Tensors } from '../../network/graph';
import { initialTensors } from '../../network/initialise';
import { runReference } from '../../network/reference';

const window = (size: number, stride: number, padding: readonly [number, number, number, number], dilation = 1) => ({
  kernelSize: [size, size] as const,
  stride: [stride, stride] as const,
  padding,
  dilation: [dilation, dilation] as const,
});

const norm = (id: string, input: string): Layer => ({
  id,
  inputs: [input],
  op: 'batchNorm',
  gamma: `${id}.gamma`,
  beta: `${id}.beta`,
  mean: `${id}.mean`,
  variance: `${id}.variance`,
  epsilon: 1e-3,
});

const layers: readonly Layer[] = [
  { id: 'input', inputs: [], op: 'input', shape: [7, 6, 2] },
  {
    id: 'stem',
    inputs: ['input'],
    op: 'conv',
    filters: 4,
    groups: 1,
    kernel: 'stem.kernel',
    ...window(3, 1, [1, 1, 1, 1]),
  },
  norm('stem.norm', 'stem'),
  { id: 'stem.swish', inputs: ['stem.norm'], op: 'activation', kind: 'swish' },
  {
    id: 'twice.a',
    inputs: ['stem.swish'],
    op: 'conv',
    filters: 4,
    groups: 2,
    kernel: 'shared',
    ...window(3, 1, [2, 2, 2, 2], 2),
  },
  {
    id: 'twice.b',
    inputs: ['twice.a'],
    op: 'conv',
    filters: 4,
    groups: 2,
    kernel: 'shared',
    ...window(3, 1, [1, 1, 1, 1]),
  },
  { id: 'sum', inputs: ['twice.b', 'stem.swish', 'twice.a'], op: 'add' },
  {
    id: 'down',
    inputs: ['sum'],
    op: 'conv',
    filters: 5,
    groups: 1,
    kernel: 'down.kernel',
    bias: 'down.bias',
    ...window(3, 2, [0, 1, 1, 0]),
  },
  { id: 'depth', inputs: ['sum'], op: 'depthwise', kernel: 'depth.kernel', ...window(3, 2, [0, 1, 1, 0]) },
  { id: 'both', inputs: ['down', 'depth'], op: 'concat' },
  norm('both.norm', 'both'),
  { id: 'squeeze', inputs: ['both.norm'], op: 'globalPool', mode: 'average' },
  { id: 'excite', inputs: ['squeeze'], op: 'dense', units: 9, kernel: 'excite.kernel', bias: 'excite.bias' },
  { id: 'sigmoid', inputs: ['excite'], op: 'activation', kind: 'sigmoid' },
  { id: 'scaled', inputs: ['both.norm', 'sigmoid'], op: 'multiply' },
  { id: 'up', inputs: ['scaled'], op: 'resize', size: [6, 3], mode: 'bilinear', grid: 'halfPixel' },
  {
    id: 'mean',
    inputs: ['up'],
    op: 'averagePool',
    countPadding: false,
    kernelSize: [3, 2],
    stride: [2, 1],
    padding: [1, 1, 0, 1],
  },
  { id: 'tanh', inputs: ['mean'], op: 'activation', kind: 'tanh' },
  { id: 'flat', inputs: ['tanh'], op: 'flatten' },
  { id: 'logits', inputs: ['flat'], op: 'dense', units: 3, kernel: 'logits.kernel', bias: 'logits.bias' },
];

export const tinyGraph: Graph = { layers, outputs: ['logits'] };

/** He-initialised, with gammas, betas and biases away from one and zero. */
export function tinyNetwork(seed = 5): Network {
  const random = createRandom(seed);
  const tensors: Record<TensorName, Tensor> = { ...initialTensors(tinyGraph, random) };
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (!/gamma|beta|bias/.test(name)) continue;
    const stream = random.fork(`${name} moved`);
    tensors[name] = { shape, values: values.map((value) => value + stream.normal(0, 0.3)) };
  }
  return { graph: tinyGraph, tensors, meta: { name: 'tiny', history: [] } };
}

/** `[count, 7, 6, 2]` and a class per image. */
export function tinyImages(count: number, seed = 3): { shape: number[]; values: Float32Array; classes: number[] } {
  const random = createRandom(seed);
  const values = Float32Array.from({ length: count * 7 * 6 * 2 }, () => random.normal(0.2, 1));
  return { shape: [count, 7, 6, 2], values, classes: Array.from({ length: count }, (_, at) => at % 3) };
}

/** Mean and population variance per channel, the last axis. */
export function channelMoments(values: ArrayLike<number>, channels: number): { mean: number[]; variance: number[] } {
  const rows = values.length / channels;
  const channel = (at: number): number[] => Array.from({ length: rows }, (_, row) => values[row * channels + at] ?? 0);
  const mean = Array.from({ length: channels }, (_, at) => channel(at).reduce((sum, value) => sum + value, 0) / rows);
  const variance = mean.map((centre, at) => channel(at).reduce((sum, value) => sum + (value - centre) ** 2, 0) / rows);
  return { mean, variance };
}

/**
 * Tensors whose running statistics are those of this very batch, so that the reference interpreter's inference is the
 * training-mode forward pass. Found from the first batch norm to the last, each on the outputs of those before it.
 */
export function withBatchStatistics(network: Network, images: { shape: number[]; values: Float32Array }): Tensors {
  const tensors: Record<TensorName, Tensor> = { ...network.tensors };
  for (const layer of network.graph.layers) {
    if (layer.op !== 'batchNorm') continue;
    const [input = ''] = layer.inputs;
    const tap = runReference({ ...network, tensors }, images, { taps: [input] }).taps.get(input);
    if (tap === undefined) throw new RangeError(`The reference interpreter has no output of "${input}".`);
    const channels = tap.shape.at(-1) ?? 1;
    const { mean, variance } = channelMoments(tap.values, channels);
    tensors[layer.mean] = { shape: [channels], values: Float32Array.from(mean) };
    tensors[layer.variance] = { shape: [channels], values: Float32Array.from(variance) };
  }
  return tensors;
}

/** Mean cross-entropy of the training-mode forward pass, in float64; batch norm by `batchNorm`. */
export function referenceLoss(
  network: Network,
  images: { shape: number[]; values: Float32Array; classes: number[] },
  batchNorm: BatchNormMode = 'batch',
): number {
  const tensors = batchNorm === 'batch' ? withBatchStatistics(network, images) : network.tensors;
  const [logits] = runReference({ ...network, tensors }, images).outputs;
  const classes = logits?.shape[1] ?? 0;
  const losses = images.classes.map((label, row) => {
    const scores = Array.from({ length: classes }, (_, at) => logits?.values[row * classes + at] ?? 0);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return Math.log(total) - (scores[label] ?? 0);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Central difference of `referenceLoss` by one entry of one tensor. */
export function referenceDifference(
  network: Network,
  images: { shape: number[]; values: Float32Array; classes: number[] },
  name: TensorName,
  at: number,
  batchNorm: BatchNormMode = 'batch',
): number {
  const moved = (step: number): { loss: number; value: number } => {
    const tensor = network.tensors[name];
    if (tensor === undefined) throw new RangeError(`The network has no tensor "${name}".`);
    const values = tensor.values.slice();
    values[at] = (values[at] ?? 0) + step;
    const tensors = { ...network.tensors, [name]: { shape: tensor.shape, values } };
    return { loss: referenceLoss({ ...network, tensors }, images, batchNorm), value: values[at] ?? 0 };
  };
  const [up, down] = [moved(4e-3), moved(-4e-3)];
  // The entries are float32: the step is what was stored.
  return (up.loss - down.loss) / (up.value - down.value);
}
