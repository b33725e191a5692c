/** What a schema cannot say of a recipe: methods exist, their settings fit, and every stage finds what it needs. */
import { methodById } from '../methods';
import { MethodError } from '../methods/method';
import { checkSettings, SettingsError } from '../methods/settings';
import { RecipeError, type Recipe, type Settings } from './recipe';

/** Throws `RecipeError` naming the stage and the cure. */
export function checkRecipe({ stages }: Recipe): void {
  let scored = false;
  let acting: string | undefined;
  stages.forEach((stage, index) => {
    const path = `stages.${index}`;
    switch (stage.stage) {
      case 'score':
        checkMethod(stage.method, stage.settings, path);
        scored = true;
        acting = undefined;
        break;
      case 'prune':
        if (!scored && acting === undefined) {
          const text = 'A "prune" stage needs importances: put a "score" stage before it.';
          throw new RecipeError(text, path);
        }
        // The scores belong to filters that are gone now.
        scored = false;
        acting = undefined;
        break;
      case 'truncate':
        checkMethod(stage.method, stage.settings, path, 'ranks');
        scored = false;
        break;
      case 'pretrain':
      case 'fine-tune':
        if (stage.stage === 'pretrain' && stage.distillation > 0) {
          const text = 'The first training has no unpruned network to learn from: distillation must be 0 here.';
          throw new RecipeError(text, `${path}.distillation`);
        }
        if (stage.method !== undefined) {
          checkMethod(stage.method, stage.settings ?? {}, path, undefined, 'training');
          acting = stage.method;
        } else if (Object.keys(stage.settings ?? {}).length > 0) {
          throw new RecipeError('Settings need a method that acts during training; name one or leave them out.', path);
        }
        break;
      case 'recalibrate':
      case 'evaluate':
        break;
    }
  });
}

function checkMethod(id: string, settings: Settings, path: string, reduces?: 'ranks', needs?: 'training'): void {
  try {
    const method = methodById(id);
    if (reduces !== undefined && method.reduces !== reduces) {
      throw new MethodError(`${method.title} cuts filters; it does not choose ranks.`, id);
    }
    if (needs !== undefined && method.needs !== needs) {
      throw new MethodError(`${method.title} does not act during training; use it in a "score" stage.`, id);
    }
    checkSettings(method.settings, settings);
  } catch (error) {
    if (error instanceof MethodError) throw new RecipeError(error.message, `${path}.method`);
    if (error instanceof SettingsError) throw new RecipeError(error.message, `${path}.settings.${error.setting}`);
    throw error;
  }
}
