import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { type Graph, isWeighted, type LayerId, NetworkError } from '../graph';
import { networkHash } from '../hash';
import { initialTensors } from '../initialise';
import { inferShapes, shapeText } from '../shapes';
import { graphFromText } from '../text';
import { validateNetwork } from '../validate';
import { type Architecture, buildZooGraph, buildZooNetwork } from './index';

const architectures: readonly Architecture[] = [
  'resnet8',
  'resnet20',
  'resnet32',
  'resnet56',
  'vgg16',
  'densenet40',
  'mobilenetv2',
];

/** Filters of every conv, in forward order. */
function convWidths(graph: Graph): readonly number[] {
  return graph.layers.flatMap((layer) => (layer.op === 'conv' ? [layer.filters] : []));
}

function repeat(width: number, times: number): readonly number[] {
  return new Array<number>(times).fill(width);
}

describe('buildZooNetwork', () => {
  it.each(architectures)('%s is a valid network on 32x32x3 images with one logit per class', (architecture) => {
    const network = buildZooNetwork({ architecture, classes: 7, seed: 1 });
    validateNetwork(network);
    const shapes = inferShapes(network.graph);
    expect(shapes.get('input')).toEqual([32, 32, 3]);
    expect(network.graph.outputs.map((id) => shapes.get(id))).toEqual([[7]]);
  });

  it('has as many weighted layers as the name says, projections left out', () => {
    const count = (architecture: Architecture): number =>
      buildZooGraph({ architecture }).layers.filter(isWeighted).length;
    expect([8, 20, 32, 56].map((depth) => count(`resnet${depth}` as Architecture))).toEqual([8, 20, 32, 56]);
    expect(count('densenet40')).toBe(40);
    // Thirteen of VGG-16's convolutions and one of its three dense layers.
    expect(count('vgg16')).toBe(14);
    // 52 convolutions and the classifier.
    expect(count('mobilenetv2')).toBe(53);
  });

  it('ends its features at the sizes of the papers', () => {
    const shapeOf = (architecture: Architecture, layer: LayerId): string =>
      shapeText(inferShapes(buildZooGraph({ architecture })).get(layer) ?? []);
    expect(shapeOf('resnet20', 'stage3.block3.relu2')).toBe('8x8x64');
    expect(shapeOf('vgg16', 'stage5.pool')).toBe('1x1x512');
    expect(shapeOf('densenet40', 'block3.layer12.concat')).toBe('8x8x448');
    expect(shapeOf('mobilenetv2', 'head')).toBe('4x4x1280');
  });

  it('depends on architecture, widths and seed alone', async () => {
    const options = { architecture: 'resnet8', widths: [4, 6, 10] } as const;
    const [first, again, other] = [1, 1, 2].map((seed) => networkHash(buildZooNetwork({ ...options, seed })));
    expect(await first).toBe(await again);
    expect(await first).not.toBe(await other);
  });
});

describe('ResNet', () => {
  it('writes an option-A shortcut as strided slice and channels padded on both sides', () => {
    const graph = buildZooGraph({ architecture: 'resnet8', widths: [5, 8, 10] });
    const shortcuts = graph.layers.filter((layer) => layer.op === 'slice' || layer.op === 'pad');
    expect(shortcuts).toEqual([
      {
        id: 'stage2.block1.shortcut.slice',
        op: 'slice',
        inputs: ['stage1.block1.relu2'],
        begin: [0, 0, 0],
        end: [32, 32, 5],
        stride: [2, 2, 1],
      },
      {
        id: 'stage2.block1.shortcut.pad',
        op: 'pad',
        inputs: ['stage2.block1.shortcut.slice'],
        padding: [0, 0, 0, 0],
        channels: [1, 2],
      },
      {
        id: 'stage3.block1.shortcut.slice',
        op: 'slice',
        inputs: ['stage2.block1.relu2'],
        begin: [0, 0, 0],
        end: [16, 16, 8],
        stride: [2, 2, 1],
      },
      {
        id: 'stage3.block1.shortcut.pad',
        op: 'pad',
        inputs: ['stage3.block1.shortcut.slice'],
        padding: [0, 0, 0, 0],
        channels: [1, 1],
      },
    ]);
  });

  it('is, with projections and slim widths, the network drawn in the paper', () => {
    const block = (id: string, from: string, inner: number, outer: number, stride: 1 | 2): string => {
      const conv = stride === 2 ? '3x3 s2 p1' : '3x3 p1';
      const skip =
        stride === 2
          ? `/ ${id}.projection = conv ${outer} 1x1 s2 < ${from} / ${id}.projection.bn = bn
             / ${id}.add = add < ${id}.bn2 .`
          : `/ ${id}.add = add < . ${from}`;
      return `${id}.conv1 = conv ${inner} ${conv} < ${from} / ${id}.bn1 = bn / ${id}.relu1 = relu
        / ${id}.conv2 = conv ${outer} 3x3 p1 / ${id}.bn2 = bn ${skip} / ${id}.relu2 = relu`;
    };
    const drawn = graphFromText(`
      input 32x32x3 / stem = conv 4 3x3 p1 / stem.bn = bn / stem.relu = relu
      ${block('stage1.block1', 'stem.relu', 2, 4, 1)}
      ${block('stage2.block1', 'stage1.block1.relu2', 3, 5, 2)}
      ${block('stage3.block1', 'stage2.block1.relu2', 1, 7, 2)}
      pool = globalPool / classifier = dense 10 bias`);
    const widths = [4, 2, 4, 3, 5, 1, 7];
    expect(buildZooGraph({ architecture: 'resnet8', shortcut: 'projection', widths })).toEqual(drawn);
  });
});

