import { describe, expect, it } from 'vitest';
import { createPlanner } from '../../workers/network/planner';
import { buildZooGraph } from '../../workers/network/zoo';
import { openedFrom } from '../studio/fit';
import { fixtureScores } from '../studio/fixture-scores';
import { initialRules, initialState } from '../studio/initial';
import { layersAsCsv } from './csv';

const graph = buildZooGraph({ architecture: 'resnet8', widths: [4, 8, 16] });
const network = openedFrom({
  network: 'n',
  graph,
  meta: { name: '', history: [] },
  hash: '',
  source: { source: 'shipped', id: '' },
  notes: [],
});

const lines = (text: string | null): string[][] => (text ?? '').trimEnd().split('\r\n').map(fields);
/** Quoted fields may hold commas. */
const fields = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"]|"")*)"|([^,]+)|(?<=,|^)(?=,|$)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

describe('layersAsCsv', () => {
  it('says of every layer what it has and what the plan leaves, adding up to the network', () => {
    const scores = fixtureScores(graph, 3);
    const plan = createPlanner({ graph, scores, normalise: 'layerMean' })({ ...initialRules, budget: 0.5 });
    const state = initialState({}, 'light');
    const text = layersAsCsv({ ...state, network, plan, scoring: { ...state.scoring, scores } });
    const [header = [], ...rows] = lines(text);
    const sum = (name: string): number => rows.reduce((all, row) => all + Number(row[header.indexOf(name)]), 0);
    const of = (layer: string, name: string): string => rows.find(([id]) => id === layer)?.[header.indexOf(name)] ?? '';
    expect(sum('multiply_adds')).toBe(network.macs);
    expect(sum('multiply_adds_left')).toBeCloseTo(plan.macs, 4);
    const removed = plan.removed['stage1.block1.conv1'] ?? [];
    expect(Number(of('stage1.block1.conv1', 'filters_kept'))).toBe(4 - removed.length);
    const [a = 0, b = 0, c = 0, d = 0] = scores['stage1.block1.conv1'] ?? [];
    expect(Number(of('stage1.block1.conv1', 'mean_importance'))).toBeCloseTo((a + b + c + d) / 4, 10);
    expect(of('stem', 'description')).toContain('3 × 3 conv, 3 to 4 channels');
  });

  it('is nothing while no network is open', () => {
    expect(layersAsCsv(initialState({}, 'light'))).toBeNull();
  });
});
