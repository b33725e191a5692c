/** What a step does besides its layers, in tensors: loss, update, running statistics. Only while `wgslRuns()`. */
import * as tf from '@tensorflow/tfjs-core';
import type { ClusteredGradient } from '../ops/centripetal';
import { clusterTable, linesAlong, type Clusters, type Lines } from '../ops/clusters';
import { changeInPlace, ownValues } from './in-place';
import { invocations } from './invocations';
import { lossParts, lossShader, type LossTerms } from './loss-shader';
import { float } from './norm-shaders';
import { runWgsl, type Shader } from './wgsl-operation';
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

/** A dispatch each; see `ops/centripetal.ts`. */
export function wgslCentripetal(given: readonly ClusteredGradient[]): tf.Tensor[] {
  // Strengths change from step to step, and tables are too long to be compiled in: one upload for each that differs.
  const strengths = new Map<number, tf.Tensor>();
  const tables = new Map<Clusters, tf.Tensor>();
  for (const { strength, clusters } of given) {
    if (!strengths.has(strength)) strengths.set(strength, tf.scalar(strength));
    if (!tables.has(clusters)) tables.set(clusters, tf.tensor1d(clusterTable(clusters, 1)));
  }
  const inputs = given.flatMap(({ gradient, weights, strength, clusters }) => [
    gradient,
    weights,
    strengths.get(strength),
    tables.get(clusters),
  ]);
  const shapes = given.map(({ gradient }) => gradient.shape);
  const pulled = runWgsl(inputs, shapes, (engine, read, written) => {
    for (const [at, { gradient, axis, clusters }] of given.entries()) {
      const own = read.slice(4 * at, 4 * at + 4).filter((input) => input !== undefined);
      engine.dispatch(centripetalShader(linesAlong(gradient.shape, axis), clusters), own, written.slice(at, at + 1));
    }
  });
  tf.dispose([...strengths.values(), ...tables.values()]);
  return pulled;
}

/** An invocation has one cluster of one line: it sums the mean that all members get. */
function centripetalShader({ lines, places, inner }: Lines, { begins }: Clusters): Shader {
  const clusters = begins.length - 1;
  const body = `  let line = at / ${clusters};
  let start = (line / ${inner}) * ${places * inner} + line % ${inner};
  let first = i32(table[at % ${clusters}]);
  let stop = i32(table[at % ${clusters} + 1]);
  if (stop - first == 1) {
    let own = start + i32(table[${clusters + 1} + first]) * ${inner};
    output[own] = gradient[own];
    return;
  }
  var sum = 0.0;
  for (var member = first; member < stop; member++) {
    let own = start + i32(table[${clusters + 1} + member]) * ${inner};
    sum += gradient[own] - strength[0] * weights[own];
  }
  let mean = sum / f32(stop - first);
  for (var member = first; member < stop; member++) {
    let own = start + i32(table[${clusters + 1} + member]) * ${inner};
    output[own] = fma(strength[0], weights[own], mean);
  }`;
  return invocations(lines * clusters, ['gradient', 'weights', 'strength', 'table'], ['output'], body);
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
