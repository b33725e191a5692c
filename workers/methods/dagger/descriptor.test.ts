import { describe, expect, it } from 'vitest';
import type { Network } from '../../network/graph';
import { channelGroups, type ChannelGroup } from '../../network/groups';
import { networkFromText } from '../../network/text';
import { tinyGated } from '../../network/zoo/gating/tiny-gated';
import { describeWeights } from './descriptor';

function groupOf(network: Network, id: string): ChannelGroup {
  const group = channelGroups(network.graph).find((candidate) => candidate.id === id);
  if (group === undefined) throw new Error(`There is no group "${id}".`);
  return group;
}

function withKernel(network: Network, name: string, change: (value: number, at: number) => number): Network {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw new Error(`There is no tensor "${name}".`);
  return { ...network, tensors: { ...network.tensors, [name]: { ...tensor, values: tensor.values.map(change) } } };
}

describe('describeWeights', () => {
  it('pools magnitudes over the window, relative to the whole kernel (by hand)', () => {
    // Kernel [1, 2, 2, 2]: window of two, two inputs, two filters.
    const network = networkFromText('input 4x4x2 / a = conv 2 1x2 / globalPool / dense 3', 1);
    const values = [1, -2, 3, 4, -5, 6, 7, 8];
    const known = withKernel(network, 'a.kernel', (_, at) => values[at] ?? 0);
    // Mean magnitude 36 / 8 = 4.5. Filter 0: inputs (1 + 5) / 2 = 3 and (3 + 7) / 2 = 5; filter 1: 4 and 6.
    const { width, values: described, prior } = describeWeights(known, groupOf(known, 'a'));
    expect(width).toBe(2);
    [3 / 4.5 - 1, 5 / 4.5 - 1, 4 / 4.5 - 1, 6 / 4.5 - 1].forEach((value, at) =>
      expect(described[at]).toBeCloseTo(value, 6),
    );
    // Two filters of different size: one deviation below and above.
    expect(prior[0]).toBeCloseTo(-1, 6);
    expect(prior[1]).toBeCloseTo(1, 6);
  });

  it('hears a kernel that several passes share once', () => {
    const looks = (passes: number) => {
      const network = tinyGated({ passes, routing: 'top' });
      return describeWeights(network, groupOf(network, 'pass1.stage1.conv1'));
    };
    // The stage's own kernel reads 16 channels; the gate on what stage 2 reads has 48 above it.
    expect(looks(2).width).toBe(16 + 48);
    expect(looks(4)).toEqual(looks(2));
  });

  it('concatenates the producers of a group and averages their priors; a depthwise filter has one input', () => {
    const text = `input 6x6x3 / a = conv 4 3x3 p1 / bn / relu / d = depthwise 3x3 p1 / bn / relu / c = conv 4 1x1 /
      add < . a / globalPool / dense 3`;
    const network = networkFromText(text, 3);
    const group = groupOf(network, 'a');
    expect(group.members.map(({ layer }) => layer)).toEqual(['a', 'd', 'c']);
    const { width, values, prior } = describeWeights(network, group);
    expect(width).toBe(3 + 1 + 4);
    // Each producer's columns have mean 0 over its whole kernel.
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 8],
    ] as const) {
      const own = values.filter((_, at) => at % width >= from && at % width < to);
      expect(own.reduce((sum, value) => sum + value, 0) / own.length).toBeCloseTo(0, 5);
    }
    const mean = (unit: number): number => {
      const row = [...values.subarray(unit * width, (unit + 1) * width)].map((value) => value + 1);
      const average = (some: number[]): number => some.reduce((sum, value) => sum + value, 0) / some.length;
      return (average(row.slice(0, 3)) + average(row.slice(3, 4)) + average(row.slice(4))) / 3;
    };
    const means = [0, 1, 2, 3].map(mean);
    const order = (some: readonly number[]): number[] => [0, 1, 2, 3].sort((a, b) => (some[a] ?? 0) - (some[b] ?? 0));
    expect(order([...prior])).toEqual(order(means));
    expect(prior.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
    expect(prior.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 5);
  });

  it('knows no scale: a producer multiplied by any number is described alike', () => {
    const network = networkFromText(
      'input 6x6x3 / a = conv 5 3x3 p1 / relu / c = conv 5 3x3 p1 / add < . a / globalPool / dense 3',
      4,
    );
    const plain = describeWeights(network, groupOf(network, 'a'));
    for (const factor of [0.003, 41]) {
      const scaled = describeWeights(
        withKernel(network, 'c.kernel', (value) => factor * value),
        groupOf(network, 'a'),
      );
      scaled.values.forEach((value, at) => expect(Math.abs(value - (plain.values[at] ?? NaN))).toBeLessThan(1e-6));
      scaled.prior.forEach((value, at) => expect(Math.abs(value - (plain.prior[at] ?? NaN))).toBeLessThan(1e-5));
    }
  });
});
