/** Images on which two networks disagree: what a cut costs, image by image. */
import type { ComparedImages, ComparedPixels } from '../../workers/protocol';

/** `lost`: only the first is right; `gained`: only the second; `moved`: both are wrong, in different ways. */
export type FlipKind = 'lost' | 'gained' | 'moved';

export interface Flip {
  /** Position in the split. */
  readonly image: number;
  readonly kind: FlipKind;
  /** Class indices. */
  readonly label: number;
  readonly before: number;
  readonly after: number;
  /** Probability of the true class less that of the likeliest other one. */
  readonly marginBefore: number;
  readonly marginAfter: number;
}

/**
 * The images whose answer differs between networks `first` and `second` of the comparison, largest change of the margin
 * first. Where the networks are an original and its cut, these are the candidates for what Hooker et al. call
 * compression-identified exemplars (arXiv 2010.03058), who take them over several cuts.
 */
export function flipsOf({ labels, answers }: ComparedImages, first: number, second: number): readonly Flip[] {
  const before = answers[first];
  const after = answers[second];
  if (before === undefined || after === undefined) return [];
  const flips: Flip[] = [];
  labels.forEach((label, image) => {
    const [one, other] = [before.predictions[image] ?? 0, after.predictions[image] ?? 0];
    if (one === other) return;
    flips.push({
      image,
      kind: one === label ? 'lost' : other === label ? 'gained' : 'moved',
      label,
      before: one,
      after: other,
      marginBefore: before.margins[image] ?? 0,
      marginAfter: after.margins[image] ?? 0,
    });
  });
  return flips.sort((a, b) => changeOf(b) - changeOf(a) || a.image - b.image);
}

function changeOf({ marginBefore, marginAfter }: Flip): number {
  return Math.abs(marginBefore - marginAfter);
}

export interface ClassFigures {
  /** Class index. */
  readonly label: number;
  /** Images, or pixels, of the class. */
  readonly count: number;
  /** Accuracy, or intersection over union, by network, share of 1. */
  readonly accuracy: readonly number[];
}

/** Accuracy by class for every network; classes without images are left out. */
export function byClass({ labels, answers }: ComparedImages, classes: number): readonly ClassFigures[] {
  return Array.from({ length: classes }, (_, label) => {
    const images = labels.reduce((sum, own) => sum + Number(own === label), 0);
    const accuracy = answers.map(
      ({ predictions }) =>
        labels.reduce((sum, own, at) => sum + Number(own === label && predictions[at] === label), 0) / images,
    );
    return { label, count: images, accuracy };
  }).filter(({ count }) => count > 0);
}

/** Intersection over union by class for every network; classes neither in the images nor in any answer are left out. */
export function overlapByClass({ answers }: ComparedPixels): readonly ClassFigures[] {
  const classes = answers[0]?.perClass ?? [];
  return classes.flatMap(({ count }, label): readonly ClassFigures[] => {
    const own = answers.map(({ perClass }) => perClass[label] ?? { correct: 0, count: 0, answered: 0 });
    const unions = own.map((one) => one.count + one.answered - one.correct);
    if (unions.every((union) => union === 0)) return [];
    return [{ label, count, accuracy: own.map(({ correct }, at) => correct / Math.max(1, unions[at] ?? 1)) }];
  });
}

/** An image of which one network tells more pixels right than the other. */
export interface PixelChange {
  /** Position in the split. */
  readonly image: number;
  readonly kind: Exclude<FlipKind, 'moved'>;
  /** Shares of the image's labelled pixels told right. */
  readonly before: number;
  readonly after: number;
}

/** Where pixels have classes: the images that change, by the share of their pixels told right, largest change first. */
export function pixelChangesOf(
  { labelled, answers }: ComparedPixels,
  first: number,
  second: number,
): readonly PixelChange[] {
  const [one, other] = [answers[first]?.right, answers[second]?.right];
  if (one === undefined || other === undefined) return [];
  return Array.from(labelled, (count, image): PixelChange => {
    const [before, after] = [(one[image] ?? 0) / count, (other[image] ?? 0) / count];
    return { image, kind: after < before ? 'lost' : 'gained', before, after };
  })
    .filter(({ before, after }) => before !== after && Number.isFinite(before))
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || a.image - b.image);
}
