/** Every operator that is read, alone or as exporters chain it: what we compute is what ONNX Runtime computes. */
import { describe, expect, it } from 'vitest';
import { openNetworkFiles } from '../index';
import { after, cases, kernel, same } from './cases-for-tests';
import { model, type ModelInit, node, normal } from './model-for-tests';
import { compare } from './runtime-for-tests';

describe('what is read computes what ONNX Runtime computes', () => {
  it.each(Object.entries(cases))('%s', async (_name, init) => {
    const bytes = model(init);
    const { network, notes } = await openNetworkFiles([new File([bytes], 'test.onnx')]);
    const quantised = init.nodes.some(({ opType }) => opType === 'DequantizeLinear');
    expect(notes).toEqual([
      'The file does not say how its input is normalised; that of the data is used.',
      ...(quantised ? [expect.stringContaining('8-bit whole numbers with a scale')] : []),
    ]);
    expect(network.graph.layers.filter(({ op }) => op === 'opaque')).toEqual([]);
    const fixed = Object.values(init.inputs ?? { x: ['n'] }).some(([batch]) => batch === 1);
    const { difference, largest } = await compare(network, bytes, fixed ? 1 : 2);
    expect(largest).toBeGreaterThan(1e-3);
    expect(difference).toBeLessThan(1e-5);
  });
});

async function open(init: ModelInit) {
  return openNetworkFiles([new File([model(init)], 'test.onnx')]);
}

describe('chains are recognised as what they are', () => {
  it.each([
    ['Gelu as it was spelled before it was an operator', 'gelu'],
    ['hard swish as x relu6(x + 3) / 6', 'hardSwish'],
  ])('%s', async (name, kind) => {
    const { network } = await open(cases[name] ?? { nodes: [] });
    const kinds = network.graph.layers.map((layer) => (layer.op === 'activation' ? layer.kind : layer.op));
    expect(kinds).toEqual(['input', 'conv', kind]);
  });

  it('a pooled and flattened tensor needs no flatten', async () => {
    const { network } = await open({
      nodes: after(node('GlobalAveragePool', ['c'], ['p']), node('Flatten', ['p'], ['y'])),
      constants: kernel,
    });
    expect(network.graph.layers.map(({ op }) => op)).toEqual(['input', 'conv', 'globalPool']);
  });

  it('layers are called after their weights, and weights that are shared stay one tensor', async () => {
    const { network } = await open({
      nodes: [
        node('Conv', ['x', 'net.0.weight'], ['a'], same),
        node('Relu', ['a'], ['b']),
        node('Conv', ['b', 'net.0.weight'], ['y'], same),
      ],
      constants: { 'net.0.weight': normal([3, 3, 3, 3]) },
    });
    expect(network.graph.layers.map(({ id }) => id)).toEqual(['x', 'net.0', 'Relu b', 'net.0.2']);
    expect(Object.keys(network.tensors)).toEqual(['net.0.kernel']);
  });

  it('float16 weights are widened, and the network remembers them', async () => {
    const k = { dataType: 10, dims: [1n, 3n, 1n, 1n], int32Data: [0x3c00, 0xc000, 0x3800] };
    const { network, notes } = await open({ nodes: [node('Conv', ['x', 'k'], ['y'])], constants: { k } });
    expect([...(network.tensors['Conv y.kernel']?.values ?? [])]).toEqual([1, -2, 0.5]);
    expect(network.meta.origin?.elements).toBe('float16');
    expect(notes.at(-1)).toBe(
      'Its weights are float16; here, and in every file that is written of it, they are float32.',
    );
  });
});

describe('what is not understood is named, and the rest opens', () => {
  it('between layers with weights: an opaque layer, locked', async () => {
    const { network, notes } = await open({
      nodes: after(node('LRN', ['c'], ['l'], { size: 3 }), node('Conv', ['l', 'm'], ['y'])),
      constants: { ...kernel, m: normal([2, 4, 1, 1]) },
    });
    const opaque = network.graph.layers.find(({ op }) => op === 'opaque');
    expect(opaque).toMatchObject({ operator: 'LRN', shape: [6, 8, 4] });
    expect(notes.slice(0, 2)).toEqual([
      'Operator LRN of node "LRN l" has no counterpart here.',
      'The network opens around what is not understood but cannot be run; channels that reach it are locked.',
    ]);
  });

  it('at the end: the network ends before it and can be run', async () => {
    const { network, notes } = await open({
      nodes: after(node('LpNormalization', ['c'], ['l'], { axis: 1 }), node('ArgMax', ['l'], ['y'], { axis: 1 })),
      constants: kernel,
    });
    expect(network.graph.layers.map(({ op }) => op)).toEqual(['input', 'conv']);
    expect(network.meta.origin?.outputs).toEqual([{ name: 'c', layout: 'NCHW', rank: 4 }]);
    expect(notes[0]).toBe(
      'Operator LpNormalization of node "LpNormalization l" has no counterpart here. Nothing with weights follows it, so the network ends before it.',
    );
  });

  it('of unknown shape, with weights behind it: says how much does not open', async () => {
    const { notes } = await open({
      nodes: after(node('GridSample', ['c', 'grid'], ['g']), node('Conv', ['g', 'm'], ['y'])),
      constants: { ...kernel, m: normal([2, 4, 1, 1]), grid: normal([1, 2, 2, 2]) },
    });
    expect(notes[0]).toBe(
      'Operator GridSample of node "GridSample g" has no counterpart here. The file does not state its shape, so 1 operator with weights behind it does not open; the network ends before it.',
    );
  });
});
