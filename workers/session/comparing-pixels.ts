/** Networks compared where every pixel has a class: by the mean intersection over union, image by image. */
import { bootstrapFigures, percentileInterval } from '../linalg/bootstrap';
import { pairedDifference } from '../linalg/paired';
import { createRandom } from '../linalg/random';
import type { ComparedPixels, NetworkPair } from '../protocol';
import type { PixelAnswers } from '../training/answers';
import { meanIou, type ClassCounts } from '../training/evaluate';

/** Samples of the bootstrap: enough that the ends of an interval move by a tenth of its width from seed to seed. */
const ROUNDS = 1000;
const SEED = 1;

/**
 * What the answers of several networks to the same images come to. The interval of a difference in mIoU is the paired
 * bootstrap's over images, because pixels of one image are not independent; the test is the sign test over images.
 */
export function comparePixels(
  answers: readonly PixelAnswers[],
  classes: number,
): Pick<ComparedPixels, 'labelled' | 'answers' | 'pairs'> {
  const images = answers[0]?.images ?? 0;
  const totals = answers.map(({ counts }) => sumOf(counts, classes, null));
  const right = answers.map(({ counts }) => byImage(counts, images, classes, 0));
  const figures = answers.map(
    ({ counts }) =>
      (drawn: Uint32Array): number =>
        meanIou(sumOf(counts, classes, drawn)),
  );
  const sampled = bootstrapFigures(images, answers.length < 2 ? 0 : ROUNDS, createRandom(SEED), figures);
  const pairs = answers.flatMap((_, first) =>
    answers.slice(first + 1).map((_other, beyond): NetworkPair => {
      const second = first + 1 + beyond;
      const [one, other] = [right[first] ?? new Uint32Array(), right[second] ?? new Uint32Array()];
      const onlyFirst = one.filter((own, image) => own > (other[image] ?? 0)).length;
      const onlySecond = one.filter((own, image) => own < (other[image] ?? 0)).length;
      const { pValue } = pairedDifference({ images, onlyFirst, onlySecond });
      const interval = percentileInterval(sampled[first] ?? new Float64Array(), sampled[second] ?? new Float64Array());
      const difference = meanIou(totals[second] ?? []) - meanIou(totals[first] ?? []);
      return { first, second, onlyFirst, onlySecond, difference, ...interval, pValue };
    }),
  );
  return {
    labelled: byImage(answers[0]?.counts ?? new Uint32Array(), images, classes, 1),
    answers: totals.map((perClass, at) => ({
      right: right[at] ?? new Uint32Array(),
      mIoU: meanIou(perClass),
      perClass,
    })),
    pairs,
  };
}

/** Counts of each class over all images, each as often as it was drawn (null = once). */
function sumOf(counts: Uint32Array, classes: number, drawn: Uint32Array | null): readonly ClassCounts[] {
  const sums = new Float64Array(classes * 3);
  const width = classes * 3;
  for (let image = 0, at = 0; at < counts.length; image++) {
    const times = drawn === null ? 1 : (drawn[image] ?? 0);
    for (let cell = 0; cell < width; cell++, at++) sums[cell] = (sums[cell] ?? 0) + times * (counts[at] ?? 0);
  }
  return Array.from({ length: classes }, (_, label) => ({
    correct: sums[label * 3] ?? 0,
    count: sums[label * 3 + 1] ?? 0,
    answered: sums[label * 3 + 2] ?? 0,
  }));
}

/** Pixels of each image, over all classes: those told right (0) or those that have a class (1). */
function byImage(counts: Uint32Array, images: number, classes: number, what: 0 | 1): Uint32Array {
  return Uint32Array.from({ length: images }, (_, image) => {
    let sum = 0;
    for (let label = 0; label < classes; label++) sum += counts[(image * classes + label) * 3 + what] ?? 0;
    return sum;
  });
}
