/** Written files mean the same: ONNX Runtime computes from them what we compute, whole and pruned, whatever the network. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { arbitraryNetwork } from '../../network/arbitrary-network';
import { closeUnderCoupling, EmptyLayerError, LockedChannelError } from '../../network/closure';
import { cutChannels, cutGraph } from '../../network/cut';
import type { Network } from '../../network/graph';
import { channelGroups } from '../../network/groups';
import type { RemovedChannels } from '../../network/plan';
import { networkFromText } from '../../network/text';
import { buildZooNetwork } from '../../network/zoo';
import { cases } from './cases-for-tests';
import { model } from './model-for-tests';
import { proven, reopened, written } from './proof-for-tests';

/** Some filters of every group that can spare them. */
function someCut({ graph }: Network, seed: number): RemovedChannels {
  const random = createRandom(seed);
  let removed: RemovedChannels = {};
  for (const { locked, size, members } of channelGroups(graph)) {
    if (locked !== undefined || size < 2) continue;
    const unit = random.integer(size);
    const wish = Object.fromEntries(members.map(({ layer, channels }) => [layer, channels[unit] ?? []]));
    try {
      const both = Object.keys({ ...removed, ...wish }).map((id) => [
        id,
        [...(removed[id] ?? []), ...(wish[id] ?? [])],
      ]);
      const wider = closeUnderCoupling(graph, Object.fromEntries(both) as RemovedChannels);
      cutGraph(graph, wider);
      removed = wider;
    } catch (error) {
      if (!(error instanceof EmptyLayerError || error instanceof LockedChannelError)) throw error;
    }
  }
  return removed;
}

describe('any network', () => {
  it('200 random ones, whole and cut', async () => {
    let cuts = 0;
    for (const [at, network] of fc.sample(arbitraryNetwork(), { numRuns: 200, seed: 23 }).entries()) {
      await proven(network);
      const removed = someCut(network, at);
      if (Object.keys(removed).length === 0) continue;
      cuts++;
      await proven(cutChannels(network, removed));
    }
    expect(cuts).toBeGreaterThan(150);
  }, 300_000);

  it.each([
    ['nearest pixels between whole factors', 'input 5x7x2 / resize 8x10 / resize 3x4 alignCorners / conv 2 1x1'],
    [
      'bilinear in all grids',
      'input 5x7x2 / resize 8x10 bilinear / resize 11x6 bilinear alignCorners / resize 4x9 bilinear asymmetric',
    ],
    ['a flatten that is an output', 'input 3x4x2 / conv 3 3x3 / a = flatten / dense 2 bias / output < dense1 a'],
    ['flat features', 'input 4 / dense 3 bias / relu / dense 2'],
  ])('%s', async (_name, text) => {
    await proven(networkFromText(text, 5));
  });
});

describe('a network that came from ONNX goes back as it came', () => {
  it.each(Object.entries(cases))('%s', async (_name, init) => {
    const { network } = await reopened(model(init));
    const fixed = Object.values(init.inputs ?? { x: ['n'] }).some(([batch]) => batch === 1);
    const back = await proven(network, fixed ? 1 : 2);
    expect(back.meta.origin?.inputs).toEqual(network.meta.origin?.inputs);
    expect(back.meta.origin?.outputs).toEqual(network.meta.origin?.outputs);
  });

  it('bit for bit, with names, classes and normalisation; equal networks give equal bytes', async () => {
    const zoo = buildZooNetwork({ architecture: 'resnet8', widths: [2, 3, 4], seed: 4 });
    const classes = Array.from({ length: 10 }, (_, at) => `class ${at}`);
    const network = { ...zoo, meta: { ...zoo.meta, classes } };
    const bytes = await written(network);
    expect(await written(network)).toEqual(bytes);
    const { network: back, notes } = await reopened(bytes);
    expect(back.tensors).toEqual(network.tensors);
    expect(back.graph).toEqual({ ...network.graph, layers: expect.any(Array) });
    expect(new Set(back.graph.layers.map(({ id }) => id))).toEqual(new Set(network.graph.layers.map(({ id }) => id)));
    const { origin: _, ...meta } = back.meta;
    expect(meta).toEqual(network.meta);
    expect(notes).toEqual(network.meta.normalisation === undefined ? [expect.stringContaining('normalised')] : []);
  });

  it('layers that share a tensor share an initialiser', async () => {
    const network = networkFromText('input 4x4x2 / a = conv 2 3x3 p1 kernel=w / relu / conv 2 3x3 p1 kernel=w', 1);
    const back = await proven(network);
    expect(Object.keys(back.tensors)).toHaveLength(1);
  });
});

it('what was not understood is not written as if it were', async () => {
  const { graph, ...rest } = networkFromText('input 4x4x2 / conv 2 1x1', 1);
  const opaque = {
    id: 'lrn',
    op: 'opaque',
    inputs: ['conv1'],
    operator: 'LRN',
    reason: 'So.',
    shape: [4, 4, 2],
  } as const;
  const network: Network = { ...rest, graph: { layers: [...graph.layers, opaque], outputs: ['lrn'] } };
  await expect(written(network)).rejects.toThrow(
    'test network: Layer "lrn" (LRN) was not understood when the network was opened, and there is nothing of it that an ONNX file could hold.',
  );
});
