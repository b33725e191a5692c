import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { networkCosts } from '../network/costs';
import { cutChannels } from '../network/cut';
import { decomposeLayers } from '../network/decompose';
import { isWeighted, type Network } from '../network/graph';
import { fullRank, type Scheme } from '../network/low-rank';
import { maskChannels } from '../network/mask';
import { openRules, createPlanner } from '../network/planner';
import { runReference } from '../network/reference';
import { channelsOf, inferShapes } from '../network/shapes';
import { buildZooNetwork } from '../network/zoo';
import { openNetworkFiles } from './index';
import { writeNetworkFile } from './network-file';

const dense = buildZooNetwork({
  architecture: 'resnet8',
  shortcut: 'projection',
  widths: [6, 8, 10],
  classes: 4,
  seed: 7,
});

function logits(network: Network): Float64Array {
  const random = createRandom(3);
  const values = Float64Array.from({ length: 2 * 32 * 32 * 3 }, () => random.normal());
  const [output] = runReference(network, { shape: [2, 32, 32, 3], values }).outputs;
  return Float64Array.from(output?.values ?? []);
}

function difference(a: Network, b: Network): number {
  const [x, y] = [logits(a), logits(b)];
  expect(x.length).toBe(8);
  return x.reduce((most, value, at) => Math.max(most, Math.abs(value - (y[at] ?? NaN))), 0);
}

/** The second convolutions of the blocks, at full rank: the network computes what it did. */
function factored(network: Network, scheme: Scheme): Network {
  const shapes = inferShapes(network.graph);
  const ranks = Object.fromEntries(
    network.graph.layers.flatMap((layer) =>
      layer.op === 'conv' && /^stage\d\.block1\.conv[12]$/.test(layer.id)
        ? [[layer.id, fullRank(layer, channelsOf(shapes.get(layer.inputs[0] ?? '') ?? [1]), scheme)] as const]
        : [],
    ),
  );
  expect(Object.keys(ranks).length).toBe(6);
  return decomposeLayers(network, { scheme, ranks });
}

/** Filters to cut by L1 importance, for half of the multiply-adds. */
function removal({ graph, tensors }: Network) {
  const scores = Object.fromEntries(
    graph.layers.filter(isWeighted).map((layer) => {
      const { shape = [], values = new Float32Array() } = tensors[layer.kernel] ?? {};
      const filters = shape.at(-1) ?? 1;
      const sums = new Float32Array(filters);
      values.forEach((value, at) => (sums[at % filters] = (sums[at % filters] ?? 0) + Math.abs(value)));
      return [layer.id, sums] as const;
    }),
  );
  return createPlanner({ graph, scores, normalise: 'layerMean' })({ ...openRules, budget: 0.5, floor: 0.2 }).removed;
}

async function reopened(network: Network): Promise<Network> {
  const file = new File([await writeNetworkFile(network)], 'net.safetensors');
  return (await openNetworkFiles([file])).network;
}

describe.each<Scheme>(['channel', 'spatial'])('filters and ranks, %s', (scheme) => {
  it('a factored network can be cut, and opens again from its file', async () => {
    const pairs = factored(dense, scheme);
    expect(difference(pairs, dense)).toBeLessThan(1e-4);
    const removed = removal(pairs);
    // Both what a pair is of inside (its rank) and what it gives to the outside are filters.
    expect(Object.keys(removed).some((id) => id.endsWith('.0'))).toBe(true);
    expect(Object.keys(removed).some((id) => id.endsWith('.1'))).toBe(true);
    const cut = cutChannels(pairs, removed);
    expect(networkCosts(cut.graph).macs).toBeLessThanOrEqual(0.5 * networkCosts(pairs.graph).macs);
    expect(difference(cut, maskChannels(pairs, removed))).toBeLessThan(1e-9);
    const again = await reopened(cut);
    expect(again.graph).toEqual(cut.graph);
    expect(again.meta.history.map(({ kind }) => kind)).toEqual(['decompose', 'cut']);
    expect(logits(again)).toEqual(logits(cut));
  });

  it('a cut network can be factored, and opens again from its file', async () => {
    const cut = cutChannels(dense, removal(dense));
    const pairs = factored(cut, scheme);
    expect(difference(pairs, cut)).toBeLessThan(1e-4);
    const again = await reopened(pairs);
    expect(again.graph).toEqual(pairs.graph);
    expect(again.meta.history.map(({ kind }) => kind)).toEqual(['cut', 'decompose']);
    expect(logits(again)).toEqual(logits(pairs));
  });
});
