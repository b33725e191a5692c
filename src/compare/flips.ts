/** Images on which two networks disagree: what a cut costs, image by image. */
import type { CommandResult } from '../../workers/protocol';

type Comparison = CommandResult<'compareNetworks'>;

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
export function flipsOf({ labels, answers }: Comparison, first: number, second: number): readonly Flip[] {
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
  readonly images: number;
  /** Accuracy by network, share of 1. */
  readonly accuracy: readonly number[];
}

/** Accuracy by class for every network; classes without images are left out. */
export function byClass({ labels, answers }: Comparison, classes: number): readonly ClassFigures[] {
  return Array.from({ length: classes }, (_, label) => {
    const images = labels.reduce((sum, own) => sum + Number(own === label), 0);
    const accuracy = answers.map(
      ({ predictions }) =>
        labels.reduce((sum, own, at) => sum + Number(own === label && predictions[at] === label), 0) / images,
    );
    return { label, images, accuracy };
  }).filter(({ images }) => images > 0);
}
