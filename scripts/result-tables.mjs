/** The tables of docs/results.md: which recipes, in which order. */
import { readFileSync } from 'node:fs';

const recipeFile = (name) => JSON.parse(readFileSync(new URL(`../recipes/${name}.json`, import.meta.url), 'utf8'));

const criteria = {
  l1: 'L1',
  l2: 'L2',
  fpgm: 'FPGM',
  taylor: 'Taylor',
  'bn-scale': 'BN scale',
  random: 'random',
};
const schemes = { channel: 'SVD, channel', spatial: 'SVD, spatial' };
const budgets = [0.75, 0.5, 0.35];

function rows({ name, network, data, measureOn, recalibrate, fineTune }) {
  const recipe = (label, budget, stages) => ({
    version: 1,
    name: `${label} at ${Math.round(100 * budget)} %, ${name}`,
    seed: 1,
    network,
    data,
    measureOn,
    stages: [
      ...stages,
      { stage: 'recalibrate', images: recalibrate },
      { stage: 'fine-tune', ...fineTune },
      { stage: 'evaluate', split: 'test' },
    ],
  });
  const row = (id, label, budget, stages) => ({
    key: `${id}-${Math.round(100 * budget)}`,
    label,
    budget,
    recipe: recipe(label, budget, stages),
  });
  return budgets.flatMap((budget) => [
    ...Object.entries(criteria).map(([method, label]) =>
      row(method, label, budget, [
        { stage: 'score', method },
        { stage: 'prune', budget },
      ]),
    ),
    ...Object.entries(schemes).map(([scheme, label]) =>
      row(`svd-${scheme}`, label, budget, [{ stage: 'truncate', method: 'svd', settings: { scheme }, budget }]),
    ),
  ]);
}

const sgd = { batchSize: 64, momentum: 0.9, weightDecay: 5e-4, schedule: 'cosine', augment: true };

export const tables = {
  'cifar10-l1': {
    title: 'The main job on CIFAR-10: L1 at half the compute, three epochs',
    note: 'The pretrained ResNet-20 (option A), `recipes/cifar10-l1-50.json`: accuracy in % on 2,000 test images, recalibrated on 1,024 and fine-tuned on 4,500 training images (500 are the validation split).',
    rows: [{ key: 'l1-50', label: 'L1', budget: 0.5, recipe: recipeFile('cifar10-l1-50') }],
  },
  'cifar10-baselines': {
    title: 'Baselines on CIFAR-10: a pretrained ResNet-20 (option A), a subset of the data',
    note: 'Accuracy in % on 2,000 test images; recalibrated on 1,024 and fine-tuned for 1 epoch on 4,500 training images (500 are the validation split). One seed: differences below about 1.5 points are not distinguishable.',
    rows: rows({
      name: 'ResNet-20 on the CIFAR-10 subset',
      network: { source: 'file', name: 'resnet20-cifar10.safetensors' },
      data: { source: 'cifar10' },
      measureOn: 'test',
      recalibrate: 1024,
      fineTune: { epochs: 1, learningRate: 0.01, ...sgd },
    }),
  },
  'shapes10-baselines': {
    title: 'Baselines on Shapes-10: the shipped ResNet-20',
    note: 'Accuracy in % on 1,000 validation images, at the end also on 2,000 test images; recalibrated on 1,024 and fine-tuned for 1 epoch of 3,000 training images. These are the reference runs the studio shows when it opens. One seed: differences below about 1.5 points are not distinguishable.',
    rows: rows({
      name: 'ResNet-20 on Shapes-10',
      network: { source: 'shipped', id: 'resnet20-shapes10' },
      data: { source: 'shapes10' },
      measureOn: 'validation',
      recalibrate: 1024,
      fineTune: { epochs: 1, imagesPerEpoch: 3000, learningRate: 0.02, ...sgd },
    }),
  },
};
