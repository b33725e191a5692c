import { describe, expect, it } from 'vitest';
import { type Graph, type Layer, type Network, NetworkError, type NetworkMeta, type Tensor } from './graph';
import { networkFromText } from './text';
import { validateGraph, validateNetwork } from './validate';

const network = networkFromText('input 4x4x3 / conv 2 3x3 p1 bias / bn / relu / globalPool / dense 5 bias', 3);

function withTensor(name: string, tensor: Tensor): Network {
  return { ...network, tensors: { ...network.tensors, [name]: tensor } };
}

function withMeta(meta: Partial<NetworkMeta>): Network {
  return { ...network, meta: { ...network.meta, ...meta } };
}

function graphOf(...layers: readonly Layer[]): Graph {
  return { layers, outputs: [layers.at(-1)?.id ?? ''] };
}

const input: Layer = { id: 'input', op: 'input', inputs: [], shape: [4, 4, 3] };

describe('validateNetwork', () => {
  it('accepts a whole network, with and without class names and normalisation', () => {
    validateNetwork(network);
    validateNetwork(
      withMeta({ classes: ['a', 'b', 'c', 'd', 'e'], normalisation: { mean: [0, 0.5, 1], std: [1, 1, 0.1] } }),
    );
  });

  it.each<[string, string | undefined, Network]>([
    [
      'The bias "conv1.bias" of layer "conv1" is missing.',
      'conv1',
      {
        ...network,
        tensors: Object.fromEntries(Object.entries(network.tensors).filter(([key]) => key !== 'conv1.bias')),
      },
    ],
    [
      'The kernel "conv1.kernel" of layer "conv1" is 2x3x3x3, but should be 3x3x3x2.',
      'conv1',
      withTensor('conv1.kernel', { shape: [2, 3, 3, 3], values: new Float32Array(54) }),
    ],
    [
      'The gamma "bn1.gamma" of layer "bn1" is 3, but should be 2.',
      'bn1',
      withTensor('bn1.gamma', { shape: [3], values: new Float32Array(3) }),
    ],
    [
      'The bias "dense1.bias" of layer "dense1" holds 4 numbers, but should hold 5.',
      'dense1',
      withTensor('dense1.bias', { shape: [5], values: new Float32Array(4) }),
    ],
    [
      'The bias "dense1.bias" of layer "dense1" must hold finite numbers; number 3 is NaN.',
      'dense1',
      withTensor('dense1.bias', { shape: [5], values: new Float32Array([0, 0, 0, Number.NaN, 0]) }),
    ],
    [
      'The variance "bn1.variance" of layer "bn1" must hold finite numbers, none below 0; number 1 is -1.',
      'bn1',
      withTensor('bn1.variance', { shape: [2], values: new Float32Array([0, -1]) }),
    ],
    [
      'The network has 2 class names, but 5 outputs; name every class or none.',
      'dense1',
      withMeta({ classes: ['a', 'b'] }),
    ],
    [
      'The network names 0 outputs of its source, but 1 outputs.',
      'dense1',
      withMeta({ origin: { format: 'onnx', inputs: [], outputs: [], elements: 'float32' } }),
    ],
    [
      'The input normalisation needs 3 means and 3 deviations above 0, one pair per channel.',
      'input',
      withMeta({ normalisation: { mean: [0, 0, 0], std: [1, 0, 1] } }),
    ],
    [
      'The input normalisation needs 3 means and 3 deviations above 0, one pair per channel.',
      'input',
      withMeta({ normalisation: { mean: [0], std: [1] } }),
    ],
  ])('says: %s', (message, layer, broken) => {
    expect(() => {
      validateNetwork(broken);
    }).toThrow(new NetworkError(message, layer));
  });
});

describe('validateGraph', () => {
  const bn = { id: 'b', op: 'batchNorm', inputs: ['input'], mean: 'm', variance: 'v' } as const;
  const dense = { op: 'dense', inputs: ['input'], units: 2 } as const;
  const flat: Layer = { ...input, shape: [3] };

  it.each<[string, string | undefined, Graph]>([
    ['The network has no input layer.', undefined, { layers: [], outputs: [] }],
    ['The network names no output layer.', undefined, { layers: [input], outputs: [] }],
    ['The network\'s output "x" does not exist.', 'x', { layers: [input], outputs: ['x'] }],
    ['Batch norm "b": epsilon must be above 0, not 0.', 'b', graphOf(input, { ...bn, epsilon: 0 })],
    [
      'Activation "a": min must be a number, not NaN.',
      'a',
      graphOf(input, { id: 'a', op: 'activation', inputs: ['input'], kind: 'clip', min: NaN }),
    ],
    [
      'Activation "a": min 2 must be below max 1.',
      'a',
      graphOf(input, { id: 'a', op: 'activation', inputs: ['input'], kind: 'clip', min: 2, max: 1 }),
    ],
    [
      'Scale "s": factor and offset must be numbers, not Infinity and 0.',
      's',
      graphOf(input, { id: 's', op: 'scale', inputs: ['input'], factor: Infinity, offset: 0 }),
    ],
    [
      'Activation "a": the slope must be a number, not Infinity.',
      'a',
      graphOf(input, { id: 'a', op: 'activation', inputs: ['input'], kind: 'leakyRelu', slope: Infinity }),
    ],
    [
      'Tensor "m" cannot be mean 3 in "b" and variance 3 in "b".',
      'b',
      graphOf(input, { ...bn, variance: 'm', epsilon: 1 }),
    ],
    [
      'Tensor "k" cannot be kernel 3x2 in "d" and kernel 2x2 in "e".',
      'e',
      graphOf(flat, { ...dense, id: 'd', kernel: 'k' }, { ...dense, id: 'e', inputs: ['d'], kernel: 'k' }),
    ],
  ])('says: %s', (message, layer, graph) => {
    expect(() => validateGraph(graph)).toThrow(new NetworkError(message, layer));
  });

  it.each(['', '__proto__', 'constructor', 'a\nb', 'x'.repeat(201)])('refuses %j as id and as tensor name', (name) => {
    expect(() => validateGraph(graphOf({ ...input, id: name }))).toThrow(/^A layer id must have 1 to 200 characters/);
    expect(() => validateGraph(graphOf(flat, { ...dense, id: 'd', kernel: name }))).toThrow(/^A tensor name must have/);
  });
});
