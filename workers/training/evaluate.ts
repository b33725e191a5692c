/** Accuracy, loss and confusion of a network on a split, in inference mode. */
import { answeredBatches, type AnswerOptions } from './logits';
import { argMax } from './step-window';

export interface Evaluation {
  /** Share of 1. */
  readonly accuracy: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  readonly images: number;
  readonly perClass: readonly { readonly correct: number; readonly count: number }[];
  /** `[label][answer]`, row-major, `classes * classes` counts. */
  readonly confusion: Uint32Array;
  readonly seconds: number;
}

/**
 * Classifies each image once. Whoever reads the test split counts it. Throws `DatasetError` when the images do not fit
 * the network.
 */
export async function evaluate(options: AnswerOptions): Promise<Evaluation> {
  const { classes } = options;
  const confusion = new Uint32Array(classes * classes);
  const began = performance.now();
  let loss = 0;
  let done = 0;
  for await (const { batch, logits } of answeredBatches(options)) {
    batch.labels.forEach((label, row) => {
      const answer = argMax(logits, row * classes, classes);
      const cell = label * classes + answer;
      confusion[cell] = (confusion[cell] ?? 0) + 1;
      loss += crossEntropy(logits, row * classes, classes, label);
    });
    done += batch.count;
  }
  return { ...summarise(confusion, classes), loss: loss / done, images: done, confusion, seconds: since(began) };
}

/** Accuracy and counts per class from a confusion matrix. */
function summarise(confusion: Uint32Array, classes: number): Pick<Evaluation, 'accuracy' | 'perClass'> {
  const perClass = Array.from({ length: classes }, (_, label) => {
    const row = confusion.subarray(label * classes, (label + 1) * classes);
    return { correct: row[label] ?? 0, count: row.reduce((sum, value) => sum + value, 0) };
  });
  const correct = perClass.reduce((sum, one) => sum + one.correct, 0);
  const count = perClass.reduce((sum, one) => sum + one.count, 0);
  return { accuracy: correct / count, perClass };
}

/** `-log softmax(logits)[label]`, in float64, shifted by the largest logit so that nothing overflows. */
function crossEntropy(logits: Float32Array, offset: number, classes: number, label: number): number {
  const row = logits.subarray(offset, offset + classes);
  const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
  const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return Math.log(total) + largest - (row[label] ?? NaN);
}

function since(began: number): number {
  return (performance.now() - began) / 1000;
}
