import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { networkCosts } from './costs';
import { closeUnderCoupling, CouplingError, EmptyLayerError, LockedChannelError } from './closure';
import { cutChannels, cutGraph } from './cut';
import type { Graph, Layer, LayerId, Network } from './graph';
import { channelGroups } from './groups';
import { hazards, withRandomTensors } from './hazard-networks';
import { graphFromText } from './text';
import { runKnockout } from './knockout';
import { maskChannels } from './mask';
import type { RemovedChannels } from './plan';
import { createPlanner, openRules } from './planner';
import { runReference } from './reference';
import { channelsOf, inferShapes } from './shapes';
import { expectedTensors } from './tensor-shapes';
import { buildZooNetwork } from './zoo';

function layer(graph: Graph, id: LayerId): Layer | undefined {
  return graph.layers.find((candidate) => candidate.id === id);
}

function shapesOf({ graph, tensors }: Network): unknown {
  return Object.fromEntries([...expectedTensors(graph).keys()].map((name) => [name, tensors[name]?.shape]));
}

function logits(network: Network, seed: number): Float64Array {
  const [output] = runReference(network, images(seed)).outputs;
  return output?.values ?? new Float64Array(0);
}

function images(seed: number) {
  const random = createRandom(seed);
  return { shape: [2, 4, 4, 2], values: Float64Array.from({ length: 64 }, () => random.normal()) };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, at) => Math.abs(value - (b[at] ?? Number.NaN))).reduce((x, y) => Math.max(x, y), 0);
}

/** The first unit of every group that can be cut. */
function firstUnits(graph: Graph): RemovedChannels {
  const removed: Record<LayerId, number[]> = {};
  for (const { members, locked } of channelGroups(graph)) {
    if (locked !== undefined) continue;
    for (const { layer: id, channels } of members) removed[id] = [...(removed[id] ?? []), ...(channels[0] ?? [])];
  }
  return removed;
}

describe.each(Object.entries(hazards))('%s', (_, graph) => {
  const network = withRandomTensors(graph, 7);
  const removed = firstUnits(graph);

  it('computes without the cut filters what it computes when they are missing', () => {
    const cut = cutChannels(network, removed);
    const [missing] = runKnockout(network, images(1), removed);
    expect(largestDifference(logits(cut, 1), missing?.values ?? [])).toBeLessThan(1e-12);
    expect(logits(cut, 1).every(Number.isFinite)).toBe(true);
  });

  it('computes the same masked as cut', () => {
    const masked = maskChannels(network, removed);
    expect(masked.graph).toBe(graph);
    expect(largestDifference(logits(masked, 2), logits(cutChannels(network, removed), 2))).toBeLessThan(1e-12);
  });

  it('has tensors that fit its structure', () => {
    const cut = cutChannels(network, removed);
    expect(shapesOf(cut)).toEqual(
      Object.fromEntries([...expectedTensors(cut.graph)].map(([name, { shape }]) => [name, shape])),
    );
    expect(cut.graph).toEqual(cutGraph(graph, removed));
  });
});

describe('what a cut does to the layers', () => {
  it('shrinks a padded shortcut on the right side', () => {
    // Streams: a's two filters are b's 1 and 2; b's 0, 3 and 4 meet the padding's zeros.
    const cut = cutGraph(hazards.paddedShortcut, { a: [0], b: [1, 3] });
    expect(layer(cut, 'pad')).toMatchObject({ channels: [1, 1] });
    expect(layer(cut, 'crop')).toMatchObject({ begin: [0, 0, 0], end: [4, 4, 1] });
    expect(inferShapes(cut).get('sum')).toEqual([2, 2, 3]);
    expect(layer(cutGraph(hazards.paddedShortcut, { b: [0] }), 'pad')).toMatchObject({ channels: [0, 2] });
  });

  it('moves a slice along with the channels before it', () => {
    const cut = cutGraph(hazards.concatSplit, { a: [0] });
    expect(layer(cut, 'part')).toMatchObject({ begin: [0, 0, 1], end: [4, 4, 4] });
    expect(layer(cutGraph(hazards.concatSplit, { b: [2] }), 'part')).toMatchObject({
      begin: [0, 0, 2],
      end: [4, 4, 5],
    });
  });

  it('moves a gather along with the channels before it, to wherever they are repeated', () => {
    const graph = graphFromText('input 4x4x2 / a = conv 4 1x1 / g = gather 3,1,0,1,2 / b = conv 2 1x1');
    expect(layer(cutGraph(graph, { a: [1] }), 'g')).toMatchObject({ channels: [2, 0, 1] });
    expect(inferShapes(cutGraph(graph, { a: [1] })).get('g')).toEqual([4, 4, 3]);
    // Shuffled in three groups and read in two: filters 0 and 1 come to one position, and go together.
    expect(() => cutGraph(hazards.shuffled, { a: [0] })).toThrow(CouplingError);
    expect(layer(cutGraph(hazards.shuffled, { a: [0, 1] }), 'gather1')).toMatchObject({ channels: [0, 2, 1, 3] });
  });

  it('narrows every group of a convolution, or takes whole groups', () => {
    const grouped = cutChannels(withRandomTensors(hazards.grouped, 1), { a: [1, 4], g: [0, 2] });
    expect(layer(grouped.graph, 'g')).toMatchObject({ filters: 2, groups: 2 });
    expect(grouped.tensors['g.kernel']?.shape).toEqual([3, 3, 2, 2]);
    const multiplier = cutChannels(withRandomTensors(hazards.multiplier, 1), { a: [1], g: [2, 3] });
    expect(layer(multiplier.graph, 'g')).toMatchObject({ filters: 4, groups: 2 });
    expect(multiplier.tensors['g.kernel']?.shape).toEqual([3, 3, 1, 4]);
  });

  it('drops all features of a flattened channel', () => {
    const network = withRandomTensors(hazards.flatten, 1);
    const cut = cutChannels(network, { a: [1] });
    // 2x2 pixels of three channels: features 1, 4, 7 and 10 belong to channel 1.
    const rows = [0, 2, 3, 5, 6, 8, 9, 11];
    const before = network.tensors['hidden.kernel']?.values ?? new Float32Array(0);
    expect(cut.tensors['hidden.kernel']?.values).toEqual(
      Float32Array.from(rows.flatMap((row) => [...before.subarray(row * 5, row * 5 + 5)])),
    );
  });

  it('takes the batch-norm channels of a concatenation where they stand', () => {
    const network = withRandomTensors(hazards.dense, 1);
    const cut = cutChannels(network, { d1: [0] });
    const before = network.tensors['last.bn.gamma']?.values ?? [];
    // stem 0-2, d1 3-4, d2 5-6.
    expect([...(cut.tensors['last.bn.gamma']?.values ?? [])]).toEqual([0, 1, 2, 4, 5, 6].map((at) => before[at]));
  });

  it('leaves the original as it was', () => {
    const network = withRandomTensors(hazards.plain, 1);
    const copy = structuredClone(network);
    cutChannels(network, { a: [0] });
    maskChannels(network, { a: [0] });
    expect(network).toEqual(copy);
  });
});

