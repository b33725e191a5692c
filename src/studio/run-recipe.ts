/** The recipe a run of the present cut carries out: what the recipe line shows, as data. */
import type { Recipe, Stage } from '../../workers/protocol';
import { studioSeed } from './scoring';
import type { StudioState } from './state';

/** Training images the batch-norm statistics are measured on after a cut. */
const recalibrationImages = 1024;

/** Score, cut, recalibrate, fine-tune, evaluate. Null until network, data and plan are there. */
export function recipeOf(state: StudioState): Recipe | null {
  const { network, dataset, plan, scoring, rules, fineTune, engine } = state;
  if (network === null || dataset === null || plan === null) return null;
  const method = engine.methods.find(({ id }) => id === scoring.method)?.title ?? scoring.method;
  const training: readonly Stage[] = fineTune.epochs > 0 ? [{ ...fineTune, stage: 'fine-tune' }] : [];
  return {
    version: 1,
    name: `${network.view.meta.name}, ${method} to ${Math.round(rules.budget * 100)}\u00a0%`.slice(0, 120),
    seed: studioSeed,
    network: network.view.source,
    data: dataset.source,
    measureOn: 'validation',
    stages: [
      { stage: 'score', method: scoring.method, settings: { ...scoring.settings } },
      { stage: 'prune', ...mutable(rules) },
      { stage: 'recalibrate', images: Math.min(recalibrationImages, dataset.counts.train) },
      ...training,
      { stage: 'evaluate', split: 'test' },
    ],
  };
}

/** The schema's types are mutable, the state's are not; the message is a copy either way. */
function mutable(rules: StudioState['rules']): Omit<Extract<Stage, { stage: 'prune' }>, 'stage'> {
  return {
    ...rules,
    protect: [...rules.protect],
    keep: { ...rules.keep },
    byHand: Object.fromEntries(
      Object.entries(rules.byHand).map(([layer, { cut, keep }]) => [layer, { cut: [...cut], keep: [...keep] }]),
    ),
  };
}
