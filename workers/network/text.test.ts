import { describe, expect, it } from 'vitest';
import type { Graph } from './graph';
import { networkHash } from './hash';
import { graphFromText, networkFromText } from './text';
import { graphToText } from './text-print';
import { validateNetwork } from './validate';
import { buildZooGraph } from './zoo';

describe('graphFromText', () => {
  it('reads a residual block with names, references and defaults', () => {
    const graph = graphFromText(`
      input 8x8x3
      conv 4 3x3 p1
      top = relu
      conv 4 3x1 s2 p1x0 g2 bias
      maxPool 2 s2 < top
      bn epsilon=1e-3 nobeta
    `);
    const expected: Graph = {
      layers: [
        { id: 'input', op: 'input', inputs: [], shape: [8, 8, 3] },
        {
          id: 'conv1',
          op: 'conv',
          inputs: ['input'],
          filters: 4,
          kernelSize: [3, 3],
          stride: [1, 1],
          padding: [1, 1, 1, 1],
          dilation: [1, 1],
          groups: 1,
          kernel: 'conv1.kernel',
        },
        { id: 'top', op: 'activation', inputs: ['conv1'], kind: 'relu' },
        {
          id: 'conv2',
          op: 'conv',
          inputs: ['top'],
          filters: 4,
          kernelSize: [3, 1],
          stride: [2, 2],
          padding: [1, 1, 0, 0],
          dilation: [1, 1],
          groups: 2,
          kernel: 'conv2.kernel',
          bias: 'conv2.bias',
        },
        { id: 'maxPool1', op: 'maxPool', inputs: ['top'], kernelSize: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] },
        {
          id: 'bn1',
          op: 'batchNorm',
          inputs: ['maxPool1'],
          gamma: 'bn1.gamma',
          mean: 'bn1.mean',
          variance: 'bn1.variance',
          epsilon: 1e-3,
        },
      ],
      outputs: ['bn1'],
    };
    expect(graph).toEqual(expected);
  });

  it('takes "." as the layer before, several outputs, shared and quoted names', () => {
    const graph = graphFromText(
      'input 4x4x2 / "my layer/1" = conv 2 1x1 kernel="shared w" / conv 2 1x1 kernel="shared w" / add < . "my layer/1" input / output < add1 conv2',
    );
    expect(graph.layers.map(({ id, inputs }) => [id, ...inputs])).toEqual([
      ['input'],
      ['my layer/1', 'input'],
      ['conv2', 'my layer/1'],
      ['add1', 'conv2', 'my layer/1', 'input'],
    ]);
    expect(graph.layers.map((layer) => (layer.op === 'conv' ? layer.kernel : null))).toEqual([
      null,
      'shared w',
      'shared w',
      null,
    ]);
    expect(graph.outputs).toEqual(['add1', 'conv2']);
  });

  it.each([
    ['', 'The text describes no layer; begin with "input 8x8x3".'],
    ['relu', 'Statement "relu" has no layer before it to read from; begin with "input 8x8x3".'],
    ['input 8x8x3 / blur 3', 'Statement "blur 3": there is no operation "blur".'],
    ['input 8x8', 'Statement "input 8x8": the shape must be HxWxC or one number of features, not "8x8".'],
    ['input 8x8x3 / conv', 'Statement "conv": the number of filters is missing.'],
    ['input 8x8x3 / conv 4', 'Statement "conv 4": the kernel size is missing.'],
    ['input 8x8x3 / conv four 3x3', 'Statement "conv four 3x3": "four" is not a number.'],
    ['input 8x8x3 / conv 4 3x3x3', 'Statement "conv 4 3x3x3": "3x3x3" is not a pair.'],
    ['input 8x8x3 / conv 4 3x3 q1', 'Statement "conv 4 3x3 q1": "q1" means nothing here.'],
    ['input 8x8x3 / conv 4 3x3 p1,2', 'Statement "conv 4 3x3 p1,2": padding "1,2" needs top, bottom, left and right.'],
    ['input 8x8x3 / slice 0 0:1 0:1', 'Statement "slice 0 0:1 0:1": "0" is not a range begin:end[:stride].'],
    ['input 8x8x3 / output < . / relu', 'Statement "relu" stands after the output statement, which must be last.'],
    ['input 8x8x3 / relu < "x', 'A quotation mark is not closed in "input 8x8x3 / relu < "x".'],
    [
      'input 8x8x3 / conv 9 9x9',
      'Layer "conv1" (conv): its 9x9 window does not fit into 8x8x3; use a larger input or more padding.',
    ],
    ['input 8x8x3 / output < y', 'The network\'s output "y" does not exist.'],
  ])('%s: %s', (text, message) => {
    expect(() => graphFromText(text)).toThrow(message);
  });
});

