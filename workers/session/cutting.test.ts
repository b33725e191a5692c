import { beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Dataset } from '../datasets/dataset';
import { drawShapes } from '../datasets/shapes';
import { cutChannels } from '../network/cut';
import { runReference } from '../network/reference';
import { buildZooNetwork } from '../network/zoo';
import { probeImages, probeLogits, prove, provenCut, provenMerge, removedSince } from './cutting';

const network = buildZooNetwork({ architecture: 'resnet8', widths: [4, 8, 8], seed: 3 });
const removed = { 'stage1.block1.conv1': [0, 2], 'stage2.block1.conv1': [1, 3, 5] };

describe('the proof', () => {
  let executor: Executor;
  let dataset: Dataset;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm' });
    dataset = await drawShapes({ train: 8, validation: 16, test: 8 });
  });

  it('looks at real answers: the device gives what the float64 interpreter gives', async () => {
    const { shape, values } = probeImages(network, dataset, 4);
    const expected = runReference(network, { shape, values }).outputs[0]?.values ?? [];
    const logits = await probeLogits(executor, network, dataset, 4);
    expect(logits.length).toBe(40);
    logits.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? NaN, 4));
    expect(new Set(logits).size).toBeGreaterThan(30);
  });

  it('passes an exact cut', async () => {
    const { maxAbsLogitDifference, network: cut } = await provenCut(executor, network, removed, dataset);
    expect(maxAbsLogitDifference).toBeLessThanOrEqual(1e-5);
    expect(cut.tensors['stage1.block1.conv1.kernel']?.shape).toEqual([3, 3, 4, 2]);
  });

  it('tells what merging changed apart from the cut, and refuses neither', async () => {
    const kernel = network.tensors['stage1.block1.conv2.kernel'];
    if (kernel === undefined) throw new Error('The network has this kernel.');
    const changed = { shape: kernel.shape, values: kernel.values.map((value) => 1.5 * value) };
    const merged = { ...network, tensors: { ...network.tensors, 'stage1.block1.conv2.kernel': changed } };
    const proven = await provenMerge(executor, network, merged, removed, dataset);
    const [before, between, after] = [
      await probeLogits(executor, network, dataset),
      await probeLogits(executor, merged, dataset),
      await probeLogits(executor, proven.network, dataset),
    ];
    const largest = (a: Float32Array, b: Float32Array): number =>
      a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))), 0);
    expect(proven.merging).toBe(largest(before, between));
    expect(proven.cutting).toBe(largest(between, after));
    expect(proven.maxAbsLogitDifference).toBe(largest(before, after));
    expect(proven.merging).toBeGreaterThan(1e-2);
  });

  it('refuses a cut that changes what the network computes', async () => {
    const cut = cutChannels(network, removed);
    await expect(prove(executor, network, cut, dataset)).rejects.toMatchObject({ name: 'ProofError' });
  });
});

describe('channels removed since the beginning', () => {
  it('follow the numbering of the first network through several cuts', () => {
    // By hand: after 0 and 2 of 4 are gone, the old 3 is the new 1.
    const once = cutChannels(network, { 'stage1.block1.conv1': [0, 2] });
    const twice = cutChannels(once, { 'stage1.block1.conv1': [1], 'stage3.block1.conv1': [7] });
    expect(removedSince(network.graph, twice.meta.history)).toEqual({
      'stage1.block1.conv1': [0, 2, 3],
      'stage3.block1.conv1': [7],
    });
    expect(removedSince(network.graph, network.meta.history)).toBeUndefined();
  });

  it('are not told once layers were factored', () => {
    const record = { kind: 'decompose', scheme: 'channel', ranks: {} } as const;
    expect(removedSince(network.graph, [record])).toBeUndefined();
  });
});
