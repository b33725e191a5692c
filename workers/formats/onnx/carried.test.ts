/** What is not understood goes back into the file as it was: ONNX Runtime answers the same from the file and from ours. */
import { describe, expect, it } from 'vitest';
import { cutChannels } from '../../network/cut';
import type { Network } from '../../network/graph';
import { model, type ModelInit, node, normal, whole } from './model-for-tests';
import { reopened, written } from './proof-for-tests';
import { ranByRuntime } from './runtime-for-tests';

const same = { pads: [1, 1, 1, 1] };
const first = node('Conv', ['x', 'k'], ['c'], same);
const weights = { k: normal([4, 3, 3, 3]), m: normal([2, 4, 1, 1], 2) };

/** The opened network, with so many layers that are not understood. */
async function opened(init: ModelInit, opaque: number): Promise<Network> {
  const { network } = await reopened(model(init));
  expect(network.graph.layers.filter(({ op }) => op === 'opaque')).toHaveLength(opaque);
  return network;
}

async function answers(bytes: Uint8Array, { inputs = { x: [2, 3, 6, 8] } }: ModelInit): Promise<Float32Array> {
  const [[name, dims] = ['x', []]] = Object.entries(inputs);
  const { y } = await ranByRuntime(
    bytes,
    name,
    dims.map((size) => (typeof size === 'number' ? size : 2)),
  );
  if (y === undefined) throw new Error('There is no output "y".');
  return y;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))),
    a.length === b.length ? 0 : NaN,
  );
}

const carried: Readonly<Record<string, readonly [opaque: number, init: ModelInit]>> = {
  'as it stands, with its attributes': [
    1,
    {
      nodes: [first, node('LRN', ['c'], ['l'], { size: 3, alpha: { float: 0.5 } }), node('Conv', ['l', 'm'], ['y'])],
      constants: weights,
    },
  ],
  'from an older operator set': [
    1,
    {
      nodes: [first, node('LRN', ['c'], ['l'], { size: 3 }), node('Conv', ['l', 'm'], ['y'])],
      constants: weights,
      opset: 9,
    },
  ],
  'from a newer operator set, which the file then keeps': [
    1,
    {
      nodes: [first, node('LRN', ['c'], ['l'], { size: 3 }), node('Conv', ['l', 'm'], ['y'])],
      constants: weights,
      opset: 21,
    },
  ],
  'between transpositions: it sees the layer as its file did': [
    1,
    {
      nodes: [
        first,
        node('Transpose', ['c'], ['t'], { perm: [0, 2, 3, 1] }),
        node('CumSum', ['t', 'axis'], ['s']),
        node('Transpose', ['s'], ['u'], { perm: [0, 3, 1, 2] }),
        node('Conv', ['u', 'm'], ['y']),
      ],
      constants: { ...weights, axis: { dataType: 6, dims: [], int32Data: [3] } },
    },
  ],
  'with its channels apart from each other': [
    1,
    {
      nodes: [
        first,
        node('Reshape', ['c', 'pairs'], ['p']),
        node('LpNormalization', ['p'], ['n'], { axis: 2 }),
        node('Reshape', ['n', 'image'], ['i']),
        node('Conv', ['i', 'm'], ['y']),
      ],
      constants: { ...weights, pairs: whole([0, 2, 2, 48]), image: whole([0, 4, 6, 8]) },
    },
  ],
  'one node with two outputs, of which the second is cast': [
    3,
    {
      nodes: [
        first,
        node('Flatten', ['c'], ['f']),
        node('TopK', ['f', 'five'], ['best', 'places'], { axis: 1 }),
        node('Cast', ['places'], ['numbers'], { to: 1 }),
        node('Add', ['best', 'numbers'], ['sum']),
        node('Gemm', ['sum', 'w'], ['y']),
      ],
      constants: { k: weights.k, five: whole([5]), w: normal([5, 3], 4) },
      outputs: ['y'],
    },
  ],
  'quantised and back: whole numbers stay between the two': [
    2,
    {
      nodes: [
        first,
        node('QuantizeLinear', ['c', 'scale', 'zero'], ['q']),
        node('DequantizeLinear', ['q', 'scale', 'zero'], ['d']),
        node('Conv', ['d', 'm'], ['y']),
      ],
      constants: {
        ...weights,
        scale: { dataType: 1, dims: [], floatData: [0.05] },
        zero: { dataType: 3, dims: [], int32Data: [3] },
      },
    },
  ],
};

describe('what is not understood is carried over', () => {
  it.each(Object.entries(carried))('%s', async (_name, [opaque, init]) => {
    const network = await opened(init, opaque);
    const [ours, theirs] = [await answers(await written(network), init), await answers(model(init), init)];
    expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(1e-2);
    expect(largestDifference(theirs, ours)).toBeLessThan(1e-5);
    // And again from what was written.
    const { network: back } = await reopened(await written(network));
    expect(largestDifference(theirs, await answers(await written(back), init))).toBeLessThan(1e-5);
  });

  it('out of a network that was cut around it', async () => {
    const init = {
      nodes: [
        first,
        node('Conv', ['c', 'n'], ['d']),
        node('LRN', ['d'], ['l'], { size: 3 }),
        node('Conv', ['l', 'm'], ['y']),
      ],
      constants: { ...weights, n: normal([4, 4, 1, 1], 5) },
    };
    // Nothing reads filter 1 of the first convolution: without it, the answer is the same.
    init.constants.n.floatData = (init.constants.n.floatData ?? []).map((value, at) => (at % 4 === 1 ? 0 : value));
    const network = await opened(init, 1);
    const cut = cutChannels(network, { [network.graph.layers[1]?.id ?? '']: [1] });
    expect(cut.graph.layers[1]).toMatchObject({ filters: 3 });
    expect(largestDifference(await answers(model(init), init), await answers(await written(cut), init))).toBeLessThan(
      1e-5,
    );
  });
});

describe('what cannot be carried over is refused by name', () => {
  it.each<[string, string, ModelInit]>([
    [
      'a node whose operator set changed',
      'test: Layer "Hardmax l" (Hardmax) was not understood when the network was opened, and operator set 13 changed what it means; export the original with operator set 18 or newer.',
      { nodes: [first, node('Hardmax', ['c'], ['l']), node('Conv', ['l', 'm'], ['y'])], constants: weights, opset: 11 },
    ],
    [
      'whole numbers that an operator of ours reads',
      'test: Layer "Not l" (Not) was not understood when the network was opened, and it gives whole numbers, which only nodes carried over as they were can take.',
      { nodes: [first, node('Not', ['c'], ['l']), node('Conv', ['l', 'm'], ['y'])], constants: weights },
    ],
    [
      'a function of the file itself',
      'test: Layer "Own l" (Own) was not understood when the network was opened, and there is nothing of it that an ONNX file could hold.',
      {
        nodes: [first, { ...node('Own', ['c'], ['l']), domain: 'mine' }, node('Conv', ['l', 'm'], ['y'])],
        constants: weights,
        shapes: { l: ['n', 4, 6, 8] },
      },
    ],
  ])('%s', async (_name, message, init) => {
    const { network } = await reopened(model(init));
    await expect(written({ ...network, meta: { ...network.meta, name: 'test' } })).rejects.toThrow(message);
  });
});