describe('graphToText', () => {
  // Each is as short as the form allows, so printing gives back exactly what was read.
  it.each([
    'input 8x6x3 / conv 6 3x3 s2 p1 d1x2 g3 bias / bn / relu / output < relu1 conv1',
    'input 8x6x4 / conv 4 2x2 p0,1,0,1 / depthwise 3x3 p1x0 d1 bias',
    'input 8x6x4 / bn nogamma nobeta / bn mean=m variance=v epsilon=0.001 / leakyRelu slope=0.2 / hardSwish / swish',
    'input 8x6x4 / relu6 / elu / sigmoid / tanh / maxPool 2x2 s2 / averagePool 3x2 s1x2 p1 countPadding / globalPool max',
    'input 8x6x4 / pad p1,2,3,4 c1,0 / slice 0:8:2 0:6 1:4 / resize 9x12 bilinear / resize 6 alignCorners / flatten / dense 3 bias',
    'input 8x6x4 / a = conv 4 1x1 / conv 4 1x1 kernel=a.kernel bias=b < input / add < . a / multiply < a . / concat < a . input',
    'input 8x6x4 / convTranspose 3 3x2 s2 p1 o1x0 bias / prelu / prelu slope=prelu1.slope / scale 0.5 offset=-1 / scale 2',
    'input 8x6x4 / clip min=-1 max=2 / clip max=3 / hardSigmoid slope=0.2 offset=0.4 / hardSigmoid / softplus / gelu',
    'input 8x6x4 / reshape 16x3x4 / concat height < . . / concat width < . . / globalPool max keepSpatial / reshape 4',
    'input 8x6x4 / opaque "a b" 3x3x2 reason="Not known." payload="x\\ny" / opaque Gather 5 reason="No / yes." < . input',
    'input 8x6x4 / gather 0,2,1,3 / gather 3',
    'input 4 / input 4 / add < input . / dense 4 / softmax / softmax log',
    'input 4 / "a / b" = dense 2 kernel="=" / "." = relu / add < . "a / b"',
  ])('%s', (text) => {
    const canonical = text.replace(' d1 bias', ' bias');
    expect(graphToText(graphFromText(text))).toBe(canonical);
  });

  it.each(['resnet8', 'resnet20', 'vgg16', 'densenet40', 'mobilenetv2'] as const)('reads back a %s', (architecture) => {
    for (const shortcut of ['identity', 'projection'] as const) {
      const graph = buildZooGraph({ architecture, shortcut });
      expect(graphFromText(graphToText(graph, '\n'))).toEqual(graph);
    }
  });
});

describe('networkFromText', () => {
  const text = 'input 4x4x2 / conv 3 3x3 p1 bias / bn / relu / depthwise 3x3 / globalPool / dense 5 bias';

  it('fills every tensor with lively, valid values', () => {
    const network = networkFromText(text);
    validateNetwork(network);
    expect(Object.keys(network.tensors)).toHaveLength(9);
    for (const { values } of Object.values(network.tensors)) {
      expect(new Set(values).size).toBe(values.length);
      expect(values.every((value) => value !== 0)).toBe(true);
    }
  });

  it('depends on the seed alone', async () => {
    const [first, again, other] = [networkFromText(text, 7), networkFromText(text, 7), networkFromText(text, 8)];
    expect(await networkHash(first)).toBe(await networkHash(again));
    expect(await networkHash(first)).not.toBe(await networkHash(other));
  });
});
