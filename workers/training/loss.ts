/**
 * Losses in closed form: value and gradient are written out here, so they need no registered gradients and cost a handful
 * of kernels on any device. One row of logits for each label: an image's, or in segmentation a pixel's.
 */
import {
  add,
  customGrad,
  div,
  log,
  logSoftmax,
  maximum,
  mul,
  neg,
  reshape,
  scalar,
  softmax,
  sub,
  sum,
  zerosLike,
  type Scalar,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { wgslCrossEntropy } from '../compute/wgsl/step-kernels';
import { wgslRuns } from '../compute/wgsl/wgsl-operation';

interface Distillation {
  /** Logits of the teacher on the same images, `[rows, classes]`. */
  readonly logits: Tensor2D;
  /** Share of the loss, 0 to 1; the labels keep the rest. */
  readonly weight: number;
  /** Both softmaxes are softened by it; the term is scaled by its square, so its gradients keep their size. */
  readonly temperature: number;
}

export interface LossOptions {
  /** One-hot `[rows, classes]`; a row of zeros has no label and adds nothing to loss or gradient. */
  readonly labels: Tensor2D;
  /** Rows that have a label; all when absent. */
  readonly labelled?: number | undefined;
  /** Share of the target spread evenly over all classes (Szegedy et al. 2016, section 7); 0 = off. */
  readonly labelSmoothing?: number | undefined;
  /** Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", section 2. */
  readonly distillation?: Distillation | undefined;
}

/**
 * The loss to minimise, a function of a network's outputs, of which the first is logits `[rows, classes]`, for one batch:
 * `(1 - w) mean CE(labels, softmax(z)) + w T^2 mean KL(softmax(teacher / T) || softmax(z / T))`, means over labelled rows.
 * Differentiable in the logits alone.
 */
export function classificationLoss(options: PassLossOptions): (outputs: readonly Tensor[]) => Scalar {
  const lossOf = passLoss(options);
  return (outputs) => lossOf(outputs.slice(0, 1));
}

/** The loss at `logits`, `[rows, classes]`, and its gradient. */
function lossAt(logits: Tensor2D, options: LossOptions): { readonly value: Tensor; readonly gradient: Tensor } {
  const { labels, labelSmoothing = 0, distillation } = options;
  const [rows, classes] = labels.shape;
  const count = Math.max(1, options.labelled ?? rows);
  const labelWeight = 1 - (distillation?.weight ?? 0);
  if (wgslRuns()) {
    const distilled = distillation !== undefined && distillation.weight > 0 ? distillation : undefined;
    const tensors = { logits, labels, teacher: distilled?.logits };
    const someUnlabelled = count !== rows;
    const terms = { rows, classes, labelWeight, smoothing: labelSmoothing, someUnlabelled, distillation: distilled };
    return wgslCrossEntropy(tensors, count, terms);
  }
  /** 1 for rows with a label, 0 for others; absent where all have one. */
  const counted = count === rows ? undefined : sum(labels, 1, true);
  const onlyLabelled = (values: Tensor): Tensor => (counted === undefined ? values : mul(values, counted));
  const targets = labelSmoothing > 0 ? onlyLabelled(smooth(labels, labelSmoothing, classes)) : labels;
  let value: Tensor = mul(neg(sum(mul(targets, logSoftmax(logits)))), labelWeight / count);
  let gradient: Tensor = mul(sub(onlyLabelled(softmax(logits)), targets), labelWeight / count);
  if (distillation !== undefined && distillation.weight > 0) {
    const { temperature, weight } = distillation;
    const student = div(logits, temperature);
    const teacher = div(distillation.logits, temperature);
    const teacherProbabilities = onlyLabelled(softmax(teacher));
    const divergence = sum(mul(teacherProbabilities, sub(logSoftmax(teacher), logSoftmax(student))));
    value = add(value, mul(divergence, (weight * temperature ** 2) / count));
    // d KL / d logits = (p - q) / T; with the factor T^2 one T remains.
    const difference = sub(onlyLabelled(softmax(student)), teacherProbabilities);
    gradient = add(gradient, mul(difference, (weight * temperature) / count));
  }
  return { value, gradient };
}

/** Probabilities whose logarithm is finite. */
function positive(probabilities: Tensor2D): Tensor2D {
  return maximum<Tensor2D>(probabilities, 1e-30);
}

function smooth(labels: Tensor2D, smoothing: number, classes: number): Tensor2D {
  return add(mul(labels, 1 - smoothing), smoothing / classes);
}

/** How much the answer after each pass of an unrolled network counts: all alike, the last alone, or pass t like t. */
export type PassWeighting = 'uniform' | 'last' | 'ramp';

/** Weights of passes 1 to `passes`; they sum to 1. */
export function passWeights(weighting: PassWeighting, passes: number): readonly number[] {
  const weightOf = (pass: number): number => {
    if (weighting === 'uniform') return 1;
    return weighting === 'ramp' ? pass : Number(pass === passes);
  };
  const weights = Array.from({ length: passes }, (_, index) => weightOf(index + 1));
  const total = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / total);
}

export interface PassLossOptions extends LossOptions {
  /** `uniform` when absent. */
  readonly weighting?: PassWeighting | undefined;
  /** The outputs are probabilities, made by a softmax, instead of logits. */
  readonly probabilities?: boolean | undefined;
}

/**
 * The weighted sum of the losses of all passes (deep supervision over time): a function of a network's outputs, each
 * `[batch, classes]` or `[batch, height, width, classes]`. Outputs of another shape than the first are no passes.
 */
export function passLoss({
  weighting = 'uniform',
  probabilities = false,
  ...options
}: PassLossOptions): (outputs: readonly Tensor[]) => Scalar {
  const lossOf = customGrad((...inputs: unknown[]) => {
    const passes = inputs.slice(0, -1) as Tensor[];
    const save = inputs.at(-1) as (tensors: Tensor[]) => void;
    const weights = passWeights(weighting, passes.length);
    let total: Tensor | undefined;
    const gradients = passes.map((logits, index) => {
      const weight = weights[index] ?? 0;
      if (weight === 0) return zerosLike(logits);
      const output: Tensor2D = reshape(logits, options.labels.shape);
      const { value, gradient: byLogit } = lossAt(probabilities ? log(positive(output)) : output, options);
      // d log p / dp = 1 / p; the softmax behind it turns this into the gradient of its logits again.
      const gradient = probabilities ? div(byLogit, positive(output)) : byLogit;
      const weighted = weight === 1 ? value : mul(value, weight);
      total = total === undefined ? weighted : add(total, weighted);
      return reshape(weight === 1 ? gradient : mul(gradient, weight), logits.shape);
    });
    save(gradients);
    return {
      value: total ?? scalar(0),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((tensor) => mul(tensor, dy)),
    };
  });
  return (outputs) => {
    const [first] = outputs;
    if (first === undefined) throw new RangeError('A loss needs an output.');
    return lossOf(...outputs.filter(({ shape }) => shape.join() === first.shape.join())) as Scalar;
  };
}
