/** Cutting holds for any network: random graphs, random weights, random cuts; the seed stands in the test's name. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../linalg/random';
import { arbitraryNetwork } from './arbitrary-network';
import { closeUnderCoupling, EmptyLayerError, LockedChannelError } from './closure';
import { networkCosts } from './costs';
import { cutChannels, cutGraph } from './cut';
import { isWeighted, type Graph, type LayerId, type Network } from './graph';
import { channelGroups } from './groups';
import { replayGraph, replayHistory } from './history';
import { runKnockout } from './knockout';
import { maskChannels } from './mask';
import type { RemovedChannels } from './plan';
import { createPlanner, openRules } from './planner';
import { runReference } from './reference';
import { channelsOf, inferShapes, sizeOf } from './shapes';

const seed = Math.floor(Math.random() * 2 ** 31);
const sample = (numRuns: number) => ({ numRuns, seed });

/** Filters picked at random, one after the other, each with all that is tied to it, as long as every layer keeps one. */
function randomCut(graph: Graph, random: Random): RemovedChannels {
  const shapes = inferShapes(graph);
  const filters = graph.layers
    .filter(isWeighted)
    .flatMap(({ id }) => Array.from({ length: channelsOf(shapes.get(id) ?? [0]) }, (_, channel) => ({ id, channel })));
  let removed: RemovedChannels = {};
  for (const { id, channel } of random.shuffle(filters).slice(0, random.integer(filters.length) + 1)) {
    try {
      const wider = closeUnderCoupling(graph, { ...removed, [id]: [...(removed[id] ?? []), channel] });
      cutGraph(graph, wider);
      removed = wider;
    } catch (error) {
      if (!(error instanceof EmptyLayerError || error instanceof LockedChannelError)) throw error;
    }
  }
  return removed;
}

/**
 * Whether channels padded with zeros meet filters at once, in an addition with a convolution. Where something else reads
 * them first, they go with the filters they are tied to later on, and the oracle, which knows no ties, cannot see that.
 */
function zerosStayInShortcuts({ layers }: Graph): boolean {
  const made = new Set(layers.flatMap((layer) => (layer.op === 'conv' ? [layer.id] : [])));
  return layers.every(({ id, ...pad }) => {
    if (pad.op !== 'pad' || pad.channels[0] + pad.channels[1] === 0) return true;
    const readers = layers.filter(({ inputs }) => inputs.includes(id));
    return readers.every(({ op, inputs }) => op === 'add' && inputs.some((other) => made.has(other)));
  });
}

function imagesFor({ graph }: Network, random: Random) {
  const [input] = graph.layers;
  const shape = [2, ...(input?.op === 'input' ? input.shape : [])];
  return { shape, values: Float64Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

function largestDifference(a: ArrayLike<number> = [], b: ArrayLike<number> = []): number {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, at) => Math.abs(value - (b[at] ?? Number.NaN))).reduce((x, y) => Math.max(x, y), 0);
}

