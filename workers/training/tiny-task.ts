/** For tests: a task that a network of a few hundred weights learns in a second. */
import type { Dataset, Split } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Graph, Network } from '../network/graph';
import { initialTensors } from '../network/initialise';
import type { TrainSettings } from './loop';

const SIDE = 8;
const CLASSES = ['red', 'green', 'blue'];

/** Noise in which one colour is a little brighter: the class. Mirroring and cropping keep it. */
export function tinyDataset(train: number, validation: number): Dataset {
  const split = (name: string, count: number): Split => {
    const random = createRandom(9).fork(name);
    const labels = Uint16Array.from({ length: count }, (_, index) => index % 3);
    const images = Uint8Array.from({ length: count * SIDE * SIDE * 3 }, (_, at) => {
      const label = labels[Math.floor(at / (SIDE * SIDE * 3))];
      return 40 + random.integer(120) + (at % 3 === label ? 40 : 0);
    });
    return { count, images, labels };
  };
  return {
    id: 'tiny',
    name: 'Tiny',
    classes: CLASSES,
    shape: [SIDE, SIDE, 3],
    normalisation: { mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] },
    flip: true,
    splits: { train: split('train', train), validation: split('validation', validation), test: split('test', 30) },
    notes: [],
  };
}

const window3x3 = { kernelSize: [3, 3], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;

/** conv 3->6, BN, ReLU, conv 6->5 with bias (no BN) and stride 2, global pooling, dense: one of each kind of layer. */
export const tinyGraph: Graph = {
  layers: [
    { id: 'input', op: 'input', inputs: [], shape: [SIDE, SIDE, 3] },
    { id: 'conv1', op: 'conv', inputs: ['input'], filters: 6, stride: [1, 1], kernel: 'conv1.kernel', ...window3x3 },
    {
      id: 'bn1',
      op: 'batchNorm',
      inputs: ['conv1'],
      gamma: 'bn1.gamma',
      beta: 'bn1.beta',
      mean: 'bn1.mean',
      variance: 'bn1.variance',
      epsilon: 1e-5,
    },
    { id: 'relu1', op: 'activation', kind: 'relu', inputs: ['bn1'] },
    {
      id: 'conv2',
      op: 'conv',
      inputs: ['relu1'],
      filters: 5,
      stride: [2, 2],
      kernel: 'conv2.kernel',
      bias: 'conv2.bias',
      ...window3x3,
    },
    { id: 'relu2', op: 'activation', kind: 'relu', inputs: ['conv2'] },
    { id: 'pool', op: 'globalPool', mode: 'average', inputs: ['relu2'] },
    { id: 'fc', op: 'dense', inputs: ['pool'], units: 3, kernel: 'fc.kernel', bias: 'fc.bias' },
  ],
  outputs: ['fc'],
};

export function tinyNetwork(seed: number): Network {
  const tensors = initialTensors(tinyGraph, createRandom(seed));
  return { graph: tinyGraph, tensors, meta: { name: 'Tiny', history: [] } };
}

export const tinySettings: TrainSettings = {
  epochs: 3,
  batchSize: 16,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  warmUp: 0.5,
  labelSmoothing: 0.05,
  augment: true,
  distillation: 0,
  temperature: 4,
};
