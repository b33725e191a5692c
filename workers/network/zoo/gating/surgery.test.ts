/** Cutting, merging and factoring networks whose passes share their tensors: once for all passes, exact in every answer. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../linalg/random';
import { closeUnderCoupling } from '../../closure';
import { networkCosts } from '../../costs';
import { cutChannels } from '../../cut';
import { decomposeLayers } from '../../decompose';
import type { LayerId, Network } from '../../graph';
import { channelGroups } from '../../groups';
import { replayHistory } from '../../history';
import { runKnockout } from '../../knockout';
import { eligibleLayers, fullRank, type Scheme } from '../../low-rank';
import { maskChannels } from '../../mask';
import { nameInPass } from '../../unrolled';
import type { RemovedChannels } from '../../plan';
import { createPlanner } from '../../planner';
import { runReference, type ReferenceTensor } from '../../reference';
import { channelsOf, inferShapes } from '../../shapes';
import { createRankPlanner } from '../../rank-plan';
import { buildGatedNetwork, type GatedOptions } from './index';
import { gatedImages, tinyGated } from './tiny-gated';

const variants: readonly Partial<Omit<GatedOptions, 'passes'>>[] = [
  { routing: 'top' },
  { routing: 'top', feedback: 'logits' },
  { routing: 'self', granularity: 'channel' },
  { routing: 'above', granularity: 'spatial' },
  { routing: 'cascade' },
  { routing: 'cascade', kernel: 3, activation: 'onePlusTanh' },
  { routing: 'cascade', kernel: 3, separable: true },
  { propagator: 'feedbackGate', position: 'output' },
  { propagator: 'sum', combine: 'add' },
  { backbone: 'deep', stages: [2], activation: 'sigmoid' },
  { backbone: 'resnet8', routing: 'cascade', image: [32, 32] },
];

function everyAnswer(network: Network): readonly ReferenceTensor[] {
  const side = network.graph.layers[0]?.op === 'input' ? network.graph.layers[0].shape[0] : 16;
  return runReference(network, gatedImages(1, side)).outputs;
}

/** Over all answers, as a share of the largest number of `a`. */
function difference(a: readonly ReferenceTensor[], b: readonly ReferenceTensor[]): number {
  expect(a.map(({ shape }) => shape)).toEqual(b.map(({ shape }) => shape));
  const largest = a.reduce(
    (most, { values }) => values.reduce((own, value) => Math.max(own, Math.abs(value)), most),
    1,
  );
  const worst = a.map(({ values }, at) =>
    values.reduce((most, value, place) => Math.max(most, Math.abs(value - (b[at]?.values[place] ?? NaN))), 0),
  );
  return Math.max(...worst) / largest;
}

/** Two units of every group that may be cut. */
function someFilters({ graph }: Network, seed: number): RemovedChannels {
  const random = createRandom(seed);
  const removed: Record<LayerId, number[]> = {};
  for (const { size, members, locked } of channelGroups(graph)) {
    if (locked !== undefined || size < 3) continue;
    const units = random.shuffle(Array.from({ length: size }, (_, unit) => unit)).slice(0, 2);
    for (const { layer, channels } of members) {
      removed[layer] = [...(removed[layer] ?? []), ...units.flatMap((unit) => channels[unit] ?? [])];
    }
  }
  return removed;
}

describe('channel groups of a network of passes', () => {
  const { graph } = tinyGated({ passes: 3, routing: 'cascade' });
  const groups = channelGroups(graph);
  const membersAt = (layer: LayerId): readonly string[] => {
    const group = groups.find(({ members }) => members.some((member) => member.layer === layer));
    return group?.members.map((member) => member.layer) ?? [];
  };

  it('tie a stage to itself in every pass and to the gates of what reads it', () => {
    expect(membersAt('pass1.stage1.conv1')).toEqual([
      'pass1.stage1.conv1',
      'pass2.stage1.conv1',
      'pass2.stage2.gate.conv',
      'pass3.stage1.conv1',
      'pass3.stage2.gate.conv',
    ]);
    expect(membersAt('stem')).toEqual(['stem', 'pass2.stage1.gate.conv', 'pass3.stage1.gate.conv']);
    expect(membersAt('pass3.stage3.conv1')).toEqual(['pass1', 'pass2', 'pass3'].map((pass) => `${pass}.stage3.conv1`));
  });

  it('tie the feedback of a level to its propagator: the lane down has a width of its own', () => {
    expect(membersAt('pass2.stage2.feedback.conv')).toEqual([
      'pass2.stage2.feedback.conv',
      'pass2.stage2.propagator.conv',
      'pass3.stage2.feedback.conv',
      'pass3.stage2.propagator.conv',
    ]);
  });

  it('lock the answers', () => {
    const heads = groups.filter(({ members }) => members.some(({ layer }) => layer.endsWith('.head')));
    expect(heads.map(({ locked }) => typeof locked)).toEqual(['string']);
  });
});

