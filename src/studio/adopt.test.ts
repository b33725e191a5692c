import { describe, expect, it, vi } from 'vitest';
import { adoptRecipe, canAdopt } from './adopt';
import { initialRules, noScores } from './initial';
import { sampleRun } from './run-sample';

const gestures = () => ({ chooseMethod: vi.fn(), changeRules: vi.fn(), changeFineTune: vi.fn() });
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

  it('leaves recipes alone that the recipe line cannot hold', () => {
    const { recipe } = sampleRun();
    const twice = { ...recipe, stages: [...recipe.stages, ...recipe.stages] };
    const made = gestures();
    adoptRecipe(twice, made, present);
    expect([canAdopt(recipe), canAdopt(twice)]).toEqual([true, false]);
    expect(made.changeRules).not.toHaveBeenCalled();
  });
});
