import { describe, expect, it } from 'vitest';
import { graphFromText } from '../../workers/network/text';
import type { Candidate, RunSummary } from '../../workers/protocol';
import { parentOf, removedSince } from './lineage';
import { sampleRun, SAMPLE_NETWORK } from './run-sample';

const graph = graphFromText(
  'input 8x8x3 / a = conv 6 3x3 p1 / relu / b = conv 4 3x3 p1 / relu / globalPool / fc = dense 3',
);

const withRemoved = (run: RunSummary, removed: Candidate['removed']): RunSummary => ({
  ...run,
  candidates: run.candidates.map((candidate) => ({ ...candidate, removed })),
});
const finalOf = (run: RunSummary): Candidate => {
  const found = run.candidates.find(({ kind }) => kind === 'final');
  if (found === undefined) throw new Error('No final candidate.');
  return found;
};

const first = withRemoved(sampleRun({ run: 'first', final: 0.9 }), { a: [1, 4] });
const source = { source: 'candidate', run: 'first', candidate: 'final' } as const;
const second = withRemoved(sampleRun({ run: 'second', final: 0.9, network: source }), { a: [0, 3], b: [2] });
const runs = [first, second];

describe('where a network comes from', () => {
  it('is the candidate its run began with', () => {
    expect(parentOf(second, runs)?.candidate).toBe(finalOf(first));
    expect(parentOf(first, runs)).toBeNull();
    expect(parentOf(second, [second])).toBeNull();
  });

  it('counts what was cut over two runs in the numbering of the first network', () => {
    // Of 0 2 3 5, left by the first run, the second takes the first and the last.
    expect(removedSince(finalOf(second), SAMPLE_NETWORK, graph, runs)).toEqual({ a: [0, 1, 4, 5], b: [2] });
    expect(removedSince(finalOf(second), source, graph, runs)).toEqual({ a: [0, 3], b: [2] });
    expect(removedSince(finalOf(first), SAMPLE_NETWORK, graph, runs)).toEqual({ a: [1, 4] });
  });

  it('says nothing where it cannot know', () => {
    expect(removedSince(finalOf(second), { source: 'shipped', id: 'another' }, graph, runs)).toBeNull();
    expect(removedSince(finalOf(second), SAMPLE_NETWORK, graph, [second])).toBeNull();
    const truncated = withRemoved(first, undefined);
    expect(removedSince(finalOf(second), SAMPLE_NETWORK, graph, [truncated, second])).toBeNull();
  });
});
