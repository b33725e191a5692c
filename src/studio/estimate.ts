/** Accuracy between measured cuts: straight lines, never beyond them and never over a wide gap. */

export interface MeasuredPoint {
  /** Share of the original multiply-adds kept. */
  readonly share: number;
  /** Share of 1. */
  readonly accuracy: number;
}

/** Points further apart than this say nothing about what lies between. */
const widestGap = 0.35;

/** Accuracy at `share`, interpolated between the two nearest points; null outside them or over a wide gap. */
export function interpolate(points: readonly MeasuredPoint[], share: number): number | null {
  let below: MeasuredPoint | null = null;
  let above: MeasuredPoint | null = null;
  for (const point of points) {
    if (point.share <= share && (below === null || point.share > below.share)) below = point;
    if (point.share >= share && (above === null || point.share < above.share)) above = point;
  }
  if (below === null || above === null || above.share - below.share > widestGap) return null;
  if (above.share === below.share) return below.accuracy;
  const along = (share - below.share) / (above.share - below.share);
  return below.accuracy + along * (above.accuracy - below.accuracy);
}