describe('width lists', () => {
  it.each<[Architecture, readonly number[], readonly number[]]>([
    ['resnet20', [3, 5, 9], [...repeat(3, 7), ...repeat(5, 6), ...repeat(9, 6)]],
    ['vgg16', [2, 3, 4, 5, 6], [2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]],
    ['densenet40', [1, 2, 3], [16, ...repeat(1, 12), 28, ...repeat(2, 12), 52, ...repeat(3, 12)]],
    [
      'mobilenetv2',
      [3, 2, 4, 5, 6, 7, 8, 9, 10],
      [
        [3, 2],
        [12, 4, 24, 4],
        [24, 5, 30, 5, 30, 5],
        [30, 6, 36, 6, 36, 6, 36, 6],
        [36, 7, 42, 7, 42, 7],
        [42, 8, 48, 8, 48, 8],
        [48, 9, 10],
      ].flat(),
    ],
  ])('%s: %j per stage is the full list of it', (architecture, perStage, full) => {
    const short = buildZooGraph({ architecture, widths: perStage });
    expect(convWidths(short)).toEqual(full);
    expect(buildZooGraph({ architecture, widths: full })).toEqual(short);
  });

  it.each<[Architecture, readonly number[]]>([
    ['resnet20', [...repeat(4, 2), 4, 9, 4, 1, 4, 2, 6, 3, 6, 4, 6, 5, 7, 6, 7, 8, 7]],
    ['vgg16', [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9]],
    ['densenet40', Array.from({ length: 39 }, (_, index) => 1 + (index % 5))],
    ['mobilenetv2', Array.from({ length: 35 }, (_, index) => (index % 2 === 0 ? 5 + (index % 3) : 3))],
  ])('%s takes any full list whose sums fit', (architecture, widths) => {
    const graph = buildZooGraph({ architecture, widths });
    expect(convWidths(graph)).toEqual(widths);
    inferShapes(graph);
  });

  it.each<[Architecture, readonly number[], string]>([
    ['resnet20', [16, 32], 'ResNet-20 takes 3 (one per stage) or 19 (one per convolution) widths, not 2.'],
    ['vgg16', [1], 'VGG-16-BN takes 5 (one per stage) or 13 (one per convolution) widths, not 1.'],
    ['densenet40', [1], 'DenseNet-40 takes 3 (the growth of each block) or 39 (one per convolution) widths, not 1.'],
    ['mobilenetv2', [1], 'MobileNetV2 takes 9 (stem, stages, head) or 35 (one per convolution) widths, not 1.'],
    ['resnet8', [16, 0, 64], 'ResNet-8: a width must be a whole number, at least 1, not 0.'],
    ['densenet40', [1, 2.5, 3], 'DenseNet-40: a width must be a whole number, at least 1, not 2.5.'],
    ['mobilenetv2', [1, 1, 1, 1, 1, 1, 1, 1, -1], 'MobileNetV2: a width must be a whole number, at least 1, not -1.'],
    [
      'resnet8',
      [4, 4, 5, 6, 6, 8, 8],
      'ResNet-8: 5 filters of "stage1.block1.conv2" cannot be added to a stream of 4; give them the same width.',
    ],
    [
      'resnet8',
      [8, 8, 4],
      '"stage3.block1": an option-A shortcut cannot go from 8 to 4 channels; widen the stage or use projections.',
    ],
    [
      'mobilenetv2',
      [...repeat(2, 5), 3, ...repeat(2, 29)],
      'MobileNetV2: 3 filters of "stage2.block2.project" cannot be added to a stream of 2; give them the same width.',
    ],
  ])('%s %j: %s', (architecture, widths, message) => {
    expect(() => buildZooGraph({ architecture, widths })).toThrow(NetworkError);
    expect(() => buildZooGraph({ architecture, widths })).toThrow(message);
  });
});

describe('initialTensors', () => {
  it.each([
    ['conv 64 3x3', 'conv1.kernel', Math.sqrt(2 / (9 * 32))],
    ['conv 64 3x3 g4', 'conv1.kernel', Math.sqrt(2 / (9 * 8))],
    ['depthwise 7x7', 'depthwise1.kernel', Math.sqrt(2 / 49)],
    ['flatten / dense 8', 'dense1.kernel', Math.sqrt(2 / (8 * 8 * 32))],
  ])('%s: He deviation from the fan-in', (text, name, deviation) => {
    const values =
      initialTensors(graphFromText(`input 8x8x32 / ${text}`), createRandom(2))[name]?.values ?? new Float32Array();
    const meanSquare = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    // Relative standard error of a mean square of n Gaussians: sqrt(2 / n); four of them.
    expect(Math.abs(meanSquare / deviation ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
  });

  it('starts batch norm as the identity and biases at 0', () => {
    const tensors = initialTensors(graphFromText('input 2 / bn / dense 3 bias'), createRandom(2));
    const values = Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.values]] as const);
    expect(Object.fromEntries(values.filter(([name]) => !name.endsWith('kernel')))).toEqual({
      'bn1.gamma': [1, 1],
      'bn1.beta': [0, 0],
      'bn1.mean': [0, 0],
      'bn1.variance': [1, 1],
      'dense1.bias': [0, 0, 0],
    });
  });
});
