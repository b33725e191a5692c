/** docs/formats.md is made here, from what is read and the cases that prove it; `vitest -u` writes it anew. */
import { expect, it } from 'vitest';
import { kerasCases } from './keras/cases-for-tests';
import { plainClasses } from './keras/layers-plain';
import { weightedClasses } from './keras/layers-weighted';
import { cases } from './onnx/cases-for-tests';
import { handlers } from './onnx/operators';
import { graphCases } from './tfjs/graph-model/cases-for-tests';
import { plainOperations } from './tfjs/graph-model/plain';
import { severalOperations } from './tfjs/graph-model/several';
import { weightedOperations } from './tfjs/graph-model/weighted';
import { writableFormats } from './index';
import { layerCases, layerNetwork, refusal } from './layer-cases-for-tests';

const intro = `# Formats

What is read, what is written, and what proves it. This page is made by \`workers/formats/table.test.ts\`
from the program and its tests; the test fails when the page is out of date. \`npx vitest run --project node
workers/formats/table.test.ts -u\` makes it anew.

A network that holds something else still opens: the operator is named with its node and the reason, its channels are
locked, and what stands around it can be looked at, scored by its weights, and cut; an ONNX file that is written of an ONNX
file holds it again as it was (\`workers/formats/onnx/carried.test.ts\`). Where nothing with weights follows, the network ends
before it and can be run. The hands of tf2onnx, PyTorch's dynamo exporter and Optimum are tried in
\`workers/formats/onnx/exporters.test.ts\`.

| format | read | written | proven by |
| --- | --- | --- | --- |
| ONNX (opset 7 to 25; weights beside the file too) | yes | yes, opset 18 | ONNX Runtime, operator by operator; 200 random networks, whole and cut |
| Keras \`.h5\`, \`.hdf5\` (Keras 1 to 3) | yes | as source | TF.js with the file's own layers and weights |
| Keras \`.keras\` | yes | as source | the \`.h5\` it was saved from |
| TF.js LayersModel (float32, float16, uint8, uint16 weights) | yes | yes, float32 | TF.js, layer by layer |
| TF.js GraphModel | yes | as LayersModel | TF.js, operation by operation |
| PyTorch \`.pt\`, \`.pth\` (weights; zip and legacy) | the architectures below | as source | PyTorch's answers |
| safetensors | the architectures below, and every file of this studio | yes, float32 | PyTorch's answers; bit for bit |

Weights of other types (float16, bfloat16, float64, quantised) are widened to float32 when a file is read; files are written
in float32. Every file below \`../shared/models\` is opened, cut to three fifths of its multiply-adds, written in every format
and run by ONNX Runtime and TF.js (\`workers/session/any-network.test.ts\`); those with a stated accuracy reach it
(\`workers/session/stated-accuracy.test.ts\`).
`;

type Row = readonly [operator: string, cases: readonly string[]];

function section(title: string, lead: readonly string[], head: string, rows: readonly Row[]): readonly string[] {
  const lines = rows
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, proof]) => `| ${name} | ${proof.join('; ') || '-'} |`);
  return [`## ${title}\n`, ...lead, '', `| ${head} | cases |`, '| --- | --- |', ...lines, ''];
}

/** Names of the cases that hold each operator. */
function proven(operators: readonly string[], held: Readonly<Record<string, readonly string[]>>): readonly Row[] {
  return operators.map((operator) => [
    operator,
    Object.entries(held).flatMap(([name, own]) => (own.includes(operator) ? [name] : [])),
  ]);
}

const onnx = proven(
  Object.keys(handlers),
  Object.fromEntries(Object.entries(cases).map(([name, { nodes }]) => [name, nodes.map(({ opType }) => opType ?? '')])),
);
const keras = proven(
  [...Object.keys(weightedClasses), ...Object.keys(plainClasses)],
  Object.fromEntries(
    Object.entries(kerasCases).map(([name, { layers }]) => [name, layers.map(({ className }) => className)]),
  ),
);
const graph = proven(
  [...Object.keys(weightedOperations), ...Object.keys(plainOperations), ...Object.keys(severalOperations)],
  Object.fromEntries(Object.entries(graphCases).map(([name, { nodes }]) => [name, nodes.map(({ op }) => op)])),
);

