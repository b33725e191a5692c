import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { svd } from '../linalg/svd';
import { networkCosts } from './costs';
import { decomposeGraph, decomposeLayers } from './decompose';
import type { ConvLayer, Graph, Network, Tensor } from './graph';
import { withRandomTensors } from './hazard-networks';
import { replayGraph, replayHistory } from './history';
import { breakEvenRank, eligibleLayers, foldKernel, fullRank, pairMacs, unfoldKernel } from './low-rank';
import { runReference } from './reference';
import { buildZooGraph, buildZooNetwork } from './zoo';

type Window = Pick<ConvLayer, 'kernelSize' | 'stride' | 'padding' | 'dilation'>;

const windows: Readonly<Record<string, Window>> = {
  '3x3, same': { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] },
  '3x3, stride 2, uneven padding': { kernelSize: [3, 3], stride: [2, 2], padding: [0, 1, 0, 1], dilation: [1, 1] },
  '3x5, stride 2 down, no padding': { kernelSize: [3, 5], stride: [2, 1], padding: [0, 0, 0, 0], dilation: [1, 1] },
  '3x2, dilated': { kernelSize: [3, 2], stride: [1, 2], padding: [2, 1, 1, 0], dilation: [2, 3] },
  '1x1': { kernelSize: [1, 1], stride: [2, 1], padding: [0, 0, 0, 0], dilation: [1, 1] },
};

/** One convolution with a bias on 7x9 pixels (odd on purpose), read twice so that references must follow. */
function oneLayer(window: Window): Network {
  const conv: ConvLayer = {
    id: 'c',
    op: 'conv',
    inputs: ['x'],
    filters: 4,
    groups: 1,
    kernel: 'c.kernel',
    bias: 'c.bias',
    ...window,
  };
  const graph: Graph = {
    layers: [
      { id: 'x', op: 'input', inputs: [], shape: [7, 9, 3] },
      conv,
      { id: 'sum', op: 'add', inputs: ['c', 'c'] },
    ],
    outputs: ['sum', 'c'],
  };
  return withRandomTensors(graph, 3);
}

function outputs(network: Network): number[] {
  const random = createRandom(11);
  const values = Float64Array.from({ length: 2 * 7 * 9 * 3 }, () => random.normal());
  return runReference(network, { shape: [2, 7, 9, 3], values }).outputs.flatMap(({ values: own }) => [...own]);
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Number.NaN))), 0);
}

/** The network with its kernel cut to rank `k` in place: sum of the first k singular directions, folded back. */
function truncated(network: Network, scheme: 'channel' | 'spatial', k: number): Network {
  const kernel: Tensor = network.tensors['c.kernel'] ?? { shape: [], values: new Float32Array(0) };
  const { rows, cols, values } = unfoldKernel(kernel, scheme);
  const { u, s, v } = svd(rows, cols, values);
  const low = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      for (let i = 0; i < k; i++) {
        low[row * cols + col] =
          (low[row * cols + col] ?? 0) + (u[row * s.length + i] ?? 0) * (s[i] ?? 0) * (v[col * s.length + i] ?? 0);
      }
    }
  }
  return { ...network, tensors: { ...network.tensors, 'c.kernel': foldKernel(low, kernel.shape, scheme) } };
}

describe.each(['channel', 'spatial'] as const)('%s scheme', (scheme) => {
  describe.each(Object.entries(windows))('%s', (_, window) => {
    const network = oneLayer(window);
    const conv = network.graph.layers[1] as ConvLayer;
    const full = fullRank(conv, 3, scheme);

    it('equals the layer with its kernel truncated, at every rank', () => {
      for (let rank = 1; rank <= full; rank++) {
        const pair = decomposeLayers(network, { scheme, ranks: { c: rank } });
        // Kernels are stored as float32.
        expect(largestDifference(outputs(pair), outputs(truncated(network, scheme, rank)))).toBeLessThan(2e-6);
      }
      const pair = decomposeLayers(network, { scheme, ranks: { c: full } });
      expect(largestDifference(outputs(pair), outputs(network))).toBeLessThan(2e-6);
    });

    it('costs what the formula says', () => {
      const pair = decomposeGraph(network.graph, { scheme, ranks: { c: 2 } });
      expect(networkCosts(pair).macs).toBe(pairMacs(conv, [7, 9, 3], scheme, 2));
    });
  });
});

describe('the matrix of a kernel', () => {
  // [2, 2, 1, 2]: value 100 y + 10 x + filter.
  const kernel: Tensor = { shape: [2, 2, 1, 2], values: Float32Array.of(0, 1, 10, 11, 100, 101, 110, 111) };

  it('has a row for each tap and input, or for each line and input', () => {
    expect(unfoldKernel(kernel, 'channel')).toEqual({ rows: 4, cols: 2, values: Float64Array.from(kernel.values) });
    // Rows are y, columns are (x, filter): here that is the stored order too.
    expect(unfoldKernel(kernel, 'spatial')).toEqual({ rows: 2, cols: 4, values: Float64Array.from(kernel.values) });
    // With two input channels it is not: [1, 2, 2, 1], value 10 x + channel, becomes rows (channel) of columns (x).
    const wide: Tensor = { shape: [1, 2, 2, 1], values: Float32Array.of(0, 1, 10, 11) };
    expect([...unfoldKernel(wide, 'spatial').values]).toEqual([0, 10, 1, 11]);
  });

  it('folds back', () => {
    const random = createRandom(1);
    const any: Tensor = { shape: [3, 2, 4, 5], values: Float32Array.from({ length: 120 }, () => random.next()) };
    for (const scheme of ['channel', 'spatial'] as const) {
      expect(foldKernel(unfoldKernel(any, scheme).values, any.shape, scheme)).toEqual(any);
    }
  });
});

