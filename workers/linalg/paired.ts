/** Two classifiers on the same images: the interval of their difference in accuracy, and how likely chance alone made it. */

/** What two classifiers did on the same `images`: only the images on which exactly one is right tell them apart. */
export interface PairedCounts {
  readonly images: number;
  /** Right by the first, wrong by the second. */
  readonly onlyFirst: number;
  /** Wrong by the first, right by the second. */
  readonly onlySecond: number;
}

export interface PairedDifference {
  /** Accuracy of the second less that of the first, share of 1. */
  readonly difference: number;
  /** 95 % interval of the difference. */
  readonly low: number;
  readonly high: number;
  /** Two-sided, of the exact McNemar test. */
  readonly pValue: number;
}

/** 97.5 % quantile of the standard normal distribution. */
const Z95 = 1.959963984540054;

/**
 * The difference of two paired proportions.
 *
 * Interval: Wald's after half an observation was added to each of the four cells (Agresti and Min, "Simple improved
 * confidence intervals for comparing matched proportions", Statistics in Medicine 24, 2005). With b and c the two
 * discordant counts plus 1/2 and n the images plus 2: (c - b) / n +- z sqrt((b + c) - (c - b)^2 / n) / n.
 * Test: McNemar's, exact (Psychometrika 12, 1947): under the null each discordant image favours either with
 * probability 1/2, so p = min(1, 2 P(X <= min(b, c))) for X binomial of b + c trials.
 *
 * Throws `RangeError` for counts that no comparison can give.
 */
export function pairedDifference({ images, onlyFirst, onlySecond }: PairedCounts): PairedDifference {
  const counts = [images, onlyFirst, onlySecond];
  if (
    !counts.every((count) => Number.isInteger(count) && count >= 0) ||
    images < 1 ||
    onlyFirst + onlySecond > images
  ) {
    throw new RangeError(`Of ${images} images ${onlyFirst} and ${onlySecond} cannot be answered by only one of two.`);
  }
  const total = images + 2;
  const [first, second] = [onlyFirst + 0.5, onlySecond + 0.5];
  const middle = (second - first) / total;
  const half = (Z95 * Math.sqrt(first + second - (second - first) ** 2 / total)) / total;
  return {
    difference: (onlySecond - onlyFirst) / images,
    low: Math.max(-1, middle - half),
    high: Math.min(1, middle + half),
    pValue: Math.min(1, 2 * halfBinomialTail(onlyFirst + onlySecond, Math.min(onlyFirst, onlySecond))),
  };
}

/** P(X <= most) for X binomial of `trials` with probability 1/2; in logarithms, so that no trial count underflows. */
function halfBinomialTail(trials: number, most: number): number {
  let logTerm = -trials * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= most; k += 1) {
    logTerm += Math.log((trials - k + 1) / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}
