/** Accuracy, loss and confusion of a network on a split, in inference mode, after each of its passes. */
import { DatasetError, type DistanceBand } from '../datasets/dataset';
import { unlabelled } from './batching';
import { answeredBatches, type AnswerOptions } from './logits';
import { argMax } from './step-window';

export interface EvaluateOptions extends AnswerOptions {
  /** Ranges of distance to the cue that accuracy is told for, where the split knows distances. */
  readonly bands?: readonly DistanceBand[] | undefined;
}

/** What a network's figure is: the share of images told right, or the mean over classes of intersection over union. */
export type Metric = 'accuracy' | 'mIoU';

export interface ClassCounts {
  /** Images, or pixels, of the class that were told right. */
  readonly correct: number;
  /** Those of the class. */
  readonly count: number;
  /** Those told to be of the class. */
  readonly answered: number;
}

interface BandCounts {
  readonly name: string;
  readonly correct: number;
  readonly count: number;
}

/** The answers after one pass. */
export interface PassEvaluation {
  /** Share of images, or of labelled pixels, that were told right. */
  readonly accuracy: number;
  /** Segmentation: mean of `iouOf` over the classes that occur in labels or answers. */
  readonly mIoU: number | null;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  readonly perClass: readonly ClassCounts[];
  /** `[label][answer]`, row-major, `classes * classes` counts. */
  readonly confusion: Uint32Array;
  /** Pixels by their distance to the cue; empty where the split knows none. */
  readonly bands: readonly BandCounts[];
  /** The same, finer: at `d` those at a distance of `d` to `d + 1` pixels. */
  readonly byDistance: { readonly correct: readonly number[]; readonly count: readonly number[] };
}

/** Its own fields are those of the last pass, whose answer counts. */
export interface Evaluation extends Omit<PassEvaluation, 'bands' | 'byDistance'> {
  readonly metric: Metric;
  /** What `metric` names: accuracy, or mean intersection over union. */
  readonly score: number;
  readonly images: number;
  readonly passes: readonly PassEvaluation[];
  readonly seconds: number;
}

/**
 * Classifies each image, or each of its pixels, once. One confusion matrix over the whole split for each pass. Whoever
 * reads the test split counts it. Throws `DatasetError` when the images do not fit the network.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { split, shape } = options;
  const pixels = shape[0] * shape[1];
  const began = performance.now();
  const tallies: Tally[] = [];
  let images = 0;
  for await (const { batch, first, passes } of answeredBatches(options)) {
    const distances = split.cueDistances?.subarray(first * pixels, (first + batch.count) * pixels);
    passes.forEach((logits, pass) => {
      const tally = (tallies[pass] ??= new Tally(options.classes, options.bands ?? []));
      tally.add(logits, batch.labels, distances);
    });
    images += batch.count;
  }
  const segments = split.masks !== undefined;
  const passes = tallies.map((tally) => tally.result(segments));
  const last = passes.at(-1);
  if (last === undefined) throw new DatasetError('empty', 'There is no image to measure on.');
  const { bands: _bands, byDistance: _byDistance, ...figures } = last;
  return {
    ...figures,
    metric: segments ? 'mIoU' : 'accuracy',
    score: last.mIoU ?? last.accuracy,
    images,
    passes,
    seconds: (performance.now() - began) / 1000,
  };
}

/** Counts of one pass, batch after batch. */
class Tally {
  private readonly confusion: Uint32Array;
  private readonly right: number[];
  private readonly inBand: number[];
  private readonly near: { readonly correct: number[]; readonly count: number[] } = { correct: [], count: [] };
  private loss = 0;

  constructor(
    private readonly classes: number,
    private readonly bands: readonly DistanceBand[],
  ) {
    this.confusion = new Uint32Array(classes * classes);
    this.right = bands.map(() => 0);
    this.inBand = bands.map(() => 0);
  }

  add(logits: Float32Array, labels: Uint16Array, distances: Float32Array | undefined): void {
    const { classes, confusion } = this;
    labels.forEach((label, row) => {
      if (label === unlabelled) return;
      const answer = argMax(logits, row * classes, classes);
      const cell = label * classes + answer;
      confusion[cell] = (confusion[cell] ?? 0) + 1;
      this.loss += crossEntropy(logits, row * classes, classes, label);
      const distance = distances?.[row] ?? -1;
      if (distance >= 0) this.addDistance(distance, label === answer);
    });
  }

  private addDistance(distance: number, right: boolean): void {
    const band = this.bands.findIndex(({ to }) => distance <= to);
    const whole = Math.floor(distance);
    for (let at = this.near.count.length; at <= whole; at++) {
      this.near.count.push(0);
      this.near.correct.push(0);
    }
    increment(this.inBand, band);
    increment(this.near.count, whole);
    if (!right) return;
    increment(this.right, band);
    increment(this.near.correct, whole);
  }

  result(segments: boolean): PassEvaluation {
    const { confusion, classes } = this;
    const perClass = countClasses(confusion, classes);
    const count = perClass.reduce((sum, one) => sum + one.count, 0);
    if (count === 0)
      throw new DatasetError('labels', 'No pixel of these images has a label: there is nothing to measure.');
    const correct = perClass.reduce((sum, one) => sum + one.correct, 0);
    return {
      accuracy: correct / count,
      mIoU: segments ? meanIou(perClass) : null,
      loss: this.loss / count,
      perClass,
      confusion,
      bands: this.bands.map(({ name }, at) => ({ name, correct: this.right[at] ?? 0, count: this.inBand[at] ?? 0 })),
      byDistance: this.near,
    };
  }
}

function increment(counts: number[], at: number): void {
  if (at in counts) counts[at] = (counts[at] ?? 0) + 1;
}

function countClasses(confusion: Uint32Array, classes: number): readonly ClassCounts[] {
  const cell = (label: number, answer: number): number => confusion[label * classes + answer] ?? 0;
  const all = Array.from({ length: classes }, (_, other) => other);
  return all.map((label) => ({
    correct: cell(label, label),
    count: all.reduce((sum, answer) => sum + cell(label, answer), 0),
    answered: all.reduce((sum, other) => sum + cell(other, label), 0),
  }));
}

/** Intersection over union of a class, `TP / (TP + FP + FN)`; null where it occurs neither in labels nor in answers. */
export function iouOf({ correct, count, answered }: ClassCounts): number | null {
  const union = count + answered - correct;
  return union === 0 ? null : correct / union;
}

/** Mean over the classes with a non-empty union (Everingham et al., the measure of PASCAL VOC segmentation). */
export function meanIou(perClass: readonly ClassCounts[]): number {
  const shares = perClass.map(iouOf).filter((share) => share !== null);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** `-log softmax(logits)[label]`, in float64, shifted by the largest logit so that nothing overflows. */
function crossEntropy(logits: Float32Array, offset: number, classes: number, label: number): number {
  let largest = -Infinity;
  for (let at = 0; at < classes; at++) largest = Math.max(largest, logits[offset + at] ?? NaN);
  let total = 0;
  for (let at = 0; at < classes; at++) total += Math.exp((logits[offset + at] ?? NaN) - largest);
  return Math.log(total) + largest - (logits[offset + label] ?? NaN);
}
