/**
 * Classification losses, closed form: value and gradient are written out here, so they need no registered gradients and
 * cost a handful of kernels on any device.
 */
import {
  add,
  customGrad,
  div,
  logSoftmax,
  mul,
  neg,
  softmax,
  sub,
  sum,
  type Scalar,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';

interface Distillation {
  /** Logits of the teacher on the same images, `[batch, classes]`. */
  readonly logits: Tensor2D;
  /** Share of the loss, 0 to 1; the labels keep the rest. */
  readonly weight: number;
  /** Both softmaxes are softened by it; the term is scaled by its square, so its gradients keep their size. */
  readonly temperature: number;
}

export interface LossOptions {
  /** One-hot `[batch, classes]`. */
  readonly labels: Tensor2D;
  /** Share of the target spread evenly over all classes (Szegedy et al. 2016, section 7); 0 = off. */
  readonly labelSmoothing?: number | undefined;
  /** Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", section 2. */
  readonly distillation?: Distillation | undefined;
}

/**
 * The loss to minimise, a function of logits `[batch, classes]`, for one batch:
 * `(1 - w) mean CE(labels, softmax(z)) + w T^2 mean KL(softmax(teacher / T) || softmax(z / T))`.
 * Differentiable in the logits alone.
 */
export function classificationLoss(options: LossOptions): (logits: Tensor2D) => Scalar {
  const { labels, labelSmoothing = 0, distillation } = options;
  const [batch, classes] = labels.shape;
  const labelWeight = 1 - (distillation?.weight ?? 0);

  const lossOf = customGrad((...inputs: unknown[]) => {
    const logits = inputs[0] as Tensor2D;
    const save = inputs[1] as (tensors: Tensor[]) => void;
    const targets = labelSmoothing > 0 ? smooth(labels, labelSmoothing, classes) : labels;
    const logProbabilities = logSoftmax(logits);
    let value: Tensor = mul(neg(sum(mul(targets, logProbabilities))), labelWeight / batch);
    let gradient: Tensor = mul(sub(softmax(logits), targets), labelWeight / batch);
    if (distillation !== undefined && distillation.weight > 0) {
      const { temperature, weight } = distillation;
      const student = div(logits, temperature);
      const teacher = div(distillation.logits, temperature);
      const teacherProbabilities = softmax(teacher);
      const divergence = sum(mul(teacherProbabilities, sub(logSoftmax(teacher), logSoftmax(student))));
      value = add(value, mul(divergence, (weight * temperature ** 2) / batch));
      // d KL / d logits = (p - q) / T; with the factor T^2 one T remains.
      const difference = sub(softmax(student), teacherProbabilities);
      gradient = add(gradient, mul(difference, (weight * temperature) / batch));
    }
    save([gradient]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((tensor) => mul(tensor, dy)),
    };
  });
  return (logits) => lossOf(logits) as Scalar;
}

function smooth(labels: Tensor2D, smoothing: number, classes: number): Tensor2D {
  return add(mul(labels, 1 - smoothing), smoothing / classes);
}
