import { describe, expect, it } from 'vitest';
import type { NetworkView, TelemetrySample } from '../../workers/protocol';
import { emptyLiveRun, initialState } from './initial';
import { recalled, runToRecall } from './recalling';
import { sampleRun } from './run-sample';
import type { OpenedNetwork } from './state';
import { trainingRun } from './training-sample';

const trained = trainingRun('dagger');
const view = { source: trained.recipe.network } as NetworkView;
const network = { view } as OpenedNetwork;
const state = { ...initialState({}, 'light'), network };

describe('the run whose past is fetched', () => {
  const older = { ...trained, run: 'older', state: 'interrupted' as const, started: 1 };
  const newer = { ...trained, run: 'newer', state: 'finished' as const, started: 2 };

  it('is the one under way, else the newest in which a method trained', () => {
    const runs = [older, newer, { ...sampleRun({ run: 'scored', started: 3 }), origin: 'here' as const }];
    expect(runToRecall({ ...state, runs })).toBe('newer');
    expect(runToRecall({ ...state, runs, activeRun: 'older' })).toBe('older');
    expect(runToRecall({ ...state, runs, network: null })).toBeNull();
  });

  it('is about the open network, and of this browser', () => {
    const other = { ...newer, recipe: { ...newer.recipe, network: { source: 'file' as const, name: 'x' } } };
    expect(runToRecall({ ...state, runs: [other] })).toBeNull();
    expect(runToRecall({ ...state, runs: [{ ...newer, origin: 'reference' as const }] })).toBeNull();
  });
});

describe('recalled', () => {
  const sample = (step: number): TelemetrySample => ({ stage: 1, step, total: 9, telemetry: { values: { step } } });
  const point = (step: number) => ({ stage: 1, epoch: 0, step, loss: 1, accuracy: null, split: null, learningRate: 1 });

  it('comes before what was heard meanwhile, and says nothing twice', () => {
    const live = {
      ...emptyLiveRun,
      points: [point(3), point(4)],
      history: [sample(3)],
      telemetry: sample(3).telemetry,
    };
    const found = recalled(live, { points: [1, 2, 3].map(point), history: [1, 2, 3].map(sample) });
    expect(found.points).toEqual([1, 2, 3, 4].map(point));
    expect(found.history).toEqual([1, 2, 3].map(sample));
    expect(found.telemetry).toBe(live.telemetry);
  });

  it('is all there is to a run that has ended', () => {
    const found = recalled(emptyLiveRun, { points: [point(1)], history: [sample(1), sample(2)] });
    expect(found.points).toEqual([point(1)]);
    expect(found.telemetry).toEqual(sample(2).telemetry);
  });
});