describe('history', () => {
  it('records what went, ascending and in forward order', () => {
    const network = withRandomTensors(hazards.plain, 1);
    expect(cutChannels(network, { b: [2, 0], a: [3] }).meta.history).toEqual([
      { kind: 'cut', removed: { a: [3], b: [0, 2] } },
    ]);
  });

  it('records nothing when nothing goes', () => {
    const network = withRandomTensors(hazards.plain, 1);
    expect(cutChannels(network, { a: [] })).toBe(network);
  });
});

describe('a cut that cannot be', () => {
  const cut = (graph: Graph, removed: RemovedChannels) => () => cutGraph(graph, removed);

  it('leaves tied filters behind', () => {
    expect(cut(hazards.residual, { a: [1, 2], c: [2] })).toThrowErrorMatchingInlineSnapshot(
      `[CouplingError: The cut is incomplete: "c" must lose filter 1 too, tied to what it takes. Cut whole units of a group.]`,
    );
    expect(cut(hazards.residual, { a: [1] })).toThrow(CouplingError);
    try {
      cutGraph(hazards.depthwise, { wide: [0] });
      expect.unreachable();
    } catch (error) {
      expect(error instanceof CouplingError && error.missing).toEqual({ deep0: [0], deep: [0] });
    }
  });

  it('empties a layer, be it a slice', () => {
    expect(cut(hazards.plain, { a: [0, 1, 2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[EmptyLayerError: The cut would leave "a" without any channel; keep at least one.]`,
    );
    expect(cut(hazards.concatSplit, { a: [2], b: [0, 1], c: [0, 1, 2] })).toThrow(EmptyLayerError);
  });

  it('names a locked filter', () => {
    expect(cut(hazards.plain, { head: [0] })).toThrowErrorMatchingInlineSnapshot(
      `[LockedChannelError: Filter 0 of "head" cannot be cut. The channels of "head" are the network's outputs.]`,
    );
    expect(cut(hazards.singleFilter, { one: [0] })).toThrow(LockedChannelError);
  });

  it('names what is not there', () => {
    expect(cut(hazards.plain, { a: [4] })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Cannot cut filter 4 of "a": it has filters 0 to 3.]`,
    );
    expect(cut(hazards.plain, { a: [0.5] })).toThrow('Cannot cut filter 0.5');
    expect(cut(hazards.plain, { 'a.bn': [0] })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Cannot cut filters of "a.bn": a batchNorm layer has no filters.]`,
    );
    expect(cut(hazards.plain, { z: [0] })).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Cannot cut filters of "z": the network has no such layer.]`,
    );
  });
});

it('closes a cut under coupling', () => {
  expect(closeUnderCoupling(hazards.paddedShortcut, { b: [2], c: [1] })).toEqual({ a: [1], b: [2], c: [1] });
  expect(closeUnderCoupling(hazards.grouped, { g: [3], a: [0] })).toEqual({ a: [0, 3], g: [1, 3] });
  expect(closeUnderCoupling(hazards.plain, {})).toEqual({});
});

it.each(['resnet20', 'mobilenetv2'] as const)(
  'cuts %s to half of its multiply-adds and leaves the logits alone',
  (architecture) => {
    const network = buildZooNetwork({ architecture, seed: 4 });
    const random = createRandom(9);
    const scores = Object.fromEntries(
      [...inferShapes(network.graph)].map(([id, shape]) => [
        id,
        Float32Array.from({ length: channelsOf(shape) }, () => random.next()),
      ]),
    );
    const plan = createPlanner({ graph: network.graph, scores, normalise: 'layerMean' })({ ...openRules, budget: 0.5 });
    const cut = cutChannels(network, plan.removed);
    expect(networkCosts(cut.graph).macs).toBe(plan.macs);
    const batch = { shape: [1, 32, 32, 3], values: Float64Array.from({ length: 3072 }, () => random.normal()) };
    const [masked] = runReference(maskChannels(network, plan.removed), batch).outputs;
    const [found] = runReference(cut, batch).outputs;
    expect(largestDifference(found?.values ?? [], masked?.values ?? [])).toBeLessThan(1e-9);
    expect(new Set(found?.values).size).toBe(10);
  },
);
