/** The recipe a run of the present plan carries out: what the recipe line shows, as data. */
import type { MethodDeclaration, Recipe, Stage } from '../../workers/protocol';
import { keepsAll, presentMethod, truncates } from './methods';
import { fittingRanks } from './planning';
import type { StudioState } from './state';

/** Training images the batch-norm statistics are measured on after a cut. */
const recalibrationImages = 1024;

/**
 * What the method does, the cut or the truncation, recalibrate, fine-tune, evaluate. Null until network, data, method and
 * plan are there.
 */
export function recipeOf(state: StudioState): Recipe | null {
  const { network, dataset, plan, rules, fineTune } = state;
  const method = presentMethod(state);
  if (network === null || dataset === null || plan === null || method === null) return null;
  const whole = {
    version: 1,
    seed: state.seed,
    network: network.view.source,
    data: dataset.source,
    measureOn: 'validation',
  } as const;
  if (keepsAll(method)) {
    const name = `${network.view.meta.name}, trained`.slice(0, 120);
    return { ...whole, name, stages: [...beforeTheCut(state, method), { stage: 'evaluate', split: 'test' }] };
  }
  const tuning: readonly Stage[] = fineTune.epochs > 0 ? [{ ...fineTune, stage: 'fine-tune' }] : [];
  return {
    ...whole,
    name: `${network.view.meta.name}, ${method.title} to ${Math.round(rules.budget * 100)}\u00a0%`.slice(0, 120),
    stages: [
      ...beforeTheCut(state, method),
      truncates(method) ? truncation(state, method) : cutStage(rules),
      { stage: 'recalibrate', images: Math.min(recalibrationImages, dataset.counts.train) },
      ...tuning,
      { stage: 'evaluate', split: 'test' },
    ],
  };
}

/** A method that trains decides in its own stage; a truncation reads singular values when it comes to it. */
function beforeTheCut({ scoring, training }: StudioState, { id: method, ...declared }: MethodDeclaration): Stage[] {
  const settings = { ...scoring.settings };
  if (declared.needs === 'training') return [{ ...training, stage: 'fine-tune', method, settings }];
  return declared.reduces === 'ranks' ? [] : [{ stage: 'score', method, settings }];
}

function truncation({ scoring, rules, ranks }: StudioState, { id: method }: MethodDeclaration): Stage {
  return {
    stage: 'truncate',
    method,
    settings: { ...scoring.settings },
    budget: rules.budget,
    protect: [...rules.protect],
    keep: scoring.spectra === null ? {} : { ...fittingRanks(scoring.spectra, ranks) },
  };
}

/** The schema's types are mutable, the state's are not; the message is a copy either way. */
export function cutStage(rules: StudioState['rules']): Stage {
  return {
    stage: 'prune',
    ...rules,
    protect: [...rules.protect],
    keep: { ...rules.keep },
    byHand: Object.fromEntries(
      Object.entries(rules.byHand).map(([layer, { cut, keep }]) => [layer, { cut: [...cut], keep: [...keep] }]),
    ),
  };
}