describe(`any network (seed ${seed})`, () => {
  it('computes the same cut, masked, and with the filters missing; keeps every layer; replays', () => {
    let [cuts, known] = [0, 0];
    fc.assert(
      fc.property(arbitraryNetwork(), fc.nat(), (network, cutSeed) => {
        const random = createRandom(cutSeed);
        const removed = randomCut(network.graph, random);
        if (Object.keys(removed).length > 0) cuts++;
        const images = imagesFor(network, random);
        const cut = cutChannels(network, removed);

        // Masking makes the outgoing weights of the cut filters zero; cutting them then changes nothing.
        const masked = maskChannels(network, removed);
        const [expected] = runReference(masked, images).outputs;
        const [found] = runReference(cut, images).outputs;
        const [again] = runReference(cutChannels(masked, removed), images).outputs;
        expect(found?.values.every(Number.isFinite)).toBe(true);
        expect(largestDifference(found?.values, expected?.values)).toBeLessThan(1e-5);
        expect(largestDifference(again?.values, expected?.values)).toBeLessThan(1e-5);
        if (zerosStayInShortcuts(network.graph)) {
          const [missing] = runKnockout(network, images, removed);
          expect(largestDifference(found?.values, missing?.values)).toBeLessThan(1e-5);
          known++;
        }

        for (const shape of inferShapes(cut.graph).values()) expect(channelsOf(shape)).toBeGreaterThan(0);
        const twice = cutChannels(cut, randomCut(cut.graph, random));
        expect(replayHistory(network, twice.meta.history)).toEqual(twice);
        expect(replayGraph(network.graph, twice.meta.history)).toEqual(twice.graph);
      }),
      sample(1000),
    );
    // Networks with nothing to cut prove nothing; they must stay rare.
    expect(cuts).toBeGreaterThan(900);
    expect(known).toBeGreaterThan(500);
  });

  it('has groups that hold each filter once and can be cut unit by unit', () => {
    fc.assert(
      fc.property(arbitraryNetwork(), ({ graph }) => {
        const shapes = inferShapes(graph);
        const seen = new Set<string>();
        for (const group of channelGroups(graph)) {
          for (let unit = 0; unit < group.size; unit++) {
            const own = Object.fromEntries(group.members.map(({ layer, channels }) => [layer, channels[unit] ?? []]));
            for (const [id, channels] of Object.entries(own)) {
              for (const channel of channels) {
                expect(seen.has(`${id} ${channel}`)).toBe(false);
                seen.add(`${id} ${channel}`);
              }
            }
            if (group.locked === undefined) expect(closeUnderCoupling(graph, own)).toEqual(own);
            else expect(() => closeUnderCoupling(graph, own)).toThrow(LockedChannelError);
          }
        }
        const widths = graph.layers.filter(isWeighted).map(({ id }) => channelsOf(shapes.get(id) ?? [0]));
        expect(seen.size).toBe(widths.reduce((a, b) => a + b, 0));
      }),
      sample(300),
    );
  });
});

/** The global allocation as slowly and plainly as it can be said: one unit at a time, each cut priced from its graph. */
function plainPlan(graph: Graph, scores: Readonly<Record<LayerId, Float32Array>>, budget: number, floor: number) {
  const original = networkCosts(graph).macs;
  const shapes = inferShapes(graph);
  const units = channelGroups(graph)
    .filter(({ locked }) => locked === undefined)
    .flatMap(({ members, size }) =>
      Array.from({ length: size }, (_, unit) => {
        const own = members.map(({ layer, channels }) => ({ layer, channels: channels[unit] ?? [] }));
        const values = own.flatMap(({ layer, channels }) => channels.map((channel) => scores[layer]?.[channel] ?? 0));
        return { own, score: values.reduce((a, b) => a + b, 0) / values.length };
      }),
    )
    .sort((a, b) => a.score - b.score);
  const removed: Record<LayerId, number[]> = {};
  const before: Record<LayerId, number[]>[] = [];
  for (const { own } of units) {
    if (networkCosts(cutGraph(graph, removed)).macs <= budget * original) break;
    const wider = structuredClone(removed);
    for (const { layer, channels } of own) {
      wider[layer] = [...(wider[layer] ?? []), ...channels].sort((a, b) => a - b);
    }
    const fits = own.every(({ layer }) => {
      const width = channelsOf(shapes.get(layer) ?? [0]);
      return width - (wider[layer]?.length ?? 0) >= Math.max(1, floor * width);
    });
    try {
      cutGraph(graph, wider);
    } catch (error) {
      if (error instanceof EmptyLayerError) continue;
      throw error;
    }
    if (!fits) continue;
    before.push(structuredClone(removed));
    Object.assign(removed, wider);
  }
  return { removed, before: before.at(-1) };
}

