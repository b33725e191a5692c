/**
 * From a scanned sensitivity curve to the accuracy a group is expected to lose.
 */
import type { SensitivityCurve } from '../plan';

/** Share of a group's units removed, to accuracy lost (share of 1). Starts at 0, never falls, convex. */
export type LossCurve = (removed: number) => number;

interface Point {
  readonly removed: number;
  readonly loss: number;
}

/**
 * The greatest convex curve below the measured losses, linear between its corners and extended with its last slope.
 *
 * Losses count from the best accuracy of the curve. Measured on some hundred images, a curve is noisy: it may rise
 * again, or fall in a step. On its convex hull the next unit never costs less than the one before, which is what makes
 * a greedy choice between groups a sound one.
 */
export function lossCurve(curve: SensitivityCurve): LossCurve {
  const best = curve.accuracy.reduce((a, b) => Math.max(a, b), 0);
  // By definition nothing is lost at 0, whatever a noisy scan says of it.
  const hull: Point[] = [{ removed: 0, loss: 0 }];
  curve.removed.forEach((removed, at) => {
    if (removed <= 0) return;
    const point = { removed, loss: best - (curve.accuracy[at] ?? best) };
    while (hull.length > 1 && slope(hull.at(-2), point) <= slope(hull.at(-2), hull.at(-1))) hull.pop();
    hull.push(point);
  });
  return (removed) => {
    const beyond = hull.findIndex((corner) => corner.removed >= removed);
    const high = beyond < 0 ? hull.length - 1 : Math.max(beyond, 1);
    const [from, to] = [hull[high - 1], hull[high]];
    return from === undefined ? 0 : from.loss + slope(from, to) * (removed - from.removed);
  };
}

function slope(from: Point | undefined, to: Point | undefined): number {
  if (from === undefined || to === undefined || to.removed === from.removed) return 0;
  return (to.loss - from.loss) / (to.removed - from.removed);
}
