import { describe, expect, it } from 'vitest';
import { emptyLiveRun, initialState } from '../studio/initial';
import { fixtureMethods } from '../studio/fixture-methods';
import { trainingRun } from '../studio/training-sample';
import { sampleRun } from '../studio/run-sample';
import type { StudioState } from '../studio/state';
import { fineTuneChange, fineTuneSettings } from './fine-tune-settings';
import { stageViews } from './stages';
import { parseRecipe } from '../../workers/session/recipe';

const empty = initialState({}, 'light');
const states = (state: StudioState): string =>
  stageViews(state)
    .map((stage) => stage.state[0])
    .join('');

describe('stageViews', () => {
  it('begins with the network', () => {
    expect(states(empty)).toBe('ntttt');
  });

  it('follows a run through its stages, with the share of the present one', () => {
    const progress = {
      stage: 2,
      stageName: 'recalibrate' as const,
      note: '',
      done: 3,
      total: 4,
      imagesPerSecond: null,
      multiplyAddsPerSecond: null,
      secondsLeft: null,
    };
    const state: StudioState = {
      ...empty,
      runs: [sampleRun({ run: 'r', state: 'running' })],
      activeRun: 'r',
      live: { r: { ...emptyLiveRun, progress } },
    };
    expect(states(state)).toBe('dddnt');
    expect(stageViews(state)[3]).toMatchObject({ id: 'fine-tune', progress: 0.75 });
  });
});

describe('a recipe of a method that trains', () => {
  const methods = fixtureMethods;
  const at = (stage: number): StudioState => ({
    ...empty,
    engine: { ...empty.engine, methods },
    runs: [trainingRun('csgd')],
    activeRun: 'live',
    live: {
      live: {
        ...emptyLiveRun,
        progress: {
          stage,
          stageName: stage === 0 ? 'fine-tune' : 'recalibrate',
          note: '',
          done: 1,
          total: 2,
          imagesPerSecond: null,
          multiplyAddsPerSecond: null,
          secondsLeft: null,
        },
      },
    },
  });

  it('stands at its own training before the cut, which is no fine-tune, whatever is chosen meanwhile', () => {
    expect(states(at(0))).toBe('dnttt');
    expect(stageViews(at(0)).map(({ title }) => title)).toEqual([
      'Pretrain',
      'Train',
      'Prune',
      'Fine-tune',
      'Evaluate',
    ]);
    expect(states(at(2))).toBe('dddnt');
  });

  it('is titled by the chosen method while nothing runs', () => {
    const chosen = (method: string): StudioState => ({
      ...empty,
      engine: { ...empty.engine, methods },
      scoring: { ...empty.scoring, method },
    });
    expect(stageViews(chosen('svd')).map(({ title }) => title)[1]).toBe('Decompose');
    expect(
      stageViews(chosen('trp'))
        .map(({ title }) => title)
        .slice(1, 3),
    ).toEqual(['Train', 'Truncate']);
  });
});

describe('fine-tune settings', () => {
  it('declare defaults and ranges the recipe accepts', () => {
    for (const edge of ['default', 'min', 'max'] as const) {
      const stage = Object.fromEntries(
        Object.entries(fineTuneSettings).map(([name, setting]) => [
          name,
          setting.kind === 'number' ? setting[edge] : setting.default,
        ]),
      );
      // Label smoothing and momentum stay below 1, so every declared edge is inside the recipe's range.
      const recipe = {
        version: 1,
        name: 'edges',
        network: { source: 'zoo', architecture: 'resnet8' },
        data: { source: 'shapes10' },
        stages: [{ ...stage, stage: 'fine-tune' }],
      };
      expect(parseRecipe(recipe).stages).toHaveLength(1);
    }
  });

  it('change one field, and nothing for a value of the wrong kind', () => {
    expect(fineTuneChange('epochs', 7)).toEqual({ epochs: 7 });
    expect(fineTuneChange('schedule', 'step')).toEqual({ schedule: 'step' });
    expect(fineTuneChange('schedule', 'sudden')).toBeNull();
    expect(fineTuneChange('augment', false)).toEqual({ augment: false });
    expect(fineTuneChange('augment', 1)).toBeNull();
    expect(fineTuneChange('unknown', 1)).toBeNull();
  });
});
