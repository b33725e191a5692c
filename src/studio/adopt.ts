/** The settings of an earlier run, taken over as one's own: what "Duplicate" and the remedies of a failed run do. */
import type { Recipe, TrainStage } from '../../workers/protocol';
import type { StudioActions, StudioState } from './state';

type Gestures = Pick<StudioActions, 'chooseMethod' | 'changeRules' | 'changeFineTune'>;

/** Whether the studio's recipe line can hold this recipe: scored, cut once, fine-tuned at most once. */
export function canAdopt(recipe: Recipe): boolean {
  const count = (name: string) => recipe.stages.filter(({ stage }) => stage === name).length;
  return count('score') === 1 && count('prune') === 1 && count('truncate') === 0 && count('fine-tune') <= 1;
}

/**
 * Takes over method, cut rules and fine-tune of `recipe`, with `change` on top of the fine-tune. Does nothing where
 * `canAdopt` is false.
 */
export function adoptRecipe(
  recipe: Recipe,
  gestures: Gestures,
  present: Pick<StudioState, 'scoring'>,
  change: Partial<TrainStage> = {},
): void {
  if (!canAdopt(recipe)) return;
  for (const stage of recipe.stages) {
    if (stage.stage === 'score') {
      const same =
        stage.method === present.scoring.method &&
        JSON.stringify(stage.settings) === JSON.stringify(present.scoring.settings);
      if (!same) gestures.chooseMethod(stage.method, stage.settings);
    } else if (stage.stage === 'prune') {
      const { stage: _, ...rules } = stage;
      gestures.changeRules(rules);
    } else if (stage.stage === 'fine-tune') {
      gestures.changeFineTune({ ...stage, ...change });
    }
  }
}