describe('break-even', () => {
  const layer = oneLayer(windows['3x3, same'] ?? ({} as Window)).graph.layers[1] as ConvLayer;
  const square = { ...layer, filters: 10 };

  it('is where the pair stops being cheaper', () => {
    // N = 10 inputs and filters, 3x3, same: channel k (90 + 10) < 900, so 8; spatial k (30 + 30) < 900, so 14.
    expect(breakEvenRank(square, [8, 8, 10], 'channel')).toBe(8);
    expect(breakEvenRank(square, [8, 8, 10], 'spatial')).toBe(14);
    expect(pairMacs(square, [8, 8, 10], 'channel', 8)).toBe(8 * 100 * 64);
  });

  it('counts the full width of the vertical convolution at stride 2', () => {
    const strided = { ...square, stride: [2, 2] as const };
    // 4x4 out of 8x8: k (30 * 4 * 8 + 30 * 4 * 4) = 1440 k < 900 * 16 = 14400, so 9.
    expect(pairMacs(strided, [8, 8, 10], 'spatial', 1)).toBe(1440);
    expect(breakEvenRank(strided, [8, 8, 10], 'spatial')).toBe(9);
  });

  it('can be 0', () => {
    expect(
      breakEvenRank({ ...square, filters: 1, kernelSize: [1, 1], padding: [0, 0, 0, 0] }, [8, 8, 1], 'channel'),
    ).toBe(0);
  });
});

it('finds the layers worth factoring', () => {
  const ids = (graph: Graph, options = {}): string[] => eligibleLayers(graph, options).map(({ id }) => id);
  const resnet = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' });
  expect(ids(resnet)).toEqual([1, 2, 3].flatMap((stage) => [1, 2].map((conv) => `stage${stage}.block1.conv${conv}`)));
  expect(ids(resnet, { include1x1: true })).toContain('stage2.block1.projection');
  expect(ids(buildZooGraph({ architecture: 'mobilenetv2' }))).toEqual([]);
});

describe('the network around a pair', () => {
  const network = buildZooNetwork({ architecture: 'resnet8', seed: 1 });
  const ranks = { 'stage1.block1.conv1': 4, 'stage3.block1.conv2': 9 };
  const pair = decomposeLayers(network, { scheme: 'spatial', ranks });

  it('drops the dense kernel and says what was done', () => {
    expect(pair.tensors['stage1.block1.conv1.kernel']).toBeUndefined();
    expect(pair.tensors['stage1.block1.conv1.0.kernel']?.shape).toEqual([3, 1, 16, 4]);
    expect(pair.tensors['stage1.block1.conv1.1.kernel']?.shape).toEqual([1, 3, 4, 16]);
    expect(pair.meta.history).toEqual([{ kind: 'decompose', scheme: 'spatial', ranks }]);
    expect(network.tensors['stage1.block1.conv1.kernel']).toBeDefined();
  });

  it('replays', () => {
    expect(replayHistory(network, pair.meta.history)).toEqual(pair);
    expect(replayGraph(network.graph, pair.meta.history)).toEqual(pair.graph);
  });

  it('keeps shared kernels shared', () => {
    const window = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;
    const step = { op: 'conv', filters: 3, groups: 1, kernel: 'step.kernel', ...window } as const;
    const graph: Graph = {
      layers: [
        { id: 'x', op: 'input', inputs: [], shape: [7, 9, 3] },
        { id: 'step1', inputs: ['x'], ...step },
        { id: 'step2', inputs: ['step1'], ...step },
      ],
      outputs: ['step2'],
    };
    const looped = withRandomTensors(graph, 2);
    const both = decomposeLayers(looped, { scheme: 'channel', ranks: { step1: 3, step2: 3 } });
    expect(Object.keys(both.tensors)).toEqual(['step.0.kernel', 'step.1.kernel']);
    expect(largestDifference(outputs(both), outputs(looped))).toBeLessThan(1e-5);
    const one = decomposeLayers(looped, { scheme: 'channel', ranks: { step2: 3 } });
    expect(Object.keys(one.tensors).toSorted()).toEqual(['step.0.kernel', 'step.1.kernel', 'step.kernel']);
    expect(() => decomposeGraph(graph, { scheme: 'channel', ranks: { step1: 3, step2: 2 } })).toThrow('one rank');
  });
});

describe('refuses', () => {
  const { graph } = oneLayer(windows['3x3, same'] ?? ({} as Window));
  const ranks = (change: Record<string, number>) => () => decomposeGraph(graph, { scheme: 'channel', ranks: change });

  it('ranks and layers that cannot be', () => {
    expect(ranks({ c: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: "c" cannot have rank 5; choose a whole number from 1 to 4.]`,
    );
    expect(ranks({ c: 0 })).toThrow('rank 0');
    expect(ranks({ sum: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: "sum" has no rank: only ungrouped convolutions have one.]`,
    );
    expect(ranks({ nowhere: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: "nowhere" has no rank: the network has no such layer.]`,
    );
  });
});
