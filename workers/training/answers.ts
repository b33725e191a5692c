/** What a network answers to every single image: for comparisons of networks image by image. */
import { unlabelled } from './batching';
import { answeredBatches, type AnswerOptions } from './logits';
import { argMax } from './step-window';

export interface Answers {
  /** `[images]`, class indices, in the order of the split. */
  readonly predictions: Uint16Array;
  /**
   * `[images]`: probability of the true class less that of the likeliest other one, from -1 to 1; positive = right.
   * A difference of probabilities, so that networks whose logits are of different size can be compared.
   */
  readonly margins: Float32Array;
  /** `[images]`, true classes. */
  readonly labels: Uint16Array;
}

/** Answers to images whose pixels have classes, image by image. */
export interface PixelAnswers {
  /** `[images, classes, 3]`: pixels of the class told right, pixels of the class, pixels told to be of it. */
  readonly counts: Uint32Array;
  readonly images: number;
}

/** Answers of the last pass to each pixel, counted by image. Whoever reads the test split counts it. Throws as `answeredBatches`. */
export async function answerPixels(options: AnswerOptions): Promise<PixelAnswers> {
  const { classes, split, shape } = options;
  const pixels = shape[0] * shape[1];
  const images = Math.min(options.images ?? split.count, split.count);
  const counts = new Uint32Array(images * classes * 3);
  const count = (image: number, label: number, what: 0 | 1 | 2): void => {
    const at = (image * classes + label) * 3 + what;
    counts[at] = (counts[at] ?? 0) + 1;
  };
  for await (const { batch, first, passes } of answeredBatches(options)) {
    const logits = passes.at(-1) ?? new Float32Array();
    batch.labels.forEach((label, row) => {
      if (label === unlabelled) return;
      const image = first + Math.floor(row / pixels);
      const answer = argMax(logits, row * classes, classes);
      count(image, label, 1);
      count(image, answer, 2);
      if (answer === label) count(image, label, 0);
    });
  }
  return { counts, images };
}

/** Answers image by image. Whoever reads the test split counts it. Throws as `answeredBatches`. */
export async function answerImages(options: AnswerOptions): Promise<Answers> {
  const { classes, split } = options;
  const total = Math.min(options.images ?? split.count, split.count);
  const predictions = new Uint16Array(total);
  const margins = new Float32Array(total);
  const labels = new Uint16Array(total);
  let done = 0;
  for await (const { batch, passes } of answeredBatches(options)) {
    const logits = passes.at(-1) ?? new Float32Array();
    labels.set(batch.labels, done);
    batch.labels.forEach((label, row) => {
      predictions[done + row] = argMax(logits, row * classes, classes);
      margins[done + row] = marginOf(logits.subarray(row * classes, (row + 1) * classes), label);
    });
    done += batch.count;
  }
  return { predictions, margins, labels };
}

/** `softmax(logits)[label]` less the largest of the others, in float64. */
function marginOf(logits: Float32Array, label: number): number {
  let largest = -Infinity;
  let rival = -Infinity;
  logits.forEach((value, answer) => {
    largest = Math.max(largest, value);
    if (answer !== label) rival = Math.max(rival, value);
  });
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return (Math.exp((logits[label] ?? NaN) - largest) - Math.exp(rival - largest)) / total;
}
