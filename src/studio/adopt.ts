/** The settings of an earlier run, taken over as one's own: what "Duplicate" and the remedies of a failed run do. */
import type { Recipe, SettingValues, Stage, TrainStage } from '../../workers/protocol';
import { isTraining } from './run-facts';
import type { StudioActions, StudioState } from './state';

type Gestures = Pick<StudioActions, 'chooseMethod' | 'changeRules' | 'keepRanks' | 'changeTraining' | 'changeFineTune'>;

/** Whether the studio's recipe line can hold this recipe: decided by one method, cut once, fine-tuned at most once. */
export function canAdopt({ stages }: Recipe): boolean {
  const count = (name: string) => stages.filter(({ stage }) => stage === name).length;
  const acting = stages.filter(actsIn).length;
  const decided = count('truncate') === 1 ? count('score') === 0 : count('score') + acting === 1;
  const tuned = stages.filter((stage) => stage.stage === 'fine-tune' && !actsIn(stage)).length;
  return decided && count('prune') + count('truncate') === 1 && acting <= 1 && tuned <= 1;
}

/**
 * Takes over method, cut rules and training of `recipe`, with `change` on top of every training. Does nothing where
 * `canAdopt` is false.
 */
export function adoptRecipe(
  recipe: Recipe,
  gestures: Gestures,
  present: Pick<StudioState, 'scoring'>,
  change: Partial<TrainStage> = {},
): void {
  if (!canAdopt(recipe)) return;
  let chosen = false;
  const choose = (method: string, settings: SettingValues): void => {
    const same =
      method === present.scoring.method && JSON.stringify(settings) === JSON.stringify(present.scoring.settings);
    if (!chosen && !same) gestures.chooseMethod(method, settings);
    chosen = true;
  };
  if (recipe.stages.every((stage) => stage.stage !== 'fine-tune' || actsIn(stage)))
    gestures.changeFineTune({ epochs: 0 });
  for (const stage of recipe.stages) {
    if (stage.stage === 'score') {
      choose(stage.method, stage.settings);
    } else if (stage.stage === 'prune') {
      const { stage: _, ...rules } = stage;
      gestures.changeRules(rules);
    } else if (stage.stage === 'truncate') {
      choose(stage.method, stage.settings);
      gestures.changeRules({ budget: stage.budget, protect: stage.protect });
      gestures.keepRanks(stage.keep);
    } else if (stage.stage === 'fine-tune' && actsIn(stage)) {
      const { method, settings, ...training } = stage;
      choose(method, settings ?? {});
      gestures.changeTraining({ ...training, ...change });
    } else if (stage.stage === 'fine-tune') {
      gestures.changeFineTune({ ...stage, ...change });
    }
  }
}

/** A method acts in this stage, and decides what follows. */
function actsIn(stage: Stage): stage is TrainStage & { readonly method: string } {
  return isTraining(stage) && stage.method !== undefined;
}
