/**
 * Merging loses nothing, on every way channels can be coupled. Judged by the reference interpreter in float64.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { arbitraryNetwork } from '../../network/arbitrary-network';
import { channelsOfClasses, CouplingError } from '../../network/closure';
import { cutChannels } from '../../network/cut';
import type { Graph, Network, TensorName } from '../../network/graph';
import { channelGroups, type ChannelGroup } from '../../network/groups';
import { hazards, withRandomTensors } from '../../network/hazard-networks';
import { runReference } from '../../network/reference';
import { sizeOf } from '../../network/shapes';
import { graphFromText } from '../../network/text';
import { clusteredAxes, mergedClasses, type ClusteredAxis } from './axes';
import { evenClusters, restoredClusters, type GroupClusters } from './clusters';
import { interchangeableGroups } from './interchangeable';
import { averageClusters, mergeInputs, squaredDistances } from './merge';

/** Every group whose units can be merged, thrown into about half as many clusters. */
function randomClusters(graph: Graph, seed: number): GroupClusters[] {
  const random = createRandom(seed);
  return [...interchangeableGroups(graph, channelGroups(graph))]
    .filter(({ locked, size }) => locked === undefined && size > 1)
    .map((group) => restoredClusters(group, random.shuffle(evenClusters(group.size, Math.ceil(group.size / 2)))));
}

