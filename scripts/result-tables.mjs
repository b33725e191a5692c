/** The tables of docs/results.md: which recipes, in which order. */
import { readFileSync } from 'node:fs';
import { compressedRows, cueRodRows, onceRow, passRows, routingRows } from './gating-rows.mjs';
import { baselineRows, centripetalRows, daggerRows, rankRows, recalibrationRows } from './result-rows.mjs';

const recipeFile = (name) => JSON.parse(readFileSync(new URL(`../recipes/${name}.json`, import.meta.url), 'utf8'));

/** One choice changed at a time: what each part of Dagger is worth. */
const daggerControls = {
  'weight-fed': 'Dagger',
  'whole-group': 'whole group at once',
  'no-budget-term': 'no budget term',
  'no-prior': 'no magnitude prior',
  'no-cross-entropy': 'no cross-entropy',
  'free-logits': 'free logits',
  'one-sided': 'one-sided budget term',
  'running-statistics': 'batch norm by running statistics',
  'three-rounds': 'three rounds: to 80, 65, 50 %',
  'feature-maps-first': 'feature maps of images 1-64',
  'feature-maps-next': 'feature maps of images 65-128',
};

const sgd = { batchSize: 64, momentum: 0.9, weightDecay: 5e-4, schedule: 'cosine', augment: true };

/** 312 steps of 32 images in all: 200 for the gates, 112 for the weights. */
const shortDagger = {
  measureOn: 'validation',
  recalibrate: 1024,
  gates: { epochs: 2, settings: { learningRate: 0.02 } },
  fineTune: { ...sgd, batchSize: 32, epochs: 1.12, imagesPerEpoch: 3200, learningRate: 0.02 },
};

/** As long as the wide network trains and is squeezed. */
const trainedDirectly = (({ stages: [pretrain, ...after], ...recipe }) => ({
  ...recipe,
  name: 'ResNet-8 on Shapes-10, trained directly for 48 epochs',
  stages: [{ ...pretrain, epochs: 48 }, ...after],
}))(recipeFile('resnet8-shapes10'));

/** What a cut may drop, to arrive near each budget. */
const rankEnergies = {
  0.67: { channel: 0.02, spatial: 0.01 },
  0.5: { channel: 0.04, spatial: 0.02 },
  0.33: { channel: 0.08, spatial: 0.04 },
};
const trainedRanks = (channel, spatial) =>
  `TRP drops ${channel} % (spatial ${spatial} %) of the energy of a kernel every 5 steps, for the three budgets; it keeps its own ranks where they cost less than the budget.`;

