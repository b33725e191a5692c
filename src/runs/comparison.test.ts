import { describe, expect, it } from 'vitest';
import type { Graph } from '../../workers/network/graph';
import type { RunSummary } from '../../workers/protocol';
import { sampleRun } from '../studio/run-sample';
import { compareCuts, compareRuns } from './comparison';

const plain = (values: readonly string[] | undefined) => values?.map((value) => value.replaceAll('\u00a0', ' '));

function withRemoved(run: RunSummary, removed: Record<string, number[]>): RunSummary {
  return {
    ...run,
    candidates: run.candidates.map((candidate) =>
      candidate.kind === 'original' ? candidate : { ...candidate, removed },
    ),
  };
}

describe('compareRuns', () => {
  it('lists what differs first and leaves out what nobody has', () => {
    const lines = compareRuns([
      sampleRun({ run: 'a', method: 'l1', share: 0.5, cut: 0.6, final: 0.94 }),
      sampleRun({ run: 'b', method: 'taylor', share: 0.5, cut: 0.7, final: 0.95 }),
    ]);
    const names = lines.map(({ name }) => name);
    expect(names.indexOf('After fine-tuning')).toBeLessThan(names.indexOf('Compute kept'));
    expect(names).not.toContain('Recalibrated');
    expect(names).not.toContain('Device');
    expect(plain(lines.find(({ name }) => name === 'Right after the cut')?.values)).toEqual(['60.0 %', '70.0 %']);
    expect(lines.find(({ name }) => name === 'Weights')?.differs).toBe(false);
  });
});

describe('compareCuts', () => {
  const conv = (id: string, input: string, filters: number) =>
    ({
      id,
      inputs: [input],
      op: 'conv',
      filters,
      kernelSize: [3, 3],
      stride: [1, 1],
      padding: [1, 1, 1, 1],
      dilation: [1, 1],
      groups: 1,
      kernel: `${id}.kernel`,
    }) as const;
  const graph: Graph = {
    layers: [
      { id: 'image', inputs: [], op: 'input', shape: [8, 8, 3] },
      conv('one', 'image', 4),
      conv('two', 'one', 8),
    ],
    outputs: ['two'],
  };

  it('counts the filters each run keeps, differing layers first', () => {
    const runs = [
      withRemoved(sampleRun({ run: 'a', final: 0.9 }), { one: [0], two: [1, 2] }),
      withRemoved(sampleRun({ run: 'b', final: 0.9 }), { one: [3], two: [0] }),
    ];
    expect(compareCuts(runs, graph, (layer) => `layer ${layer}`)).toEqual([
      { name: 'layer two', values: ['6 of 8', '7 of 8'], differs: true },
      { name: 'layer one', values: ['3 of 4', '3 of 4'], differs: false },
    ]);
  });

  it('is empty when no run says what it cut', () => {
    expect(compareCuts([sampleRun({ final: 0.9 })], graph, (layer) => layer)).toEqual([]);
  });
});