function imagesFor({ graph }: Network, seed: number) {
  const random = createRandom(seed);
  const [input] = graph.layers;
  const shape = [3, ...(input?.op === 'input' ? input.shape : [])];
  return { shape, values: Float64Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

function outputs(network: Network): number[] {
  const [output] = runReference(network, imagesFor(network, 7)).outputs;
  return [...(output?.values ?? [])];
}

/** Largest difference of outputs, as a share of the largest output. */
function difference(a: Network, b: Network): number {
  const [left, right] = [outputs(a), outputs(b)];
  expect(left.length).toBe(right.length);
  const largest = left.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return left.reduce((most, value, at) => Math.max(most, Math.abs(value - (right[at] ?? NaN))), 0) / largest;
}

const trimmed = (network: Network, clusters: readonly GroupClusters[]): Network =>
  cutChannels(
    mergeInputs(network, clusteredAxes(network, clusters)),
    channelsOfClasses(network.graph, mergedClasses(network.graph, clusters)),
  );

const snapped = (network: Network, clusters: readonly GroupClusters[]): Network =>
  averageClusters(network, clusteredAxes(network, clusters));

const chain = graphFromText(
  'input 6x6x2 / conv 5 3x3 p1 / bn / relu / maxPool 2x2 s2 / conv 6 3x3 p1 bias / bn / relu / globalPool / dense 3 bias',
);
const networks: Record<string, Graph> = {
  ...hazards,
  chain,
  flattened: graphFromText('input 4x4x2 / conv 6 3x3 s2 p1 / bn / relu / flatten / dense 5 / relu / dense 3 bias'),
};

describe('merging equal filters', () => {
  for (const [name, graph] of Object.entries(networks)) {
    const network = withRandomTensors(graph, 3);
    const clusters = randomClusters(graph, 4);
    if (clusters.length === 0) continue;
    it(`loses nothing: ${name}`, () => {
      const equal = snapped(network, clusters);
      expect(difference(equal, trimmed(equal, clusters))).toBeLessThan(2e-6);
      // Before training the filters of a cluster differ, and so do the answers.
      expect(difference(network, trimmed(network, clusters))).toBeGreaterThan(1e-2);
    });
  }

  it('is exercised by most hazards', () => {
    const clustered = Object.values(networks).filter((graph) => randomClusters(graph, 4).length > 0);
    expect(clustered.length).toBeGreaterThan(12);
  });

  const seed = Math.floor(Math.random() * 2 ** 31);
  it(`loses nothing in any network (seed ${seed})`, () => {
    let lossy = 0;
    fc.assert(
      fc.property(arbitraryNetwork(), fc.nat(), (network, drawn) => {
        const clusters = randomClusters(network.graph, drawn);
        const equal = snapped(network, clusters);
        expect(difference(equal, trimmed(equal, clusters))).toBeLessThan(1e-5);
        if (difference(network, trimmed(network, clusters)) > 1e-3) lossy++;
      }),
      { numRuns: 400, seed },
    );
    expect(lossy).toBeGreaterThan(200);
  });
});

/** Two blocks whose streams are added; followers are `conv3` and `conv5`. */
const residual = graphFromText(
  `input 6x6x2 / conv 6 3x3 p1 / bn / top = relu / conv 4 3x3 p1 / bn / relu / conv 6 3x3 p1 / bn / sum1 = add < . top /
   relu / conv 4 3x3 p1 / bn / relu / conv 6 3x3 p1 / bn / add < . sum1 / relu / globalPool / dense 3 bias`,
);

describe('followers', () => {
  const network = withRandomTensors(residual, 5);
  const [stream] = channelGroups(residual);
  if (stream === undefined) throw new Error('The residual stream is a group.');

  it('obey: a follower with clusters of its own cannot be cut, and merged as if it could it changes the answer', () => {
    expect(stream.members.map(({ layer }) => layer)).toEqual(['conv1', 'conv3', 'conv5']);
    const leader = restoredClusters(stream, [0, 0, 1, 1, 2, 2]);
    const own: ChannelGroup = { ...stream, members: stream.members.filter(({ layer }) => layer === 'conv5') };
    const stray = clusteredAxes(network, [restoredClusters(own, [0, 1, 2, 2, 1, 0])]);
    // Filters of conv5 equal by its own clusters, all others by the leader's.
    const axes = clusteredAxes(network, [leader]);
    const strayNames = new Set<TensorName>(['conv5.kernel', 'bn5.gamma', 'bn5.beta', 'bn5.mean', 'bn5.variance']);
    const mixed = new Map(
      [...axes.filters].map(([name, axis]): [TensorName, ClusteredAxis] => [
        name,
        strayNames.has(name) ? (stray.filters.get(name) ?? axis) : axis,
      ]),
    );
    const equal = averageClusters(network, { ...axes, filters: mixed });
    expect(difference(equal, trimmed(equal, [leader]))).toBeGreaterThan(1e-2);
    expect(() => cutChannels(equal, { conv5: [3, 4, 5] })).toThrow(CouplingError);
  });

  it('share the clusters of the leader in every tensor they have', () => {
    const { filters, inputs } = clusteredAxes(network, [restoredClusters(stream, [0, 1, 1, 0, 2, 2])]);
    expect([...filters.keys()].filter((name) => name.endsWith('.kernel'))).toEqual([
      'conv1.kernel',
      'conv3.kernel',
      'conv5.kernel',
    ]);
    expect([...inputs.keys()]).toEqual(['conv2.kernel', 'conv4.kernel', 'dense1.kernel']);
    for (const axis of [...filters.values(), ...inputs.values()]) expect([...axis.of]).toEqual([0, 1, 1, 0, 2, 2]);
  });
});

describe('an option-A shortcut', () => {
  /** Three channels go to the next stage between one padded before and two after. */
  const graph = graphFromText(
    `input 6x6x2 / stem = conv 3 3x3 p1 / bn / top = relu / low = conv 4 3x3 s2 p1 / bn / relu / high = conv 6 3x3 p1 / bn /
     out = slice 0:6:2 0:6:2 0:3 < top / shortcut = pad c1,2 / add < bn3 shortcut / relu / globalPool / dense 3 bias`,
  );
  const network = withRandomTensors(graph, 6);
  const groups = channelGroups(graph);

  it('never clusters channels of different origin: they are different groups', () => {
    const places = groups.map(({ members }) =>
      Object.fromEntries(members.map(({ layer, channels }) => [layer, channels.flat()])),
    );
    expect(places).toContainEqual({ stem: [0, 1, 2], high: [1, 2, 3] });
    expect(places).toContainEqual({ high: [0, 4, 5] });
  });

  it('carries clusters of the stage before into the next, without loss', () => {
    const clusters = groups
      .filter(({ id }) => id === 'stem' || id === 'high')
      .map((group) => restoredClusters(group, [0, 1, 1]));
    const { filters } = clusteredAxes(network, clusters);
    // Carried channels 1 | 2, 3 and padded 0 | 4, 5.
    expect([...(filters.get('high.kernel')?.of ?? [])]).toEqual([0, 1, 2, 2, 3, 3]);
    const equal = snapped(network, clusters);
    const cut = trimmed(equal, clusters);
    expect(difference(equal, cut)).toBeLessThan(2e-6);
    expect(cut.graph.layers.find(({ id }) => id === 'shortcut')).toMatchObject({ channels: [1, 1] });
  });
});

describe('interchangeable units', () => {
  it('are all units of every hand-made hazard, but those of which a gather reads unlike channels', () => {
    for (const [name, graph] of Object.entries(networks)) {
      const groups = channelGroups(graph);
      // Of one unit of `b` the gather reads a channel twice and the tied one not at all, of the other each once.
      const whole = groups.filter(({ id }) => name !== 'shuffled' || id !== 'b#2');
      expect(interchangeableGroups(graph, groups)).toEqual(new Set(whole));
    }
  });

  it('are not those of which a slice takes different tied channels', () => {
    // The grouped layer ties channels 0 and 3, 1 and 4, 2 and 5 of `a`; the slice reads 3 of the first, 1 and 2 of the others.
    const graph = graphFromText(
      'input 4x4x2 / a = conv 6 1x1 / b = conv 4 3x3 p1 g2 / concat < a b / slice 0:4 0:4 1:4 / globalPool / dense 2',
    );
    const groups = channelGroups(graph);
    const kept = interchangeableGroups(graph, groups);
    expect(groups.filter((group) => !kept.has(group)).map(({ id }) => id)).toEqual(['a']);
  });
});

describe('the arithmetic', () => {
  const network = withRandomTensors(chain, 8);
  const groups = channelGroups(chain);
  const clusters = [
    restoredClusters(groups[0] as ChannelGroup, [0, 1, 0, 1, 2]),
    restoredClusters(groups[1] as ChannelGroup, [0, 0, 1, 0, 1, 1]),
  ];
  const axes = clusteredAxes(network, clusters);
  const kernel = (from: Network, name: TensorName) => from.tensors[name]?.values ?? new Float32Array();

  it('keeps what all inputs add up to, and needs the sum: dropping slices is not the same', () => {
    const equal = snapped(network, clusters);
    const cut = trimmed(equal, clusters);
    const dropped = cutChannels(equal, channelsOfClasses(chain, mergedClasses(chain, clusters)));
    expect(difference(equal, dropped)).toBeGreaterThan(1e-2);
    // conv2.kernel is [3, 3, 5, 6], cut to [3, 3, 3, 2]; filters 0 and 2 stay.
    const [wide, narrow] = [kernel(equal, 'conv2.kernel'), kernel(cut, 'conv2.kernel')];
    for (let tap = 0; tap < 9; tap++) {
      [0, 2].forEach((filter, kept) => {
        const all = [0, 1, 2, 3, 4].reduce((sum, input) => sum + (wide[(tap * 5 + input) * 6 + filter] ?? NaN), 0);
        const left = [0, 1, 2].reduce((sum, input) => sum + (narrow[(tap * 3 + input) * 2 + kept] ?? NaN), 0);
        expect(left).toBeCloseTo(all, 5);
      });
    }
  });

  it('sums inputs and trims outputs in either order, to the same bits', () => {
    const removed = (only: GroupClusters[]) => channelsOfClasses(chain, mergedClasses(chain, only));
    const both = trimmed(network, clusters);
    // Outputs of conv2 first; then its inputs, in the narrower graph.
    const [first, second] = clusters as [GroupClusters, GroupClusters];
    const outputsCut = cutChannels(mergeInputs(network, clusteredAxes(network, [second])), removed([second]));
    const rest = [{ ...first, group: channelGroups(outputsCut.graph)[0] as ChannelGroup }];
    const inputsLast = cutChannels(mergeInputs(outputsCut, clusteredAxes(outputsCut, rest)), removed([first]));
    expect(kernel(inputsLast, 'conv2.kernel')).toEqual(kernel(both, 'conv2.kernel'));
  });

  it('keeps the smallest filter of each cluster, gathers running statistics, and does nothing for single members', () => {
    const cut = trimmed(network, clusters);
    expect([...kernel(cut, 'bn1.mean')]).toEqual([0, 1, 4].map((at) => kernel(network, 'bn1.mean')[at]));
    const alone = groups.slice(0, 2).map((group) => restoredClusters(group, [...Array(group.size).keys()]));
    expect(trimmed(network, alone)).toEqual(network);
    expect(clusteredAxes(network, alone)).toEqual({ filters: new Map(), inputs: new Map() });
  });

  it('measures squared distances from cluster means', () => {
    const axis = axes.filters.get('bn1.gamma') as ClusteredAxis;
    const tensor = { shape: [5], values: new Float32Array([1, 10, 4, 16, 7]) };
    // Means of {1, 4} and {10, 16}: 2.5 and 13.
    expect([...squaredDistances(tensor, axis)]).toEqual([2.25, 9, 2.25, 9, 0]);
  });

  it('numbers a concatenation source by source', () => {
    const graph = graphFromText(
      'input 4x4x2 / a = conv 4 3x3 p1 / b = conv 3 3x3 p1 < input / concat < a b / bn / globalPool / dense 2',
    );
    const [first, second] = channelGroups(graph) as [ChannelGroup, ChannelGroup];
    const made = [restoredClusters(first, [0, 0, 1, 1]), restoredClusters(second, [0, 1, 2])];
    const { filters } = clusteredAxes(withRandomTensors(graph, 1), made);
    expect([...(filters.get('bn1.gamma')?.of ?? [])]).toEqual([0, 0, 1, 1, 2, 3, 4]);
  });

  it('pairs the pixels of a flattened picture', () => {
    const graph = graphFromText('input 2x1x2 / conv 3 1x1 / flatten / dense 2');
    const [group] = channelGroups(graph) as [ChannelGroup];
    const { inputs } = clusteredAxes(withRandomTensors(graph, 1), [restoredClusters(group, [0, 1, 0])]);
    // Rows (pixel, channel): clusters repeat with the stride of the channels, and stay apart from pixel to pixel.
    expect([...(inputs.get('dense1.kernel')?.of ?? [])]).toEqual([0, 1, 0, 2, 3, 2]);
  });
});
