import { describe, expect, it, vi } from 'vitest';
import { adoptRecipe, canAdopt } from './adopt';
import { initialRules, noScores } from './initial';
import { sampleRun } from './run-sample';

const gestures = () => ({
  chooseMethod: vi.fn(),
  changeRules: vi.fn(),
  keepRanks: vi.fn(),
  changeTraining: vi.fn(),
  changeFineTune: vi.fn(),
});
const present = { scoring: { ...noScores, method: 'l1' } };

describe('adoptRecipe', () => {
  it('takes method, rules and fine-tune over, with a change on top', () => {
    const made = gestures();
    adoptRecipe(sampleRun({ method: 'taylor', budget: 0.35, epochs: 7 }).recipe, made, present, { learningRate: 0.01 });
    expect(made.chooseMethod).toHaveBeenCalledWith('taylor', {});
    expect(made.changeRules).toHaveBeenCalledWith({ ...initialRules, budget: 0.35 });
    expect(made.changeFineTune.mock.calls[0]?.[0]).toMatchObject({ epochs: 7, learningRate: 0.01, batchSize: 64 });
  });

  it('does not score again what is scored already', () => {
    const made = gestures();
    adoptRecipe(sampleRun({ method: 'l1' }).recipe, made, present);
    expect(made.chooseMethod).not.toHaveBeenCalled();
  });

  it('takes over a truncation, and a method that trains with its own length and rate', () => {
    const { recipe } = sampleRun({ epochs: 7 });
    const [, cut, recalibrate, tune] = recipe.stages;
    if (cut === undefined || recalibrate === undefined || tune?.stage !== 'fine-tune')
      throw new Error('Another sample.');
    const truncate = {
      stage: 'truncate' as const,
      method: 'svd',
      settings: { scheme: 'spatial' },
      budget: 0.4,
      protect: ['a'],
      keep: { b: 3 },
    };
    const made = gestures();
    adoptRecipe({ ...recipe, stages: [truncate, recalibrate, tune] }, made, present);
    expect(made.chooseMethod).toHaveBeenCalledExactlyOnceWith('svd', { scheme: 'spatial' });
    expect(made.changeRules).toHaveBeenCalledWith({ budget: 0.4, protect: ['a'] });
    expect(made.keepRanks).toHaveBeenCalledWith({ b: 3 });

    const acting = { ...tune, epochs: 30, method: 'csgd', settings: { strength: 0.1 } };
    const trained = gestures();
    adoptRecipe({ ...recipe, stages: [acting, cut, recalibrate, tune] }, trained, present, { learningRate: 0.004 });
    expect(trained.chooseMethod).toHaveBeenCalledExactlyOnceWith('csgd', { strength: 0.1 });
    expect(trained.changeTraining.mock.calls[0]?.[0]).toMatchObject({ epochs: 30, learningRate: 0.004 });
    expect(trained.changeTraining.mock.calls[0]?.[0]).not.toHaveProperty('method');
    expect(trained.changeFineTune.mock.calls[0]?.[0]).toMatchObject({ epochs: 7, learningRate: 0.004 });
  });

  it('leaves recipes alone that the recipe line cannot hold', () => {
    const { recipe } = sampleRun();
    const twice = { ...recipe, stages: [...recipe.stages, ...recipe.stages] };
    const made = gestures();
    adoptRecipe(twice, made, present);
    expect([canAdopt(recipe), canAdopt(twice)]).toEqual([true, false]);
    expect(made.changeRules).not.toHaveBeenCalled();
  });
});
