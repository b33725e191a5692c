import { describe, expect, it } from 'vitest';
import { type Graph, type Layer, NetworkError } from './graph';
import { inferShapes, shapeText, windowPositions } from './shapes';
import { graphFromText } from './text';

/** Shape of the last layer of a text, as text. */
function lastShape(text: string): string {
  const graph = graphFromText(text);
  return shapeText(inferShapes(graph).get(graph.layers.at(-1)?.id ?? '') ?? []);
}

const input: Layer = { id: 'input', op: 'input', inputs: [], shape: [8, 6, 3] };

function failure(layers: readonly Layer[]): NetworkError {
  const graph: Graph = { layers, outputs: [layers.at(-1)?.id ?? ''] };
  try {
    inferShapes(graph);
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  throw new Error('the graph was accepted');
}

describe('window positions', () => {
  // PyTorch's Conv2d formula by hand: floor((length + padding - dilation (kernel - 1) - 1) / stride) + 1.
  it.each([
    [32, 2, 3, 1, 1, 32],
    [32, 2, 3, 2, 1, 16],
    [33, 0, 2, 2, 1, 16],
    [7, 0, 7, 1, 1, 1],
    [9, 0, 3, 2, 2, 3],
    [5, 4, 3, 1, 2, 5],
  ])(
    '%i pixels, padding %i, kernel %i, stride %i, dilation %i: %i',
    (length, padding, kernel, stride, dilation, out) => {
      expect(windowPositions(length, padding, kernel, stride, dilation)).toBe(out);
    },
  );
});

describe('inferShapes', () => {
  it.each([
    ['input 8x6x3 / conv 5 3x3 p1', '8x6x5'],
    ['input 8x6x3 / conv 5 3x3 s2 p1', '4x3x5'],
    ['input 8x6x3 / conv 5 3x1 s2x1 p1x0', '4x6x5'],
    ['input 8x6x3 / conv 5 2x2 p0,1,0,1', '8x6x5'],
    ['input 8x6x3 / conv 4 3x3 d2', '4x2x4'],
    ['input 8x6x4 / conv 6 1x1 g2', '8x6x6'],
    ['input 8x6x3 / depthwise 3x3 s2 p1', '4x3x3'],
    ['input 8x6x3 / bn / relu', '8x6x3'],
    ['input 8x6x3 / maxPool 2x2 s2', '4x3x3'],
    ['input 8x6x3 / maxPool 3x3 s2 p1', '4x3x3'],
    ['input 8x6x3 / averagePool 3x2 s1', '6x5x3'],
    ['input 8x6x3 / globalPool', '3'],
    ['input 8x6x3 / flatten', '144'],
    ['input 8x6x3 / flatten / dense 10 / softmax', '10'],
    ['input 7 / dense 4 / bn / relu', '4'],
    ['input 8x6x3 / pad p1,2,3,4 c5,6', '11x13x14'],
    ['input 8x6x3 / slice 0:8:2 1:6:2 1:3', '4x3x2'],
    ['input 8x6x3 / slice 0:7:3 0:1 0:3', '3x1x3'],
    ['input 8x6x3 / gather 2,0,0,1', '8x6x4'],
    ['input 4 / gather 3,1', '2'],
    ['input 8x6x3 / resize 16x18', '16x18x3'],
    ['input 8x6x3 / resize 5x7 bilinear alignCorners', '5x7x3'],
    // (8 - 1) 2 + 3 - 1 - 1 + 1 = 16 rows, (6 - 1) 2 + 3 - 2 + 1 = 12 columns.
    ['input 8x6x3 / convTranspose 5 3x3 s2 p1 o1', '16x12x5'],
    // (8 - 1) 3 + 2 - 0 - 1 + 0 = 22, (6 - 1) 1 + 4 - 2 - 1 + 0 = 6.
    ['input 8x6x3 / convTranspose 5 2x4 s3x1 p0,1,2,1', '22x6x5'],
    ['input 8x6x3 / prelu / scale 2 offset=1 / clip min=0 / gelu', '8x6x3'],
    ['input 8x6x3 / globalPool keepSpatial', '1x1x3'],
    ['input 8x6x4 / reshape 12x16x1 / reshape 192', '192'],
    ['input 8x6x3 / conv 3 3x3 s2x1 p1 / concat height < input .', '12x6x3'],
    ['input 8x6x3 / conv 3 3x3 s1x2 p1 / concat width < . input', '8x9x3'],
    ['input 8x6x3 / opaque GridSample 5x4x7', '5x4x7'],
    ['input 8x6x3 / conv 3 3x3 p1 / add < . input input', '8x6x3'],
    ['input 8x6x3 / conv 5 1x1 / concat < input . input', '8x6x11'],
    ['input 4 / dense 3 / concat < . input', '7'],
    ['input 8x6x3 / globalPool / multiply < input .', '8x6x3'],
    ['input 8x6x3 / averagePool 8x6 / multiply < input .', '8x6x3'],
    ['input 8x6x3 / conv 1 1x1 / multiply < input .', '8x6x3'],
    ['input 8x6x3 / multiply < . input', '8x6x3'],
  ])('%s gives %s', (text, expected) => {
    expect(lastShape(text)).toBe(expected);
  });

  const conv = { id: 'c', op: 'conv', inputs: ['input'], filters: 4, kernelSize: [3, 3], stride: [1, 1] } as const;
  const plain = { padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1, kernel: 'c.kernel' } as const;
  const pool = { id: 'p', op: 'maxPool', inputs: ['input'], kernelSize: [2, 2], stride: [2, 2] } as const;
  const transposed = {
    id: 't',
    op: 'convTranspose',
    inputs: ['input'],
    filters: 4,
    kernelSize: [3, 3],
    stride: [2, 2],
    padding: [0, 0, 0, 0],
    outputPadding: [0, 0],
    kernel: 't.kernel',
  } as const;
  const dense: Layer = { id: 'd', op: 'dense', inputs: ['input'], units: 2, kernel: 'd.kernel' };

  it.each<[string, readonly Layer[]]>([
    ['Two layers are called "input"; give each layer its own id.', [input, input]],
    ['Layer "b" reads "nobody", which does not exist.', [input, { id: 'b', op: 'flatten', inputs: ['nobody'] }]],
    [
      'Layer "b" reads "c", which stands after it; list layers after all their inputs.',
      [input, { id: 'b', op: 'flatten', inputs: ['c'] }, { id: 'c', op: 'flatten', inputs: ['b'] }],
    ],
    [
      'Layer "input" (input) takes no input, but has 1.',
      [
        { ...input, id: 'x' },
        { ...input, inputs: ['x'] },
      ],
    ],
    [
      'Layer "s" (softmax) takes one input, but has 2.',
      [input, { id: 's', op: 'softmax', inputs: ['input', 'input'] }],
    ],
    [
      'Gather "g" asks for channel 3, but gets 8x6x3.',
      [input, { id: 'g', op: 'gather', inputs: ['input'], channels: [0, 3] }],
    ],
    [
      'Layer "g" (gather): number of channels must be a whole number, at least 1, not 0.',
      [input, { id: 'g', op: 'gather', inputs: ['input'], channels: [] }],
    ],
    ['Layer "s" (add) takes two or more inputs, but has 1.', [input, { id: 's', op: 'add', inputs: ['input'] }]],
    ['Layer "m" (multiply) takes two inputs, but has 1.', [input, { id: 'm', op: 'multiply', inputs: ['input'] }]],
    [
      'Layer "c" (conv): number of filters must be a whole number, at least 1, not 0.',
      [input, { ...conv, ...plain, filters: 0 }],
    ],
    [
      'Convolution "c": 3 input channels and 4 filters cannot be divided into 2 groups.',
      [input, { ...conv, ...plain, groups: 2 }],
    ],
    [
      'Layer "c" (conv): kernel size, stride or dilation must be a whole number, at least 1, not 0.',
      [input, { ...conv, ...plain, stride: [0, 1] }],
    ],
    [
      'Layer "c" (conv): padding must be a whole number, at least 0, not -1.',
      [input, { ...conv, ...plain, padding: [-1, 0, 0, 0] }],
    ],
    [
      'Layer "c" (conv): its 3x7 window does not fit into 8x6x3; use a larger input or more padding.',
      [input, { ...conv, ...plain, kernelSize: [3, 7] }],
    ],
    ['Layer "p" (maxPool): padding must be smaller than the window.', [input, { ...pool, padding: [2, 0, 0, 0] }]],
    ['Dense layer "d" gets 8x6x3; put a flatten or a global pooling before it.', [input, dense]],
    [
      'Layer "u" (resize) needs height, width and channels, but gets 144 flat features.',
      [
        input,
        { id: 'f', op: 'flatten', inputs: ['input'] },
        { id: 'u', op: 'resize', inputs: ['f'], size: [2, 2], mode: 'nearest', grid: 'halfPixel' },
      ],
    ],
    [
      'The output of layer "u", 8000000x6000000x3, is too large for any device.',
      [input, { id: 'u', op: 'resize', inputs: ['input'], size: [8e6, 6e6], mode: 'nearest', grid: 'halfPixel' }],
    ],
    [
      'Layer "t" (convTranspose): output padding must be smaller than the stride.',
      [input, { ...transposed, outputPadding: [0, 2] }],
    ],
    [
      'Layer "t" (convTranspose): its padding crops all of its result; use less.',
      [input, { ...transposed, padding: [9, 8, 0, 0] }],
    ],
    [
      'Layer "r" (reshape) cannot make 8x6x4 of 8x6x3: the sizes differ.',
      [input, { id: 'r', op: 'reshape', inputs: ['input'], shape: [8, 6, 4] }],
    ],
    [
      'Layer "o" (opaque) takes one or more inputs, but has 0.',
      [input, { id: 'o', op: 'opaque', inputs: [], operator: 'Gather', reason: 'Not known.', shape: [3] }],
    ],
    [
      'Slice "s" asks for 0..4 of axis channels, but gets 8x6x3.',
      [input, { id: 's', op: 'slice', inputs: ['input'], begin: [0, 0, 0], end: [8, 6, 4], stride: [1, 1, 1] }],
    ],
    [
      'Layer "a" (add) gets shapes that do not fit: "input" 8x6x3, "p" 4x3x3.',
      [input, { ...pool, padding: [0, 0, 0, 0] }, { id: 'a', op: 'add', inputs: ['input', 'p'] }],
    ],
    [
      'Layer "a" (concat) gets shapes that do not fit: "input" 8x6x3, "p" 4x3x3.',
      [input, { ...pool, padding: [0, 0, 0, 0] }, { id: 'a', op: 'concat', inputs: ['input', 'p'] }],
    ],
    [
      'Layer "a" (concat) gets shapes that do not fit: "input" 8x6x3, "c" 6x6x4.',
      [
        input,
        { ...conv, ...plain, kernelSize: [3, 1] },
        { id: 'a', op: 'concat', inputs: ['input', 'c'], axis: 'height' },
      ],
    ],
    [
      'Layer "a" (multiply) gets shapes that do not fit: "p" 4x3x3, "input" 8x6x3.',
      [input, { ...pool, padding: [0, 0, 0, 0] }, { id: 'a', op: 'multiply', inputs: ['p', 'input'] }],
    ],
  ])('says: %s', (message, layers) => {
    const error = failure(layers);
    expect(error.message).toBe(message);
    expect(layers.map((layer) => layer.id)).toContain(error.layer);
  });
});