describe.each(variants)('%j', (variant) => {
  const network = tinyGated({ passes: 3, ...variant });
  const before = everyAnswer(network);

  it('cut, masked and knocked out are one function in every answer', () => {
    const removed = someFilters(network, 4);
    const cut = cutChannels(network, removed);
    const after = everyAnswer(cut);
    expect(difference(everyAnswer(maskChannels(network, removed)), after)).toBeLessThan(1e-9);
    const images = gatedImages(1, before[0]?.shape[1] === 10 ? 32 : 16);
    expect(difference(runKnockout(network, images, removed), after)).toBeLessThan(1e-9);
    expect(difference(before, after)).toBeGreaterThan(1e-3);
    expect(replayHistory(network, cut.meta.history)).toEqual(cut);
  });

  it.each(['channel', 'spatial'] as const)('a shared kernel is factored once, for all passes: %s', (scheme) => {
    const ranks = fullRanks(network, scheme);
    expect(Object.keys(ranks).length).toBeGreaterThan(5);
    const factored = decomposeLayers(network, { scheme, ranks });
    // Factors are rounded to float32.
    expect(difference(before, everyAnswer(factored))).toBeLessThan(2e-5);
    const kernels = new Set(Object.keys(ranks).map(nameInPass));
    const firsts = Object.keys(factored.tensors).filter((name) => name.endsWith('.0.kernel'));
    expect(firsts).toHaveLength(kernels.size);
  });
});

function fullRanks({ graph }: Network, scheme: Scheme): Record<LayerId, number> {
  const shapes = inferShapes(graph);
  return Object.fromEntries(
    eligibleLayers(graph, { include1x1: true }).map((layer) => [
      layer.id,
      fullRank(layer, channelsOf(shapes.get(layer.inputs[0] ?? '') ?? [0]), scheme),
    ]),
  );
}

describe('what is saved', () => {
  const costsAt = (passes: number, removed: RemovedChannels) => {
    const network = buildGatedNetwork({ backbone: 'shallow', passes, routing: 'top', seed: 1 });
    const cut = cutChannels(network, closeUnderCoupling(network.graph, removed));
    const [whole, less] = [networkCosts(network.graph), networkCosts(cut.graph)];
    return { macs: whole.macs - less.macs, parameters: whole.parameters - less.parameters };
  };

  it('multiply-adds once a pass, parameters once', () => {
    // Eight filters of stage 3: its kernel at 8x8, the head, and what the three gates read of them.
    const removed = { 'pass1.stage3.conv1': [0, 1, 2, 3, 4, 5, 6, 7] };
    const perPass = 8 * (9 * 32 * 64 + 4 * 64);
    const gates = 8 * (16 + 16 + 32) * 64;
    for (const passes of [2, 3, 4]) {
      const { macs, parameters } = costsAt(passes, removed);
      expect(macs).toBe(passes * perPass + (passes - 1) * gates);
      expect(parameters).toBe(8 * (9 * 32 + 2 + 4) + 8 * (16 + 16 + 32));
    }
  });

  it('a plan for a budget counts every pass, and its cut comes to what it said', () => {
    const network = tinyGated({ passes: 3 });
    const random = createRandom(2);
    const scores = Object.fromEntries(
      [...inferShapes(network.graph)].map(([id, shape]) => [
        id,
        Float32Array.from({ length: channelsOf(shape) }, () => random.next()),
      ]),
    );
    const weighted = Object.fromEntries(
      channelGroups(network.graph).flatMap(({ members }) =>
        members.map(({ layer }) => [layer, scores[layer]] as const),
      ),
    ) as Record<LayerId, Float32Array>;
    const plan = createPlanner({ graph: network.graph, scores: weighted, normalise: 'layerMean' })({
      budget: 0.6,
      allocation: 'global',
      reduction: 'mean',
      floor: 0.1,
      roundTo: 1,
      protect: [],
      keep: {},
      byHand: {},
    });
    const cut = cutChannels(network, plan.removed);
    const costs = networkCosts(cut.graph);
    expect([costs.macs, costs.parameters]).toEqual([plan.macs, plan.parameters]);
    expect(plan.share).toBeLessThanOrEqual(0.6);
    expect(plan.share).toBeGreaterThan(0.55);
  });

  it('ranks for a budget: one rank per shared kernel, priced in every pass', () => {
    const network = tinyGated({ passes: 3, routing: 'top', kernel: 3 });
    const kernels = new Map<string, LayerId[]>();
    for (const { id } of eligibleLayers(network.graph))
      kernels.set(nameInPass(id), [...(kernels.get(nameInPass(id)) ?? []), id]);
    expect([...kernels].map(([name, layers]) => [name, layers.length])).toEqual([
      ['stage1.conv1', 3],
      ['stage2.conv1', 3],
      ['stage3.conv1', 3],
      ['stage1.gate.conv', 2],
      ['stage2.gate.conv', 2],
      ['stage3.gate.conv', 2],
    ]);
    const full = fullRanks(network, 'channel');
    const spectra = {
      scheme: 'channel' as const,
      kernels: [...kernels.values()].map((layers) => ({
        layers,
        values: Float32Array.from({ length: full[layers[0] ?? ''] ?? 0 }, (_, at) => 2 ** -at),
      })),
    };
    const plan = createRankPlanner(network.graph, spectra)(0.5);
    for (const layers of kernels.values()) expect(new Set(layers.map((id) => plan.ranks[id])).size).toBe(1);
    const costs = networkCosts(decomposeLayers(network, plan).graph);
    expect([costs.macs, costs.parameters]).toEqual([plan.macs, plan.parameters]);
    expect(plan.share).toBeLessThanOrEqual(0.5);
  });
});
