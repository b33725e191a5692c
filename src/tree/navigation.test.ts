import { describe, expect, it } from 'vitest';
import { networkCosts } from '../../workers/network/costs';
import { buildZooGraph } from '../../workers/network/zoo';
import { treeLayout } from './layout';
import { gestureOf, placeAt } from './navigation';
import type { Stage } from './scene';
import { treeModel } from './tree-model';

const graph = buildZooGraph({ architecture: 'resnet20', shortcut: 'projection' });
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
const palette: Stage['palette'] = { colour: {} as Stage['palette']['colour'], ramp: [] };
const stageFor = (height: number, open: ReadonlySet<number> = new Set([0])): Stage => ({
  graph,
  model,
  importance: null,
  palette,
  layout: treeLayout(model, { width: 800, height }, 'multiply-adds', open),
});
const roomy = stageFor(500);
const low = stageFor(200);

describe('gestureOf', () => {
  it('moves by row and by cell, and stays inside', () => {
    expect(gestureOf(roomy, { line: 0, position: null }, 'ArrowUp')).toEqual({
      kind: 'move',
      to: { line: 0, position: null },
    });
    expect(gestureOf(roomy, { line: 1, position: null }, 'ArrowRight')).toEqual({
      kind: 'move',
      to: { line: 1, position: 0 },
    });
    expect(gestureOf(roomy, { line: 1, position: 15 }, 'ArrowRight')).toEqual({
      kind: 'move',
      to: { line: 1, position: 15 },
    });
    expect(gestureOf(roomy, { line: 1, position: 0 }, 'ArrowLeft')).toEqual({
      kind: 'move',
      to: { line: 1, position: null },
    });
    expect(gestureOf(roomy, { line: 8, position: 31 }, 'ArrowUp')).toEqual({
      kind: 'move',
      to: { line: 7, position: 31 },
    });
    expect(gestureOf(roomy, { line: 7, position: 31 }, 'ArrowUp')).toEqual({
      kind: 'move',
      to: { line: 6, position: 15 },
    });
    expect(gestureOf(roomy, { line: 7, position: 3 }, 'End')).toEqual({ kind: 'move', to: { line: 7, position: 31 } });
  });

  it('inspects, cuts and protects the row it stands on', () => {
    expect(gestureOf(roomy, { line: 1, position: null }, 'Enter')).toEqual({
      kind: 'inspect',
      layer: 'stage1.block1.conv1',
    });
    expect(gestureOf(roomy, { line: 1, position: 4 }, 'Delete')).toEqual({
      kind: 'toggle',
      layer: 'stage1.block1.conv1',
      channel: 4,
    });
    expect(gestureOf(roomy, { line: 1, position: null }, 'Delete')).toBeNull();
    expect(gestureOf(roomy, { line: 1, position: null }, 'p')).toEqual({
      kind: 'protect',
      layer: 'stage1.block1.conv1',
    });
  });

  it('folds and unfolds stages where there is no room', () => {
    const folded = low.layout.lines.findIndex((line) => line.kind === 'stage');
    expect(low.layout.lines[folded]).toEqual({ kind: 'stage', stage: 1, first: 7, last: 13 });
    expect(gestureOf(low, { line: folded, position: null }, 'Enter')).toEqual({ kind: 'fold', stage: 1 });
    expect(gestureOf(low, { line: 1, position: null }, 'ArrowLeft')).toEqual({ kind: 'fold', stage: 0 });
    expect(gestureOf(roomy, { line: 1, position: null }, 'ArrowLeft')).toBeNull();
  });

  it('leaves other keys to the page', () => {
    expect(gestureOf(roomy, { line: 1, position: null }, 'z')).toBeNull();
    expect(gestureOf(roomy, { line: 1, position: null }, ' ')).toBeNull();
  });
});

describe('treeLayout', () => {
  it('never draws rows closer than 16 px: it folds, then scrolls', () => {
    expect(roomy.layout.folds).toBe(false);
    expect(roomy.layout.pitch).toBeCloseTo(500 / 22, 10);
    expect(low.layout.lines).toHaveLength(1 + 6 + 1 + 1 + 1);
    const all = stageFor(200, new Set([0, 1, 2]));
    expect(all.layout.pitch).toBe(16);
    expect(all.layout.height).toBe(22 * 16);
  });

  it('gives the costliest row the whole width', () => {
    const { columns, scale } = roomy.layout;
    // 3x3, 16 to 16 channels at 32 x 32.
    expect(2_359_296 * scale).toBeCloseTo(columns.right - columns.left, 6);
  });
});

describe('placeAt', () => {
  it('finds row and cell under a point', () => {
    const { columns, pitch } = roomy.layout;
    const cell = (columns.right - columns.left) / 16;
    expect(placeAt(roomy, columns.left + 2.5 * cell, 1.5 * pitch)).toEqual({
      line: 1,
      row: 1,
      position: 2,
      stage: null,
    });
    expect(placeAt(roomy, columns.left - 20, 1.5 * pitch)).toEqual({ line: 1, row: 1, position: null, stage: null });
    expect(placeAt(roomy, 300, 22.5 * pitch)).toBeNull();
  });

  it('finds the stage under its caption', () => {
    expect(placeAt(low, 20, 1.5 * low.layout.pitch)?.stage).toBe(0);
    expect(placeAt(low, 400, 7.5 * low.layout.pitch)).toEqual({ line: 7, row: null, position: null, stage: 1 });
  });
});
