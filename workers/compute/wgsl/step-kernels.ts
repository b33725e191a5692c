/** What a step does besides its layers, in tensors: loss, update, running statistics. Only while `wgslRuns()`. */
import * as tf from '@tensorflow/tfjs-core';
import { changeInPlace, ownValues } from './in-place';
import { lossParts, lossShader, type LossTerms } from './loss-shader';
import { float } from './norm-shaders';
import { runWgsl } from './wgsl-operation';
import { shareSum } from './wgsl-kernels';

/** A variable, its gradient, and state of the optimiser's own in tensors of the same size, which nobody else holds. */
export interface Updated {
  readonly weight: tf.Variable;
  readonly gradient: tf.Tensor;
  readonly state: readonly tf.Tensor[];
  /** Factor of the weight decay; 0 where it does not act. */
  readonly decay: number;
}

/**
 * Softmax cross-entropy of `logits` `[rows, classes]`, smoothed and distilled as `terms` say: `[value, gradient]`.
 * `counted` rows have a label.
 */
export function wgslCrossEntropy(
  tensors: { readonly logits: tf.Tensor; readonly labels: tf.Tensor; readonly teacher: tf.Tensor | undefined },
  counted: number,
  terms: LossTerms,
): { readonly value: tf.Tensor; readonly gradient: tf.Tensor } {
  const { logits, labels, teacher } = tensors;
  const parts = lossParts(terms);
  const [value, gradient] = tf.tidy(() =>
    runWgsl([logits, labels, tf.scalar(1 / counted), teacher], [[], logits.shape], (engine, inputs, outputs) => {
      const [sum, ...slopes] = outputs;
      const sums = engine.temporary(parts);
      const given = inputs.filter((input) => input !== undefined);
      engine.dispatch(lossShader(terms), given, [...slopes, sums]);
      engine.dispatch(shareSum(1, parts), [sums], sum === undefined ? [] : [sum]);
    }),
  );
  if (value === undefined || gradient === undefined) throw new RangeError('A loss has a value and a gradient.');
  return { value, gradient };
}

/** SGD in place (`training/optimiser.ts`); the state is the velocity, and empty without momentum. */
export function wgslSgd(updates: readonly Updated[], rate: number, momentum: number): void {
  const body = (decay: number): string => {
    const direction = `read0 + ${float(decay)} * new0`;
    if (momentum === 0) return `new0 = new0 - shared_[0] * (${direction});`;
    return `new1 = ${float(momentum)} * new1 + (${direction});\n    new0 = new0 - shared_[0] * new1;`;
  };
  updateInPlace(updates, [rate], body);
}

/**
 * Adam in place (`training/adam.ts`); the state is both moments. `rate` and `epsilon` hold the corrections of the moments,
 * weights shrink by `shrink` where decay acts.
 */
export function wgslAdam(
  updates: readonly Updated[],
  step: { readonly rate: number; readonly epsilon: number; readonly shrink: number },
  [first, second]: readonly [number, number],
): void {
  updateInPlace(updates, [step.rate, step.epsilon, step.shrink], (decay) => {
    const shrunk = decay > 0 ? 'shared_[2] * new0' : 'new0';
    return `new1 = ${float(first)} * new1 + ${float(1 - first)} * read0;
    new2 = ${float(second)} * new2 + ${float(1 - second)} * read0 * read0;
    new0 = ${shrunk} - shared_[0] * new1 / (sqrt(new2) + shared_[1]);`;
  });
}

/** What changes from step to step is uploaded, one small tensor a step, instead of being compiled in. */
function updateInPlace(updates: readonly Updated[], factors: readonly number[], body: (decay: number) => string): void {
  tf.tidy(() => {
    for (const { weight } of updates) ownValues(weight);
    const changes = updates.map(({ weight, gradient, state, decay }) => ({
      reads: [gradient],
      changes: [weight, ...state],
      body: body(decay),
    }));
    changeInPlace(changes, tf.tensor1d([...factors]));
  });
}

/** Running statistics of layers, in place: `keep * running + share * batch`. */
export function wgslFollow(
  layers: readonly {
    readonly running: { readonly mean: tf.Variable; readonly variance: tf.Variable };
    readonly batch: { readonly mean: tf.Tensor; readonly variance: tf.Tensor };
    readonly shares: { readonly mean: number; readonly variance: number };
  }[],
  keep: number,
): void {
  for (const { running } of layers) for (const variable of [running.mean, running.variance]) ownValues(variable);
  const changes = layers.map(({ running, batch, shares }) => ({
    reads: [batch.mean, batch.variance],
    changes: [running.mean, running.variance],
    body: `new0 = ${float(keep)} * new0 + ${float(shares.mean)} * read0;
    new1 = ${float(keep)} * new1 + ${float(shares.variance)} * read1;`,
  }));
  changeInPlace(changes, undefined);
}
