import { describe, expect, it } from 'vitest';
import { buildZooGraph } from '../../workers/network/zoo';
import { networkCosts } from '../../workers/network/costs';
import { rowImportances } from './importance';
import { treeModel } from './tree-model';

const graph = buildZooGraph({ architecture: 'resnet8', widths: [4, 8, 16] });
const model = treeModel({
  view: {
    network: 'n',
    graph,
    meta: { name: '', history: [] },
    hash: '',
    source: { source: 'shipped', id: '' },
    notes: [],
  },
  costs: networkCosts(graph).layers,
});
const stem = { stem: Float32Array.of(4, 1, 3, 0) };

describe('rowImportances', () => {
  it('orders by rank, strongest first, and keeps ties as stored', () => {
    const [first] = rowImportances(model, stem, { stem: Float32Array.of(2, 1, 2, 5) }, 'layerMean', 'strongest first');
    expect([...(first?.order ?? [])]).toEqual([3, 0, 2, 1]);
    expect([...(first?.rank ?? [])]).toEqual([1, 3, 2, 0]);
  });

  it('says importance relative to the mean of the layer', () => {
    const [first] = rowImportances(model, stem, stem, 'layerMean', 'as stored');
    expect([...(first?.relative ?? [])]).toEqual([2, 0.5, 1.5, 0]);
    expect([...(first?.order ?? [])]).toEqual([0, 1, 2, 3]);
  });

  it('spreads the ramp over the logarithm; nothing stands under zero', () => {
    const [first] = rowImportances(model, stem, stem, 'layerMean', 'as stored');
    expect(first?.stops?.[0]).toBe(8);
    expect(first?.stops?.[3]).toBe(0);
    expect(first?.stops?.[2]).toBeGreaterThan(first?.stops?.[1] ?? 9);
  });

  it('gives layers without scores no colour', () => {
    expect(rowImportances(model, stem, stem, 'none', 'as stored')[1]?.stops).toBeNull();
  });
});
