/** What a schema cannot say of a recipe: methods exist, their settings fit, and every stage finds what it needs. */
import { methodById } from '../methods';
import { MethodError } from '../methods/method';
import { checkSettings, SettingsError } from '../methods/settings';
import { NetworkError, type Graph } from '../network/graph';
import { withPassesGraph } from '../network/unrolled';
import { RecipeError, type Recipe, type Settings, type TrainStage } from './recipe';

/** Throws `RecipeError` naming the stage and the cure. */
export function checkRecipe({ stages }: Recipe): void {
  let scored = false;
  let reduced = false;
  /** The last training stage, as long as what its method decides still holds. */
  let acting: TrainStage | undefined;
  stages.forEach((stage, index) => {
    const path = `stages.${index}`;
    switch (stage.stage) {
      case 'score':
        checkMethod(stage.method, stage.settings, path);
        scored = true;
        acting = undefined;
        break;
      case 'prune':
        if (!scored && !decidesCut(acting)) {
          const text = 'A "prune" stage needs importances: put a "score" stage before it.';
          throw new RecipeError(text, path);
        }
        // The scores belong to filters that are gone now.
        scored = false;
        reduced = true;
        acting = undefined;
        break;
      case 'truncate':
        checkMethod(stage.method, stage.settings, path, 'ranks');
        if (stage.filters === true && methodById(stage.method).needs !== 'weights') {
          const text =
            'Ranks that were trained leave no choice between filters and ranks: use "svd", or leave "filters" out.';
          throw new RecipeError(text, `${path}.filters`);
        }
        if (acting?.method === stage.method) checkSame(stage, acting.settings ?? {}, path);
        reduced = true;
        scored = false;
        acting = undefined;
        break;
      case 'pretrain':
      case 'fine-tune':
        if (stage.stage === 'pretrain' && stage.distillation > 0) {
          const text = 'The first training has no unpruned network to learn from: distillation must be 0 here.';
          throw new RecipeError(text, `${path}.distillation`);
        }
        if (stage.method !== undefined) {
          checkMethod(stage.method, stage.settings ?? {}, path, undefined, 'training');
          checkOptimiser(stage.method, stage.optimiser ?? 'sgd', path);
        } else if (Object.keys(stage.settings ?? {}).length > 0) {
          throw new RecipeError('Settings need a method that acts during training; name one or leave them out.', path);
        }
        acting = stage.method === undefined ? undefined : stage;
        break;
      case 'reconstruct':
        if (!reduced) {
          const text = 'A "reconstruct" stage mends what a cut lost: put "prune" or "truncate" before it.';
          throw new RecipeError(text, path);
        }
        scored = false;
        acting = undefined;
        break;
      case 'recalibrate':
      case 'evaluate':
        break;
    }
  });
}

/**
 * Throws `RecipeError` where a stage asks `graph`, the network the recipe begins with, to look more often than it can: no
 * stage changes whether a network can look again.
 */
export function checkLooks({ stages }: Recipe, graph: Graph): void {
  stages.forEach((stage, index) => {
    if (stage.stage !== 'evaluate' || stage.passes === undefined) return;
    try {
      withPassesGraph(graph, stage.passes);
    } catch (error) {
      if (error instanceof NetworkError) throw new RecipeError(error.message, `stages.${index}.passes`);
      throw error;
    }
  });
}

function decidesCut(acting: TrainStage | undefined): boolean {
  return acting?.method !== undefined && methodById(acting.method).reduces === 'filters';
}

/** A truncation by the method that trained goes by the settings of that training. */
function checkSame(
  stage: { readonly method: string; readonly settings: Settings },
  given: Settings,
  path: string,
): void {
  const trained = checkSettings(methodById(stage.method).settings, given);
  for (const [name, value] of Object.entries(stage.settings)) {
    if (trained[name] === value) continue;
    const text = `The training before decides the ranks, with its own "${name}": leave it out here, or set both alike.`;
    throw new RecipeError(text, `${path}.settings.${name}`);
  }
}

function checkOptimiser(id: string, optimiser: 'sgd' | 'adam', path: string): void {
  const { title, optimiser: only = optimiser } = methodById(id);
  if (only === optimiser) return;
  const text = `${title} trains with "${only}" alone: with "${optimiser}" it does not do what it promises.`;
  throw new RecipeError(text, `${path}.optimiser`);
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
