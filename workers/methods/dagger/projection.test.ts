import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { networkCosts } from '../../network/costs';
import { cutGraph } from '../../network/cut';
import type { Graph } from '../../network/graph';
import type { CutPlan, CutRules } from '../../network/plan';
import { openRules } from '../../network/planner';
import { graphFromText } from '../../network/text';
import { buildZooGraph, type ZooOptions } from '../../network/zoo';
import { openMacs } from './cost-term';
import { gateLayout, leastOpen, type GateLayout } from './gate-layout';
import { projectOntoBudget } from './projection';

const nets: readonly ZooOptions[] = [
  { architecture: 'resnet8', shortcut: 'projection' },
  { architecture: 'resnet20', shortcut: 'identity' },
  { architecture: 'resnet20', shortcut: 'projection' },
  { architecture: 'vgg16', widths: [16, 32, 64, 128, 128] },
  { architecture: 'densenet40' },
  { architecture: 'mobilenetv2', widths: [16, 8, 12, 16, 24, 32, 40, 80, 160] },
];
const named = nets.map((options) => [`${options.architecture} ${options.shortcut ?? ''}`, options] as const);

/** Scores as trained ones look: most open, each group with an offset of its own. */
function scoresFor(layout: GateLayout, seed: number): Float32Array {
  const random = createRandom(seed);
  const scores = new Float32Array(layout.count);
  for (const { start, group } of layout.groups) {
    const offset = random.normal(0.5, 1);
    for (let unit = 0; unit < group.size; unit++) scores[start + unit] = offset + random.normal(0, 1);
  }
  return scores;
}

function openOf(layout: GateLayout, plan: CutPlan): Float32Array {
  const open = new Float32Array(layout.count).fill(1);
  for (const [layer, channels] of Object.entries(plan.removed)) {
    for (const channel of channels) open[layout.gateOf[layout.table.unitsOf.get(layer)?.[channel] ?? -1] ?? -1] = 0;
  }
  return open;
}

const rules = (change: Partial<CutRules>): CutRules => ({ ...openRules, ...change });

describe('counting', () => {
  it.each(named)('%s: counted from gates = counted on the cut network, for 20 random gates', (_, options) => {
    const graph = buildZooGraph(options);
    const layout = gateLayout(graph);
    expect(openMacs(layout, [])).toBe(networkCosts(graph).macs);
    const random = createRandom(3);
    for (let trial = 0; trial < 20; trial++) {
      const open = new Float32Array(layout.count).fill(1);
      const share = random.uniform(0.1, 0.9);
      for (const { start, group } of layout.groups) {
        for (let unit = 1; unit < group.size; unit++) if (random.next() < share) open[start + unit] = 0;
      }
      expect(openMacs(layout, open)).toBe(networkCosts(cutGraph(graph, removedBy(layout, open))).macs);
    }
  });

  it('starts at the published totals', () => {
    const total = (architecture: ZooOptions['architecture']): number =>
      openMacs(gateLayout(buildZooGraph({ architecture, shortcut: 'projection' })), []);
    expect(total('resnet8')).toBe(12_501_632);
    expect(total('resnet20')).toBe(40_813_184);
    expect(total('resnet56')).toBe(125_747_840);
  });

  it('charges a filter its own cost and its share of every consumer; half the consumers, half that share', () => {
    // Per pixel (4x4): a costs 9 * 3 * A, b 9 * A * B, c 9 * A * C; the classifier is flat.
    const text =
      'input 4x4x3 / a = conv 6 3x3 p1 / relu / b = conv 4 3x3 p1 / c = conv 8 3x3 p1 < relu1 / j = concat < b c / globalPool / dense 2';
    const layout = gateLayout(graphFromText(text));
    const start = (id: string): number => layout.groups.find(({ group }) => group.id === id)?.start ?? NaN;
    const open = new Float32Array(layout.count).fill(1);
    const before = openMacs(layout, open);
    open[start('a')] = 0;
    expect(before - openMacs(layout, open)).toBe(16 * 9 * (3 + 4 + 8));
    open[start('a')] = 1;
    open.fill(0, start('b') + 2, start('b') + 4);
    open.fill(0, start('c') + 4, start('c') + 8);
    const halved = openMacs(layout, open);
    open[start('a')] = 0;
    expect(halved - openMacs(layout, open)).toBe(16 * 9 * (3 + 2 + 4));
  });
});

function removedBy(layout: GateLayout, open: Float32Array): Record<string, number[]> {
  const removed: Record<string, number[]> = {};
  for (const [layer, units] of layout.table.unitsOf) {
    units.forEach((unit, channel) => {
      if (open[layout.gateOf[unit] ?? -1] === 0) (removed[layer] ??= []).push(channel);
    });
  }
  return removed;
}