describe(`any budget (seed ${seed})`, () => {
  const randomScores = (graph: Graph, random: Random): Record<LayerId, Float32Array> => {
    const shapes = inferShapes(graph);
    return Object.fromEntries(
      graph.layers
        .filter(isWeighted)
        .map(({ id }) => [id, Float32Array.from({ length: channelsOf(shapes.get(id) ?? [0]) }, () => random.next())]),
    );
  };

  it('takes what the plain procedure takes, and says what it costs', () => {
    fc.assert(
      fc.property(arbitraryNetwork(), fc.nat(), ({ graph }, drawn) => {
        const random = createRandom(drawn);
        const scores = randomScores(graph, random);
        const [budget, floor] = [random.uniform(0.05, 1), random.uniform(0, 0.5)];
        const plan = createPlanner({ graph, scores, normalise: 'none' })({ ...openRules, budget, floor });
        const plain = plainPlan(graph, scores, budget, floor);
        expect(plan.removed).toEqual(plain.removed);

        const original = networkCosts(graph);
        const costs = networkCosts(cutGraph(graph, plan.removed));
        expect({ macs: plan.macs, parameters: plan.parameters }).toEqual({
          macs: costs.macs,
          parameters: costs.parameters,
        });
        expect(plan.share).toBe(costs.macs / original.macs);
        expect(plan.shortfall === undefined).toBe(plan.share <= budget);
        // Within one filter: the cut before the last unit was still too expensive.
        if (plain.before !== undefined) {
          expect(networkCosts(cutGraph(graph, plain.before)).macs).toBeGreaterThan(budget * original.macs);
        }
      }),
      sample(200),
    );
  });

  it('never brings a filter back when it falls, and always cuts whole units', () => {
    const allocations = ['global', 'uniform', 'sensitivity'] as const;
    fc.assert(
      fc.property(arbitraryNetwork(), fc.nat(), fc.constantFrom(...allocations), ({ graph }, drawn, allocation) => {
        const random = createRandom(drawn);
        const sensitivity = Object.fromEntries(
          channelGroups(graph).map(({ id }) => [
            id,
            { removed: [0.25, 0.5, 0.75], accuracy: [random.next(), random.next(), random.next()] },
          ]),
        );
        const planner = createPlanner({
          graph,
          scores: randomScores(graph, random),
          normalise: 'layerMean',
          sensitivity,
        });
        const roundTo = random.next() < 0.5 ? 1 : 4;
        let gone = new Set<string>();
        for (const budget of [1, 0.8, 0.6, 0.4, 0.2, 0.01]) {
          const { removed, share, shortfall } = planner({ ...openRules, allocation, budget, roundTo, floor: 0.2 });
          cutGraph(graph, removed);
          expect(share <= budget || shortfall !== undefined).toBe(true);
          const now = new Set(
            Object.entries(removed).flatMap(([id, list]) => list.map((channel) => `${id} ${channel}`)),
          );
          expect([...gone].filter((filter) => !now.has(filter))).toEqual([]);
          gone = now;
        }
      }),
      sample(300),
    );
  });

  it('grants any wishes it can and cuts soundly whatever they are', () => {
    fc.assert(
      fc.property(arbitraryNetwork(), fc.nat(), ({ graph }, drawn) => {
        const random = createRandom(drawn);
        const scores = randomScores(graph, random);
        const shapes = inferShapes(graph);
        const widthOf = (id: LayerId): number => channelsOf(shapes.get(id) ?? [0]);
        const ids = random.shuffle(graph.layers.filter(isWeighted).map(({ id }) => id));
        const [held = '', counted = '', picked = ''] = ids;
        const cut = Array.from({ length: widthOf(picked) }, (_, at) => at).filter(() => random.next() < 0.5);
        const wanted = 1 + random.integer(widthOf(counted));
        const plan = createPlanner({ graph, scores, normalise: 'layerMean' })({
          ...openRules,
          budget: random.uniform(0.05, 1),
          protect: [held],
          keep: { [counted]: wanted },
          byHand: { [picked]: { cut, keep: [0] } },
        });
        const after = inferShapes(cutGraph(graph, plan.removed));
        expect(plan.removed[held]).toBeUndefined();
        expect(plan.removed[picked]?.includes(0) ?? false).toBe(false);
        if (plan.notes === undefined) {
          expect(channelsOf(after.get(counted) ?? [0])).toBe(wanted);
          expect(cut.filter((channel) => !(plan.removed[picked] ?? []).includes(channel))).toEqual([]);
        }
      }),
      sample(300),
    );
  });
});