export const tables = {
  'cifar10-l1': {
    title: 'The main job on CIFAR-10: L1 at half the compute, three epochs',
    note: 'The pretrained ResNet-20 (option A), `recipes/cifar10-l1-50.json`: accuracy in % on 2,000 test images, recalibrated on 1,024 and fine-tuned on 4,500 training images (500 are the validation split).',
    rows: [{ key: 'l1-50', label: 'L1', budget: 0.5, recipe: recipeFile('cifar10-l1-50') }],
  },
  'cifar10-baselines': {
    title: 'Baselines on CIFAR-10: a pretrained ResNet-20 (option A), a subset of the data',
    note: 'Accuracy in % on 2,000 test images; recalibrated on 1,024 and fine-tuned for 1 epoch on 4,500 training images (500 are the validation split). One seed: differences below about 1.5 points are not distinguishable.',
    figure: 'budgets',
    rows: baselineRows({
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
    figure: 'budgets',
    rows: baselineRows({
      name: 'ResNet-20 on Shapes-10',
      network: { source: 'shipped', id: 'resnet20-shapes10' },
      data: { source: 'shapes10' },
      measureOn: 'validation',
      recalibrate: 1024,
      fineTune: { epochs: 1, imagesPerEpoch: 3000, learningRate: 0.02, ...sgd },
    }),
  },
  recalibration: {
    title: 'Recalibration alone, of networks that lost nothing',
    note: 'Accuracy in % on 2,000 test images before and after batch-norm statistics are measured anew on 1,024 training images, moved as in training (flips, crops from black borders) or as they are. Statistics of images as they are do not belong to the weights: that alone costs up to fifteen points.',
    rows: recalibrationRows([
      { key: 'resnet8', name: 'ResNet-8', network: { source: 'shipped', id: 'resnet8-shapes10' }, data: 'shapes10' },
      {
        key: 'resnet20',
        name: 'ResNet-20 on CIFAR-10',
        network: { source: 'file', name: 'resnet20-cifar10.safetensors' },
        data: 'cifar10',
      },
    ]),
  },
  'csgd-shapes10': {
    title: 'Centripetal SGD on Shapes-10: the shipped ResNet-8',
    note: 'Accuracy in % on 1,000 validation images, at the end also on 2,000 test images. All train for 4 epochs of 5,000 images at the same widths: C-SGD before its cut and not after, L1 and random after theirs. The paper compares after 600 epochs.',
    figure: 'budgets',
    rows: centripetalRows({
      name: 'ResNet-8 on Shapes-10',
      network: { source: 'shipped', id: 'resnet8-shapes10' },
      data: { source: 'shapes10' },
      measureOn: 'validation',
      training: { epochs: 4, learningRate: 0.03, ...sgd, batchSize: 32, weightDecay: 1e-4 },
      settings: { strength: 0.3 },
    }),
  },
  'csgd-cifar10': {
    title: 'Centripetal SGD on CIFAR-10: a pretrained ResNet-20 (option A), a subset of the data',
    note: 'Accuracy in % on 2,000 test images. All train for 3 epochs of 4,500 images at the same widths: C-SGD before its cut and not after, L1 and random after theirs. The cuts lose nothing (logits move by less than 1e-5), but three epochs of 4,500 images do not repair what pulling filters together has cost by then. Means of three seeds: C-SGD 83.1, 72.5 and 65.1 at 65, 50 and 39 %; L1 83.8, 79.1 and 73.0; random 80.7, 73.3 and 63.5. So C-SGD is level with L1 at 65 % and 7 to 8 points below it further down, where it is level with random. The paper reports no loss at 60.8 % fewer multiply-adds, for ResNet-56 after 600 epochs of 50,000 images: two thousand times as many images.',
    figure: 'budgets',
    rows: centripetalRows({
      name: 'ResNet-20 on the CIFAR-10 subset',
      network: { source: 'file', name: 'resnet20-cifar10.safetensors' },
      data: { source: 'cifar10' },
      measureOn: 'test',
      training: { epochs: 3, learningRate: 0.02, ...sgd, batchSize: 32, weightDecay: 1e-4 },
      settings: { strength: 0.4 },
    }),
  },
  'csgd-squeeze': {
    title: 'Train wide, then squeeze: ResNet-8 on Shapes-10',
    note: 'Accuracy in % on 2,000 test images. The network trained at 1.5 times its width for 24 epochs and squeezed to it by C-SGD in 24 more, `recipes/csgd-squeeze-resnet8.json`, against the same network trained directly for 48 epochs (`recipes/resnet8-shapes10.json`, longer). "Kept" is the share of the network each began with. The squeeze is without loss (97.30 before and after the cut, logits move by less than 1e-5) and ends above the wide network it began with (96.0), but training the narrow network directly for as long is better, 99.55: on this data 48 epochs of one schedule serve it more than a wide start does. The paper squeezes networks that were trained to their end. One seed.',
    figure: 'squeeze',
    rows: [
      { key: 'squeezed', label: 'wide, then squeezed', budget: 0.45, recipe: recipeFile('csgd-squeeze-resnet8') },
      { key: 'direct', label: 'directly', budget: 1, recipe: trainedDirectly },
    ],
  },
  'trp-shapes10': {
    title: 'Trained ranks on Shapes-10: the shipped ResNet-8, split without fine-tuning',
    note: `Accuracy in % on 2,000 test images: "original" is the network as trained on, before the split, "at the cut" the two thin convolutions in place of each. Every row goes on from the shipped network (95.90) for the same 4 epochs. ${trainedRanks('2, 4 or 8', '1, 2 or 4')} Penalty 0.03. The claim shows: at half the compute and by the split itself spatial TRP loses 0.3 points, with the penalty nothing, where plain SVD of the same training loses 6 (by channel 1.0 and nothing against 42); at a third, where plain SVD is at chance, 0.85 and nothing. The price is paid in training: by channel TRP ends 1 to 2 points lower than plain training. The penalty alone is not enough. One seed: differences below about 1.5 points are not distinguishable.`,
    figure: 'ranks',
    rows: rankRows({
      name: 'ResNet-8 on Shapes-10',
      network: { source: 'shipped', id: 'resnet8-shapes10' },
      data: { source: 'shapes10' },
      measureOn: 'test',
      energies: rankEnergies,
      penalty: 0.03,
      train: { stage: 'fine-tune', epochs: 4, learningRate: 0.03, warmUp: 0.5, ...sgd },
    }),
  },
  'trp-scratch': {
    title: 'Trained ranks on Shapes-10: ResNet-8 from scratch, split without fine-tuning',
    note: 'The same with cuts from the very first step: every network trained for 16 epochs from the same initial weights (seed 1), TRP dropping 4 % (spatial 2 %) of the energy every 5 steps, penalty 0.01. Sixteen epochs are not enough for any of them to converge, and cuts at a high learning rate slow the learning.',
    rows: rankRows({
      name: 'ResNet-8 on Shapes-10',
      network: { source: 'zoo', architecture: 'resnet8', shortcut: 'projection', classes: 10 },
      data: { source: 'shapes10' },
      measureOn: 'test',
      energies: { 0.5: rankEnergies[0.5] },
      penalty: 0.01,
      train: { stage: 'pretrain', epochs: 16, learningRate: 0.1, warmUp: 0.5, ...sgd },
    }),
  },
  'trp-cifar10': {
    title: 'Trained ranks on CIFAR-10: a pretrained ResNet-20 (option A), a subset of the data',
    note: `Accuracy in % on 2,000 test images: "original" is the network as trained on, before the split, "at the cut" the two thin convolutions in place of each. Every row goes on from the same pretrained network for the same 4 epochs of 4,500 training images. ${trainedRanks('1.5, 3 or 6', '0.8, 1.5 or 3')} Penalty 0.05. By the split itself at half the compute spatial TRP loses 1.0 points, with the penalty nothing, where plain SVD of the same training loses 20; at two thirds 0.3 and nothing against 5. By channel TRP still loses 19 (with the penalty 9) against 69: the asked budget is below the ranks it has trained. The price is paid in training: with cuts every 5 steps the network ends at 87.0 (spatial) and 83.0 (channel) where plain training ends at 91.4, so half a point in all, as the paper reports, is not reached in 4 epochs of 4,500 images. One seed: differences below about 1.5 points are not distinguishable.`,
    figure: 'ranks',
    rows: rankRows({
      name: 'ResNet-20 on the CIFAR-10 subset',
      network: { source: 'file', name: 'resnet20-cifar10.safetensors' },
      data: { source: 'cifar10' },
      measureOn: 'test',
      energies: {
        0.67: { channel: 0.015, spatial: 0.008 },
        0.5: { channel: 0.03, spatial: 0.015 },
        0.33: { channel: 0.06, spatial: 0.03 },
      },
      penalty: 0.05,
      train: { stage: 'fine-tune', epochs: 4, learningRate: 0.01, ...sgd },
    }),
  },
  'dagger-shapes10': {
    title: 'Dagger on Shapes-10: the shipped ResNet-8',
    note: "Accuracy in % on 1,000 validation images, at the end also on 2,000 test images; recalibrated on 1,024. Every row trains for the same 312 steps of 32 images: Dagger 200 of them on its gates and 112 on weights, the others all on weights. One accuracy has a sampling error of about a point. What the gates choose is as good as the best criterion finds: recalibrated, and as the mean of three seeds, Dagger comes to 94.9, 89.5 and 75.8 at 70, 50 and 35 %, L1 to 93.9, 89.3 and 73.4, FPGM to 94.8, 87.7 and 75.1, random to 75.5, 44.9 and 34.7. At the end, with a third of the others' steps on weights, it does not win: 95.0, 94.0 and 92.6 on the test images, level with random at 70 % and up to a point below it (95.0, 94.5, 93.5), one to two below L1 (95.8, 95.5, 94.3). It keeps about a tenth fewer parameters than L1 at the same multiply-adds.",
    figure: 'budgets',
    rows: daggerRows({
      name: 'ResNet-8 on Shapes-10',
      network: { source: 'shipped', id: 'resnet8-shapes10' },
      data: { source: 'shapes10' },
      seeds: [1, 2, 3],
      ...shortDagger,
    }),
  },
  'dagger-vgg': {
    title: 'Dagger on Shapes-10: a slim VGG-16',
    note: 'The network of `recipes/dagger/vgg-slim.json` (24 epochs, 93.45 on the test images), trained first. Steps and measures as in the table of ResNet-8. Recalibrated, Dagger is the best at 50 and 35 % (78.9 and 63.7 as the mean of three seeds; FPGM 77.3 and 50.3, random 40.0 and 17.5) and second at 70 % (87.8; BN scale 89.8). After the same number of steps in all it ends last: 89.8, 88.7 and 87.0 on the test images against 89.3 to 93.8 of the others, which train weights for 312 steps where it has 112.',
    figure: 'budgets',
    rows: daggerRows({
      trained: { key: 'vgg-slim', recipe: recipeFile('dagger/vgg-slim') },
      name: 'slim VGG-16 on Shapes-10',
      network: { source: 'file', name: 'vgg-slim-shapes10.safetensors' },
      data: { source: 'shapes10' },
      seeds: [1, 2, 3],
      ...shortDagger,
    }),
  },
  'dagger-cifar10': {
    title: 'Dagger on CIFAR-10: a pretrained ResNet-20 (option A), a subset of the data',
    note: 'Accuracy in % on 2,000 test images; recalibrated on 1,024. Every row trains for the same 350 steps of 64 images out of 4,500: Dagger 210 of them on its gates and 140 on weights, the others all on weights. Before fine-tuning its cuts stand level with those of L1 at 70 % and close behind at 50 %, well above random (77.3, 44.9 and 24.1 % against 68.7, 29.9 and 16.8); at the end it is 0.7, 4 and 8 points below random, which trains its weights 2.5 times as long. The paper trains its gates for epochs of the whole of CIFAR-10 or ImageNet.',
    figure: 'budgets',
    rows: daggerRows({
      name: 'ResNet-20 on the CIFAR-10 subset',
      network: { source: 'file', name: 'resnet20-cifar10.safetensors' },
      data: { source: 'cifar10' },
      measureOn: 'test',
      recalibrate: 1024,
      seeds: [1],
      gates: { epochs: 3, settings: { learningRate: 0.02 } },
      fineTune: { ...sgd, epochs: 2, learningRate: 0.01 },
    }),
  },
  'dagger-controls': {
    title: 'What each part of Dagger is worth: ResNet-8 on Shapes-10 at half the compute',
    note: "Recipes of `recipes/dagger/`: accuracy in % on 1,000 test images, one seed; every row trains for 405 steps, those of the gates counted, and differences below about 1.5 points are not distinguishable. One choice changed at a time. Gates for whole groups at once, the one-sided term and free logits are level with the whole method; without cross-entropy it loses nothing either (prior and budget alone): at this size images do not teach the gates what the weights' magnitudes do not say. Without the prior it ends 2.7 points lower. The ranking by feature maps, which spends all its steps on weights, ends a point above, and its two orders differ where Dagger gives one.",
    rows: Object.entries(daggerControls).map(([key, label]) => ({
      key,
      label,
      budget: 0.5,
      recipe: recipeFile(`dagger/${key}`),
    })),
  },
  'gating-cue-rods': {
    title: 'Looking again: RIGNet, DIGNet and feed-forward controls on cue rods',
    note: 'One line for each pass, all passes of one training. mIoU, and accuracy over all pixels and over object pixels near (up to 8 pixels), mid (8 to 14) and far (beyond 14) from the cue that tells their class, in % on 400 test images; several seeds: mean (least-most). Recipe: `recipes/gating/cue-rods.json` with the network of the line. The claim that a shallow network that looks again can stand in for a deeper one shows: three looks of kernel 1 equal the deepest control (87.9 both) with a quarter of its parameters and three quarters of its multiply-adds, and far pixels, 30 % right at the first look, come to 89. Against the deep control they win a point for a third more compute. The first look is no better than the shallow network: the gain is in looking again, for with gates held at 1 nothing is gained. But feedback that is added, not multiplied, ends within 0.2 of the gates: here it is the feedback that pays, not its being a gate. Cascaded gates (DIGNet) end half a point to a point above those of the top (RIGNet) at the same passes, for more parameters and compute, about what seeds differ by. A fourth look gains 0.1 to 0.5.',
    passes: true,
    rows: cueRodRows(recipeFile('gating/cue-rods'), [1, 2, 3]),
  },
  'gating-routing': {
    title: 'Where feedback comes from: routings on cue rods, three stages, two passes',
    note: 'As above; gate kernels of 1 x 1. Part of the order is how far a routing lets information travel in one pass. The second pass gains 11 points of mIoU with feedback from the corresponding stage, 15 from the stage above and 18 to 19 from the top or by the cascade, which ends a point above the direct top route: at three stages about what seeds differ by.',
    passes: true,
    rows: routingRows(recipeFile('gating/cue-rods'), [1, 2, 3]),
  },
  'gating-routing-64': {
    title: 'Where feedback comes from: routings on cue rods 64 x 64, four stages, two passes',
    note: 'Recipe: `recipes/gating/cue-rods-64.json` with the routing of the line. Bands end at 16 and 28 pixels. With four stages the cascade does beat the direct top route, by 2.5 points of mIoU and 5.5 of far pixels (one seed), at a tenth more multiply-adds and parameters.',
    passes: true,
    rows: routingRows(recipeFile('gating/cue-rods-64'), [1]),
  },
  'gating-camvid': {
    title: 'Looking again on street scenes: CamVid at 64 x 48 pixels',
    note: '367 training and 78 test images of 11 classes, reduced from 480 x 360 and not shipped (`--data` the folder). Recipe: `recipes/gating/camvid.json` with the passes of the line. The claim does not show at this size: a second and a third pass improve on the first of the same network by 1.4 and 1.8 points of mIoU, but no more than back to what the feed-forward network reaches with a third of the compute (one seed).',
    passes: true,
    rows: passRows(recipeFile('gating/camvid'), [1]),
  },
  'gating-compressed': {
    title: 'Made smaller: RIGNet of three passes cut and factored to 60 %',
    note: 'Cue rods, on 400 test images, as above. Every row starts from the same training of 10 epochs and trains for 5 more (Dagger 2 of them on its gates), but "whole", which stops there. C-SGD and TRP train before their cut and not after it. One seed: differences below about a point are not distinguishable, and random pruning does as well as any here: what is left learns the task again in 5 epochs. Recipes: `recipes/gating/rignet-*.json`. What passes share is cut once and saves its multiply-adds in each.',
    passes: true,
    rows: compressedRows({
      trained: { key: 'rignet', name: 'RIGNet of three passes' },
      passes: 3,
      recipes: {
        'C-SGD': recipeFile('gating/rignet-csgd'),
        Dagger: recipeFile('gating/rignet-dagger'),
        'TRP, spatial': recipeFile('gating/rignet-trp'),
        L1: recipeFile('gating/rignet-l1'),
        random: recipeFile('gating/rignet-random'),
      },
    }),
  },
  'gating-compressed-classifier': {
    title: 'Made smaller: a ResNet-8 classifier that looks twice, cut and factored to 60 %',
    note: 'Accuracy in % on 2,000 test images after each look, one training (seed 1). Every row starts from the same training of 7 epochs and trains for 2 more (Dagger 0.8 of them on its gates), but "whole", which stops there; the feed-forward ResNet-8 trains for the same 9. C-SGD and TRP train before their cut and not after it; their cuts cost nothing (95.60 before and after, 95.15 and 95.20). At 60 % of the multiply-adds L1, random pruning, C-SGD and TRP end within 0.6 points of the whole network trained as long, Dagger 1.5 below it: as above, what is left learns the task again. One seed: differences below about 1.5 points are not distinguishable, and what the second look gains here, 0.7 to 1.5, is no more than that. The feed-forward network, trained as long, stops at 87.55, below even the first look of the gated one at the same multiply-adds: after so few epochs that is a difference of training, not of what such a network can reach (it has 95.9 after 16 epochs elsewhere on this page). What passes share is cut once and saves its multiply-adds in each. Recipes: `recipes/gating/resnet8-*.json`.',
    passes: true,
    rows: [
      ...compressedRows({
        trained: { key: 'resnet8', name: 'Gated ResNet-8 of two passes' },
        passes: 2,
        recipes: {
          'C-SGD': recipeFile('gating/resnet8-csgd'),
          Dagger: recipeFile('gating/resnet8-dagger'),
          'TRP, spatial': recipeFile('gating/resnet8-trp'),
          L1: recipeFile('gating/resnet8-l1'),
          random: recipeFile('gating/resnet8-random'),
        },
      }),
      onceRow('feed-forward ResNet-8', recipeFile('gating/resnet8-once')),
    ],
  },
};
