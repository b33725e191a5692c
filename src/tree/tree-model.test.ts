import { describe, expect, it } from 'vitest';
import { networkCosts } from '../../workers/network/costs';
import { cutGraph } from '../../workers/network/cut';
import { createPlanner } from '../../workers/network/planner';
import { buildZooGraph, type ZooOptions } from '../../workers/network/zoo';
import { fixtureScores } from '../studio/fixture-scores';
import { costOfKeeping, keptTree } from './kept';
import { treeModel } from './tree-model';

function modelOf(options: ZooOptions) {
  const graph = buildZooGraph(options);
  const view = {
    network: 'n',
    graph,
    meta: { name: '', history: [] },
    hash: '',
    source: { source: 'shipped', id: '' },
    notes: [],
  } as const;
  return { graph, model: treeModel({ view, costs: networkCosts(graph).layers }) };
}

const rules = {
  budget: 0.5,
  allocation: 'global',
  reduction: 'mean',
  floor: 0.1,
  roundTo: 1,
  protect: [],
  keep: {},
  byHand: {},
} as const;

describe('treeModel', () => {
  it('hangs a residual network on its trunk', () => {
    const { model } = modelOf({ architecture: 'resnet20', shortcut: 'projection' });
    const joints = Object.fromEntries(model.rows.map(({ label, joint }) => [label, joint]));
    expect(model.rows).toHaveLength(22);
    expect(joints).toMatchObject({
      stem: 'cross',
      '1.1 a': 'leave',
      '1.1 b': 'return',
      '2.1 p': 'shortcut',
      '3.3 b': 'return',
      classifier: 'cross',
    });
    expect(model.stages.map(({ title, size, first, last }) => [title, size, first, last])).toEqual([
      ['Stage 1', '32 × 32', 1, 6],
      ['Stage 2', '16 × 16', 7, 13],
      ['Stage 3', '8 × 8', 14, 20],
    ]);
  });

  it('widens the trunk where a stage is first written, not where it is read', () => {
    const { model } = modelOf({ architecture: 'resnet20', shortcut: 'projection' });
    const label = (row: number) => model.rows[row]?.label ?? 'image';
    const changes = model.trunk.filter(
      ({ classes }, index) => classes.length !== model.trunk[index - 1]?.classes.length,
    );
    expect(changes.map(({ from, classes }) => [label(from), classes.length])).toEqual([
      ['image', 3],
      ['stem', 16],
      ['2.1 b', 32],
      ['3.1 b', 64],
    ]);
  });

  it('draws networks without residuals as rows across the trunk', () => {
    const { model } = modelOf({ architecture: 'vgg16' });
    expect(new Set(model.rows.map(({ joint }) => joint))).toEqual(new Set(['cross']));
    expect(model.rows.some(({ tied }) => tied)).toBe(false);
  });

  it('chains the inner layers of a bottleneck', () => {
    const { model } = modelOf({ architecture: 'mobilenetv2' });
    const joints = Object.fromEntries(model.rows.map(({ label, joint }) => [label, joint]));
    expect(joints).toMatchObject({ '1.3 a': 'leave', '1.3 b': 'chain', '1.3 c': 'return' });
  });
});

describe('keptTree', () => {
  const cases: readonly ZooOptions[] = [
    { architecture: 'resnet20', shortcut: 'projection' },
    { architecture: 'resnet20', shortcut: 'identity' },
    { architecture: 'densenet40' },
    { architecture: 'mobilenetv2' },
    { architecture: 'vgg16' },
  ];

  it.each(cases)('costs every row as the physically cut graph does: $architecture $shortcut', (options) => {
    const { graph, model } = modelOf(options);
    const plan = createPlanner({ graph, scores: fixtureScores(graph, 7), normalise: 'layerMean' })(rules);
    const { layers } = networkCosts(cutGraph(graph, plan.removed));
    const kept = keptTree(model, plan.removed);
    const drawn = model.rows.map(({ layer }, index) => [layer, Math.round(kept.rows[index]?.macs ?? 0)]);
    expect(drawn).toEqual(model.rows.map(({ layer }) => [layer, layers.get(layer)?.macs]));
  });

  it('knows what keeping one filter costs: its row, its copies and the inputs they feed', () => {
    const { model } = modelOf({ architecture: 'resnet8', shortcut: 'projection' });
    const row = model.rows.findIndex(({ label }) => label === '1.1 a');
    // 3x3 over 16 inputs and over 16 filters of 1.1 b, at 32 x 32 positions: 2 * 9 * 16 * 1024.
    expect(costOfKeeping(model, keptTree(model, {}), row, 3)).toBe(294_912);
  });
});
