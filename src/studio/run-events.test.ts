import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../workers/protocol';
import { initialState } from './initial';
import { afterRunEvent } from './run-events';
import { sampleRun } from './run-sample';
import type { StudioState } from './state';

const running: StudioState = {
  ...initialState({}, 'light'),
  runs: [sampleRun({ run: 'r', state: 'running' })],
  activeRun: 'r',
};

const after = (events: readonly RunEvent[]): StudioState => events.reduce(afterRunEvent, running);
const point = (step: number) => ({ stage: 3, epoch: 0, step, loss: 1, accuracy: null, split: null, learningRate: 0.1 });
const progress = (done: number) => ({
  stage: 3,
  stageName: 'fine-tune' as const,
  note: '',
  done,
  total: 10,
  imagesPerSecond: null,
  multiplyAddsPerSecond: null,
  secondsLeft: null,
});

describe('afterRunEvent', () => {
  it('keeps progress, metrics, proof and the saved step of a run apart', () => {
    const state = after([
      { run: 'r', event: 'progress', progress: progress(3) },
      { run: 'r', event: 'metrics', points: [point(1), point(2)] },
      { run: 'r', event: 'metrics', points: [point(3)] },
      { run: 'r', event: 'proof', maxAbsLogitDifference: 2e-6 },
      { run: 'r', event: 'saved', step: 40 },
    ]);
    expect(state.live['r']?.progress?.done).toBe(3);
    expect(state.live['r']?.points.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(state.live['r']).toMatchObject({ proof: 2e-6, savedStep: 40 });
  });

  it('drops what a resumed run says again', () => {
    const checked = { ...point(2), split: 'validation' as const, accuracy: 0.5 };
    const state = after([
      { run: 'r', event: 'metrics', points: [point(1), point(2), checked, point(3)] },
      { run: 'r', event: 'metrics', points: [point(2)] },
      { run: 'r', event: 'metrics', points: [checked, point(3), point(4)] },
    ]);
    expect(state.live['r']?.points).toEqual([point(1), point(2), checked, point(3), point(4)]);
  });

  it('frees the place of the active run when it ends, and only then', () => {
    expect(after([{ run: 'r', event: 'state', state: 'paused' }]).activeRun).toBe('r');
    expect(after([{ run: 'r', event: 'state', state: 'stopped' }]).activeRun).toBeNull();
    expect(after([{ run: 'other', event: 'state', state: 'stopped' }]).activeRun).toBe('r');
    const error = { kind: 'DivergedError', message: 'The loss is not a number.', data: {} };
    const failed = after([{ run: 'r', event: 'failed', error }]);
    expect(failed.activeRun).toBeNull();
    expect(failed.runs[0]).toMatchObject({ state: 'failed', error });
  });

  it('replaces a candidate that is reported again', () => {
    const [candidate] = sampleRun({ run: 'r', final: 0.9 }).candidates;
    if (candidate === undefined) throw new Error('The sample has no candidate.');
    const state = after([
      { run: 'r', event: 'candidate', candidate: { ...candidate, id: 'new', accuracy: null } },
      { run: 'r', event: 'candidate', candidate: { ...candidate, id: 'new', accuracy: 0.5 } },
    ]);
    expect(state.runs[0]?.candidates.filter(({ id }) => id === 'new').map(({ accuracy }) => accuracy)).toEqual([0.5]);
  });
});
