import { describe, expect, it } from 'vitest';
import { sampleRun } from '../studio/run-sample';
import { experimentTree } from './tree';

const first = sampleRun({ run: 'first', cut: 0.5, recalibrated: 0.8, final: 0.9, started: 1 });
const other = sampleRun({ run: 'other', cut: 0.4, started: 2 });
const child = sampleRun({
  run: 'child',
  cut: 0.3,
  started: 3,
  network: { source: 'candidate', run: 'first', candidate: 'recalibrated' },
});
const orphan = sampleRun({
  run: 'orphan',
  cut: 0.2,
  started: 4,
  network: { source: 'candidate', run: 'gone', candidate: 'final' },
});

describe('the experiment tree', () => {
  it('hangs every network on what it was made from, each run on its own line', () => {
    const nodes = experimentTree([child, other, first]);
    const root = nodes[0]?.key;
    expect(nodes.map(({ key, parent, depth, line }) => [key, parent, depth, line])).toEqual([
      [root, null, 0, 0],
      ['first/cut', root, 1, 0],
      ['first/recalibrated', 'first/cut', 2, 0],
      ['first/final', 'first/recalibrated', 3, 0],
      ['child/cut', 'first/recalibrated', 3, 1],
      ['other/cut', root, 1, 2],
    ]);
  });

  it('keeps a run whose ancestor is gone, and one that has made nothing yet', () => {
    const nodes = experimentTree([orphan, sampleRun({ run: 'new', state: 'running', original: null })]);
    expect(nodes.map(({ title, depth }) => [title, depth])).toEqual([
      ['resnet20-shapes10', 0],
      ['under way', 1],
      ['a network no longer kept', 0],
      ['right after the cut', 1],
    ]);
  });

  it('starts with the trained network where a recipe trains from the start', () => {
    const run = sampleRun({ run: 'first', final: 0.9 });
    const stages = run.recipe.stages.map((stage) =>
      stage.stage === 'fine-tune' ? { ...stage, stage: 'pretrain' as const } : stage,
    );
    expect(experimentTree([{ ...run, recipe: { ...run.recipe, stages } }]).map(({ title }) => title)).toEqual([
      'resnet20-shapes10',
      'before the cut',
      'after fine-tuning',
    ]);
  });
});