/** Architectures that PyTorch's tensors tell, by fixture: `recognise/recognise.test.ts` runs them against PyTorch's answers. */
const architectures: readonly Row[] = [
  ['ResNet-6n+2 for 32x32 images, option A or B', ['resnet20-cifar10.safetensors of ../shared/models']],
  ['ResNet, basic blocks and bottlenecks; ResNeXt', ['resnet-basic', 'resnet-bottleneck', 'resnext', 'resnet18-cifar']],
  ['VGG, with batch norm or without', ['vgg', 'vgg-bn']],
  ['MobileNetV2, of torchvision and timm', ['mobilenet-v2', 'a network of the zoo under the names of timm']],
  ['DenseNet, of torchvision and for 32x32 images', ['densenet', 'densenet-cifar']],
];

/** Layers that TF.js has under no name, or that do nothing when a network answers. */
const unprovenKeras = [
  'ActivityRegularization',
  'AvgPool2D',
  'Convolution2D',
  'GlobalAvgPool2D',
  'GlobalMaxPool2D',
  'MaxPool2D',
  'Normalization',
  'RandomBrightness',
  'RandomContrast',
  'RandomFlip',
  'RandomRotation',
  'RandomTranslation',
  'RandomZoom',
  'Resizing',
  'SpatialDropout2D',
  'Subtract',
];
/** Names that TensorFlow's converter gave operations in its first versions. */
const unprovenGraph = ['DepthwiseConv2d', 'Div', 'FusedBatchNorm', 'FusedBatchNormV2', 'PreventGradient'];

it('what is read stands in a case that another program has run', () => {
  const without = (rows: readonly Row[]) =>
    rows.flatMap(([name, proof]) => (proof.length === 0 ? [name] : [])).toSorted();
  expect(without(onnx)).toEqual([]);
  expect(without(keras)).toEqual(unprovenKeras);
  expect(without(graph)).toEqual(unprovenGraph);
});

async function written(): Promise<readonly string[]> {
  const formats = writableFormats.filter(({ id }) => id !== 'safetensors');
  const rows = await Promise.all(
    Object.entries(layerCases).map(async ([name, text]) => {
      const cells = await Promise.all(formats.map(({ id }) => refusal(layerNetwork(text), id)));
      return `| ${name} | ${cells.map((reason) => reason ?? 'yes').join(' | ')} |`;
    }),
  );
  return [
    '## What is written\n',
    'Every layer in every format: yes, or the reason that is given. ONNX is run by ONNX Runtime and a LayersModel by TF.js',
    "(`workers/formats/layers-written.test.ts`); source is compiled, not run\n(`workers/formats/source/python.test.ts`). The studio's own safetensors hold everything.\n",
    `| layer | ${formats.map(({ title }) => title).join(' | ')} |`,
    `| --- | ${formats.map(() => '---').join(' | ')} |`,
    ...rows,
    '',
  ];
}

it('docs/formats.md is up to date', async () => {
  const page = [
    intro,
    ...section(
      'ONNX operators',
      [
        'Opset 7 to 25 is read, opset 18 is written. Constants (shapes, weights) may be computed by further operators.',
        'Each line names the cases that prove it: read, written again, and run in ONNX Runtime both times.',
      ],
      'operator',
      onnx,
    ),
    ...section(
      'Keras layers',
      [
        'Of `.h5`, `.keras` and TF.js LayersModels. Each line names the cases that TF.js has run; where there is none, TF.js has no',
        'such layer, or it is another name of one that has.',
      ],
      'layer',
      keras,
    ),
    ...section(
      'TensorFlow operations',
      [
        'Of TF.js GraphModels; shapes and constants may be computed by further ones. Each line names the cases that TF.js has run;',
        'where there is none, it is an older name of one that has.',
      ],
      'operation',
      graph,
    ),
    ...section(
      'Architectures of PyTorch weights',
      [
        'Files of weights alone (`.safetensors`, `.pt`, `.pth`) are recognised by the names and shapes of their tensors, at any',
        'widths; each line names the files that PyTorch has answered for.',
      ],
      'architecture',
      architectures,
    ),
    ...(await written()),
  ].join('\n');
  await expect(page).toMatchFileSnapshot('../../docs/formats.md');
});