describe('projectOntoBudget', () => {
  it.each(named)(
    '%s: meets any budget within 1 %, leaves room for no further filter, empties no layer',
    (_, options) => {
      const graph = buildZooGraph(options);
      const layout = gateLayout(graph);
      const scores = scoresFor(layout, 5);
      for (const budget of [0.75, 0.5, 0.35, 0.2]) {
        const plan = projectOntoBudget(graph, layout, scores, rules({ budget, floor: 0.1 }));
        expect(plan.shortfall).toBeUndefined();
        expect(plan.share).toBeLessThanOrEqual(budget);
        expect(plan.share).toBeGreaterThan(budget - 0.01);
        const cut = networkCosts(cutGraph(graph, plan.removed));
        expect([plan.macs, plan.parameters]).toEqual([cut.macs, cut.parameters]);
        const open = openOf(layout, plan);
        const total = openMacs(layout, []);
        for (const { start, group } of layout.groups) {
          const own = open.subarray(start, start + group.size);
          expect(own.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(leastOpen(group.size));
          const closed = own.indexOf(0);
          if (closed < 0) continue;
          own[closed] = 1;
          expect(openMacs(layout, open) / total).toBeGreaterThan(budget);
          own[closed] = 0;
        }
        // Twice is once.
        const signs = open.map((one) => (one === 1 ? 1 : -1));
        expect(projectOntoBudget(graph, layout, signs, rules({ budget, floor: 0.1 })).removed).toEqual(plan.removed);
      }
    },
  );

  /** Four filters, each 16 * 9 * 2 + 2 of 1160 multiply-adds: a quarter. */
  const chain = graphFromText('input 4x4x2 / a = conv 4 3x3 p1 / relu / globalPool / dense 2');
  const removedFrom = (scores: number[], change: Partial<CutRules>): readonly number[] =>
    projectOntoBudget(chain, gateLayout(chain), scores, rules(change)).removed['a'] ?? [];

  it('takes the threshold first, then closes the weakest or opens the strongest (by hand)', () => {
    // Two closed by themselves, which is the budget.
    expect(removedFrom([1, -1, 2, -3], { budget: 0.5 })).toEqual([1, 3]);
    // One has to follow: the weakest open one.
    expect(removedFrom([1, 3, 2, -3], { budget: 0.5 })).toEqual([0, 3]);
    // There is room for one: the strongest closed one.
    expect(removedFrom([-1, -2, 2, -3], { budget: 0.75 })).toEqual([3]);
    // Equal ones: the first closes.
    expect(removedFrom([1, 1, 1, 1], { budget: 0.75 })).toEqual([0]);
    // The whole network may stay: no gate closes.
    expect(removedFrom([-1, -2, 2, -3], { budget: 1 })).toEqual([]);
  });

  it('follows protection, counts, hands and rounded widths', () => {
    const graph = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' });
    const layout = gateLayout(graph);
    const plan = projectOntoBudget(
      graph,
      layout,
      scoresFor(layout, 2),
      rules({
        budget: 0.6,
        roundTo: 4,
        protect: ['stage1.block1.conv1'],
        keep: { 'stage2.block1.conv1': 9 },
        byHand: { 'stage3.block1.conv1': { cut: [3], keep: [5, 6] } },
        allocation: 'uniform',
      }),
    );
    const kept = (id: string, width: number): number => width - (plan.removed[id]?.length ?? 0);
    expect(kept('stage1.block1.conv1', 16)).toBe(16);
    expect(kept('stage2.block1.conv1', 32)).toBe(9);
    expect(plan.removed['stage3.block1.conv1']).toContain(3);
    expect(plan.removed['stage3.block1.conv1']).not.toContain(5);
    expect(kept('stem', 16) % 4).toBe(0);
    expect(kept('stage3.block1.conv2', 64) % 4).toBe(0);
    expect(kept('stage3.block1.conv1', 64) % 4).toBe(0);
    expect(plan.share).toBeLessThanOrEqual(0.6);
    expect(plan.notes?.join()).toContain('"uniform" was not used');
  });

  it.each(named)(
    '%s: a budget out of reach is met as far as the floors allow, and the message names them',
    (_, options) => {
      const graph = buildZooGraph(options);
      const layout = gateLayout(graph);
      const ids = new Set(layout.groups.map(({ group }) => group.id));
      for (const [change, floor] of [
        [{}, 'an eighth of the gates stays open in'],
        [{ floor: 0.6 }, 'the floor of 60 % holds'],
      ] as const) {
        const plan = projectOntoBudget(graph, layout, scoresFor(layout, 5), rules({ budget: 0.001, ...change }));
        const found = new RegExp(`instead of 0.1 %: .*${floor} "([^"]+)"`).exec(plan.shortfall ?? '');
        expect(found, plan.shortfall).not.toBeNull();
        expect(ids.has(found?.[1] ?? '') || layout.table.unitsOf.has(found?.[1] ?? '')).toBe(true);
        // Nothing more can go: what has to stay of a group stays.
        const open = openOf(layout, plan);
        for (const { start, group } of layout.groups) {
          const left = open.subarray(start, start + group.size).reduce((sum, one) => sum + one, 0);
          expect(left, group.id).toBeGreaterThanOrEqual(leastOpen(group.size));
          if (change.floor === undefined) expect(left, group.id).toBe(leastOpen(group.size));
        }
      }
    },
  );

  it('says what stops a budget that is out of reach', () => {
    const shortfall = (graph: Graph, change: Partial<CutRules>): string | undefined => {
      const layout = gateLayout(graph);
      return projectOntoBudget(graph, layout, scoresFor(layout, 2), rules(change)).shortfall;
    };
    expect(shortfall(chain, { budget: 0.3 })).toBe(
      'The cut stops at 50 % of the multiply-adds instead of 30 %: an eighth of the gates stays open in "a".',
    );
    expect(shortfall(chain, { budget: 0.3, floor: 0.75 })).toContain('the floor of 75 % holds "a"');
    expect(shortfall(chain, { budget: 0.3, protect: ['a'] })).toContain('"a" is protected');
  });
});
