import { describe, expect, it } from 'vitest';
import { networkCosts } from '../../workers/network/costs';
import { buildZooGraph } from '../../workers/network/zoo';
import { gatedTree, gateImportances } from './gates';
import { treeModel } from './tree-model';

const graph = buildZooGraph({ architecture: 'resnet8', widths: [4, 8, 16] });
const meta = { name: '', history: [] };
const view = { network: 'n', graph, meta, hash: '', source: { source: 'shipped', id: '' }, notes: [] } as const;
const model = treeModel({ view, costs: networkCosts(graph).layers });
const row = (layer: string): number => model.rows.findIndex((own) => own.layer === layer);

describe('the tree of a run that trains', () => {
  it('hollows closed gates, on every row that is tied to them', () => {
    const layers = { stem: { gate: Float32Array.of(0.9, 0.4, 0.6, 0.1) } };
    const { rows } = gatedTree(model, graph, { values: {}, layers });
    for (const layer of ['stem', 'stage1.block1.conv2'])
      expect([...(rows[row(layer)]?.cut ?? [])]).toEqual([0, 1, 0, 1]);
  });

  it('hollows filters that merge into others, and colours the ones that stay by how many they take in', () => {
    // Filters 1 and 3 go into 0; filter 2 is alone.
    const stem = { cluster: Float32Array.of(0, 0, 1, 0), stays: Float32Array.of(1, 0, 1, 0) };
    const telemetry = { values: {}, layers: { stem } };
    expect([...(gatedTree(model, graph, telemetry).rows[row('stem')]?.cut ?? [])]).toEqual([0, 1, 0, 1]);
    const shown = gateImportances(model, graph, telemetry, 'strongest first')[row('stem')];
    expect([...(shown?.order ?? [])]).toEqual([0, 2, 1, 3]);
    const [first, second, third] = shown?.relative ?? [];
    expect([first, second]).toEqual([1, 0]);
    expect(third).toBeCloseTo(1 / 3, 6);
    // A layer the method says nothing of has no colour.
    expect(gateImportances(model, graph, telemetry, 'strongest first')[row('stage1.block1.conv1')]?.stops).toBeNull();
  });
});
