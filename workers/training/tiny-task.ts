/** For tests: a task that a network of a few hundred weights learns in a second. */
import type { Dataset, Split } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Network } from '../network/graph';
import { initialTensors } from '../network/initialise';
import { graphFromText } from '../network/text';
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

/** One of each kind of layer with weights: behind a batch norm, with a bias and a stride, dense. */
const graph = graphFromText(
  'input 8x8x3 / conv 6 3x3 p1 / bn / relu / conv 5 3x3 s2 p1 bias / relu / globalPool / fc = dense 3 bias',
);

export function tinyNetwork(seed: number): Network {
  const tensors = initialTensors(graph, createRandom(seed));
  return { graph, tensors, meta: { name: 'Tiny', history: [] } };
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
