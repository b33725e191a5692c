/**
 * Whole small networks whose gradients are checked against finite differences in float64, on any device. Tests only.
 *
 * Between them they hold every operation that carries gradients, tensors with several users, and several outputs.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type Random } from '../../linalg/random';
import type { Network, Tensor, TensorName } from '../../network/graph';
import { runReference, type ReferenceTensor } from '../../network/reference';
import { networkFromText } from '../../network/text';
import type { Executor } from '../executor';
import { withBatchStatistics } from './tiny-network';

/** By what is particular about them. No bias stands before a batch norm: its gradient is nothing but rounding. */
export const checkedNetworks: Readonly<Record<string, string>> = {
  'a decoder with an answer per pixel': `
    input 6x5x3 / a = conv 6 3x3 s2 p1 / bn / softplus / t = convTranspose 5 3x2 s2x1 p1,0,1,0 o1x0 bias / prelu
    r = resize 6x5 bilinear / skip = conv 5 3x3 p1 < input / gelu / add < . r / scale 0.5 offset=0.25
    squeezed = globalPool keepSpatial < r / conv 5 1x1 bias / sigmoid / multiply < scale1 . / answers = conv 4 1x1 bias`,
  'an unrolled loop: one kernel, gamma and beta, statistics of their own': `
    input 5x4x3 / x = conv 8 3x3 p1
    c1 = conv 8 3x3 p1 kernel=w / bn gamma=g beta=b / s1 = swish / add < . x
    c2 = conv 8 3x3 p1 kernel=w / bn gamma=g beta=b / s2 = swish / add < . x
    c3 = conv 8 3x3 p1 kernel=w / bn gamma=g beta=b / s3 = swish / globalPool / d = dense 8 kernel=v / tanh / dense 8 kernel=v`,
  'shared slope, bias, depthwise and transposed kernels': `
    input 6x6x4 / d1 = depthwise 3x3 p1 kernel=k bias=b / prelu slope=s / d2 = depthwise 3x3 p1 kernel=k bias=b / prelu slope=s
    t1 = convTranspose 4 3x3 p1 kernel=u bias=b / tanh / t2 = convTranspose 4 3x3 p1 kernel=u bias=b / averagePool 2 s2 / flatten
    dense 3 bias`,
  'outputs that are read on, come twice, and share a trunk': `
    input 5x6x2 / trunk = conv 13 3x3 p1 / bn / both = tanh / gate = conv 1 1x1 / hardSigmoid slope=0.05 / multiply < both .
    wide = concat width < both . / tall = concat height < . . / pooled = globalPool / dense 3 bias / logits = softmax log
    turned = reshape 6x5x13 < both / map = conv 2 1x1 bias / output < logits map both logits`,
  '37 channels, groups, strides and a strided crop': `
    input 7x9x2 / conv 37 3x3 s2 p1 / bn / elu / conv 37 3x3 p1 / bn / add < . elu1 / softplus / s = slice 0:4:2 0:5 0:36
    g = conv 6 3x3 p1 g2 / bn nogamma / pad p1,0,0,1 c1,2 / resize 3x4 alignCorners / averagePool 2 p1,0,0,1
    flatten / dense 3 bias / softmax`,
  'channels shuffled, left out and repeated': `
    input 5x4x2 / a = conv 6 3x3 p1 bias / gather 0,2,4,1,3,5 / b = conv 6 3x3 p1 g2 / tanh / gather 5,1,1,0,5,5,2
    conv 4 1x1 bias / globalPool / gather 3,0,1 / dense 3 bias`,
};

/** The network with lively tensors, statistics included. */
export function checkedNetwork(name: string): Network {
  return networkFromText(checkedNetworks[name] ?? '', 7);
}

/** One parameter, moved along one random direction. */
export interface DirectionalError {
  readonly parameter: TensorName;
  /** |found - expected| as a share of the gradient's length times the direction's. */
  readonly error: number;
}

/**
 * A step on `executor` against central differences of the training-mode loss in float64. The loss is a sum of products
 * of all outputs with fixed random numbers.
 */
export async function gradientErrors(executor: Executor, network: Network, batch: number): Promise<DirectionalError[]> {
  const random = createRandom(31);
  const images = imagesFor(network, batch, random.fork('images'));
  const loaded = executor.load(network);
  const x = tf.tensor<tf.Rank.R4>(images.values, images.shape as [number, number, number, number]);
  const { loss, outputs, gradients } = loaded.step(x, {
    loss: (found) => tf.addN(found.map((output, at) => tf.sum(tf.mul(output, factors(output, at))))),
    statisticsMomentum: 0,
  });
  const found = new Map<TensorName, ArrayLike<number>>();
  for (const [name, gradient] of gradients) found.set(name, await gradient.data());
  const names = loaded.parameters.map(({ name }) => name);
  tf.dispose([x, loss, ...outputs, ...gradients.values()]);
  loaded.dispose();
  return names.flatMap((parameter) =>
    [0, 1, 2].map((turn) => {
      const step = random.fork(`${parameter} ${turn}`);
      return { parameter, error: directionalError(network, images, parameter, found.get(parameter) ?? [], step) };
    }),
  );
}

interface Images {
  readonly shape: number[];
  readonly values: Float32Array;
}

function imagesFor({ graph }: Network, batch: number, random: Random): Images {
  const [input] = graph.layers;
  const shape = [batch, ...(input?.op === 'input' ? input.shape : [])];
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Float32Array.from({ length: size }, () => random.normal(0.2, 1)) };
}

/** The numbers an output is multiplied with: the same for the device and for the reference. */
function factors({ shape, size }: { shape: readonly number[]; size: number }, at: number): tf.Tensor {
  return tf.tensor(factorValues(size, at), [...shape]);
}

function factorValues(size: number, at: number): Float32Array {
  const random = createRandom(100 + at);
  return Float32Array.from({ length: size }, () => random.uniform(-1, 1));
}

function directionalError(
  network: Network,
  images: Images,
  name: TensorName,
  gradient: ArrayLike<number>,
  random: Random,
): number {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw new RangeError(`The network has no tensor "${name}".`);
  const direction = tensor.values.map(() => random.normal(0, 2e-4));
  const [up, down] = ([1, -1] as const).map((sign): Tensor => ({
    shape: tensor.shape,
    values: tensor.values.map((w, at) => w + sign * (direction[at] ?? 0)),
  }));
  if (up === undefined || down === undefined) throw new RangeError('A difference has two ends.');
  const difference = lossWith(network, images, name, up) - lossWith(network, images, name, down);
  let [expected, length, moved] = [0, 0, 0];
  // Tensors are float32: the step is what was stored.
  up.values.forEach((value, at) => {
    const step = value - (down.values[at] ?? 0);
    expected += step * (gradient[at] ?? NaN);
    length += (gradient[at] ?? NaN) ** 2;
    moved += step ** 2;
  });
  return Math.abs(expected - difference) / (Math.sqrt(length * moved) + 1e-6);
}

function lossWith(network: Network, images: Images, name: TensorName, tensor: Tensor): number {
  const changed = { ...network, tensors: { ...network.tensors, [name]: tensor } };
  const { outputs } = runReference({ ...changed, tensors: withBatchStatistics(changed, images) }, images);
  return outputs.reduce((sum, output, at) => sum + weightedSum(output, at), 0);
}

function weightedSum({ values }: ReferenceTensor, at: number): number {
  const weights = factorValues(values.length, at);
  return values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
}
