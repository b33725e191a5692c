import { describe, expect, it } from 'vitest';
import { networkCosts } from '../../network/costs';
import { cutGraph } from '../../network/cut';
import { channelsOfClasses } from '../../network/closure';
import { channelGroups, type ChannelGroup } from '../../network/groups';
import type { Network } from '../../network/graph';
import type { CutRules } from '../../network/plan';
import { openRules } from '../../network/planner';
import { withRandomTensors } from '../../network/hazard-networks';
import { channelsOf, inferShapes } from '../../network/shapes';
import { buildZooGraph, type ZooOptions } from '../../network/zoo';
import { mergedClasses } from './axes';
import { evenClusters, restoredClusters } from './clusters';
import { clusterCounts, type Widths } from './widths';

const network = (options: ZooOptions): Network => withRandomTensors(buildZooGraph(options), 1);

/** Multiply-adds and widths of all convolutions after clusters of these counts are merged. */
function merged({ graph }: Network, { counts }: Widths): { readonly macs: number; readonly widths: readonly number[] } {
  const clusters = channelGroups(graph).flatMap((group) => {
    const count = counts.get(group.id);
    return count === undefined ? [] : [restoredClusters(group, evenClusters(group.size, count))];
  });
  const cut = cutGraph(graph, channelsOfClasses(graph, mergedClasses(graph, clusters)));
  const shapes = inferShapes(cut);
  const convolutions = cut.layers.filter(({ op }) => op === 'conv');
  return { macs: networkCosts(cut).macs, widths: convolutions.map(({ id }) => channelsOf(shapes.get(id) ?? [0])) };
}

const rules = (change: Partial<CutRules>): CutRules => ({ ...openRules, ...change });

describe('widths for a budget', () => {
  /**
   * The paper's five eighths, 16-32-64 to 10-20-40, with projections. ResNet-8 by hand: stem 32^2*27*10 = 276,480; stage 1
   * 2*32^2*9*10^2 = 1,843,200; stages 2 and 3 each 256*9*10*20 + 256*9*20^2 + 256*10*20 = 1,433,600 (a quarter of the pixels,
   * twice the filters); classifier 400: 4,987,280. Each block more adds 2*32^2*9*10^2 = 1,843,200 to each stage.
   */
  it.each([
    ['resnet8', 12_501_632, 4_987_280, 60.107],
    ['resnet20', 40_813_184, 16_046_480, 60.683],
    ['resnet56', 125_747_840, 49_224_080, 60.855],
  ] as const)('%s: %i to %i multiply-adds', (architecture, before, after, percent) => {
    const net = network({ architecture, shortcut: 'projection' });
    expect(networkCosts(net.graph).macs).toBe(before);
    const counts = clusterCounts(net, channelGroups(net.graph), rules({ budget: after / before }));
    const { macs, widths } = merged(net, counts);
    expect(macs).toBe(after);
    expect(new Set(widths)).toEqual(new Set([10, 20, 40]));
    expect(100 * (1 - macs / before)).toBeCloseTo(percent, 3);
    expect(counts.shortfall).toBeUndefined();
  });

  it.each(['resnet8', 'densenet40', 'mobilenetv2'] as const)(
    '%s: one filter more would be too many',
    (architecture) => {
      const net = network({ architecture });
      const groups = channelGroups(net.graph);
      const total = networkCosts(net.graph).macs;
      const budget = 0.4;
      const counts = clusterCounts(net, groups, rules({ budget }));
      expect(merged(net, counts).macs).toBeLessThanOrEqual(budget * total);
      const wider = [...counts.counts].map(([id, count]) => {
        const more = new Map(counts.counts).set(id, count + 1);
        return merged(net, { counts: more, notes: [] }).macs;
      });
      expect(Math.max(...wider)).toBeGreaterThan(budget * total);
      // Every group gives up the same share, give or take a filter.
      const cuttable = groups.filter(({ locked }) => locked === undefined);
      const gone = ({ id, size }: ChannelGroup): number => 1 - (counts.counts.get(id) ?? size) / size;
      const next = Math.min(...cuttable.map((group) => gone(group) + 1 / group.size));
      for (const group of cuttable) expect(gone(group)).toBeLessThanOrEqual(next + 1e-12);
    },
  );

  it('keeps what the rules ask: widths, protection, rounding; hand choices are noted', () => {
    const net = network({ architecture: 'resnet8' });
    const groups = channelGroups(net.graph);
    const inner = 'stage1.block1.conv1';
    const kept = clusterCounts(net, groups, rules({ budget: 1, keep: { [inner]: 5 } }));
    expect([...kept.counts]).toEqual([[inner, 5]]);
    const guarded = clusterCounts(net, groups, rules({ budget: 0.5, protect: [inner], roundTo: 4 }));
    expect(guarded.counts.has(inner)).toBe(false);
    expect([...guarded.counts.values()].every((count) => count % 4 === 0)).toBe(true);
    const byHand = clusterCounts(net, groups, rules({ budget: 0.5, byHand: { [inner]: { cut: [1], keep: [] } } }));
    expect(byHand.notes).toHaveLength(1);
    const short = clusterCounts(net, groups, rules({ budget: 0.1, floor: 0.9 }));
    expect(short.shortfall).toMatch(/floor/);
  });
});
