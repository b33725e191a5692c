/** Everything the layers of the chart share: where the axes lie and what stands on them. Derived, never stored. */
import type { Estimate } from '../studio/accuracy-curve';
import { estimateFrom } from '../studio/accuracy-curve';
import type { LadderPoint } from '../studio/state';
import type { Axis } from '../ui/axis';
import type { Size } from '../ui/use-size';
import { paretoFront, staircase } from './front';
import { markBox, placeLabels, type Box, type PlacedLabel } from './labels';
import type { PassCurve } from './pass-curves';
import { basisOf, type TradePoint, type TradePoints } from './points';
import { accuracyAxis, costAxis, heightOf, plotArea, xOf, type PlotArea } from './scales';
import type { Placed } from '../studio/accuracy-curve';

export const MARK_RADIUS = 5.2;

export interface ChartFrame {
  readonly size: Size;
  readonly area: PlotArea;
  readonly cost: Axis;
  readonly accuracy: Axis;
  readonly points: readonly TradePoint[];
  /** The original, whether a run or the page measured it; null = not measured. */
  readonly original: Placed | null;
  readonly originalPoint: TradePoint | null;
  readonly steps: readonly Placed[];
  readonly estimate: Estimate | null;
  /** The runs the estimate comes from, in words. */
  readonly basis: string;
  /** By `TradePoint.id`; the original under "original", other networks that look again under their run. */
  readonly labels: ReadonlyMap<string, PlacedLabel>;
}

/** Name of the original among the labels. */
const ORIGINAL = 'original';

/**
 * Lays the chart out. `method` is the one being explored: its measured points make the estimate. `lowestBudget` in %
 * keeps the budget line on the axis, `peak` the highest point of a run's trail (%), `curves` of networks that look again,
 * `ladder` what comes back without training; what lies low stands on the floor.
 */
export function chartFrame(
  { points, original, originalPoint }: TradePoints,
  method: string,
  lowestBudget: number,
  size: Size,
  peak: number | null = null,
  curves: readonly PassCurve[] = [],
  ladder: readonly LadderPoint[] = [],
): ChartFrame {
  const start = original === null ? null : { x: 100, y: original };
  const front = paretoFront<Placed & { readonly id?: string }>([...points, ...(start === null ? [] : [start])]);
  const looks = curves.flatMap((curve) => curve.points);
  const cost = costAxis([lowestBudget, ...[...points, ...looks].map(({ x }) => x)]);
  // The axis reaches down to what comes back without training; right after the cut the curve may leave it.
  const rungs = ladder.map(({ recalibrated }) => recalibrated * 100);
  const heights = [...[...front, ...looks].map(({ y }) => y), ...rungs];
  const rises = peak !== null && peak > Math.max(0, original ?? 0, ...heights);
  const accuracy = accuracyAxis(rises ? [...heights, peak] : heights, original);
  const area = plotArea(size.width, size.height);
  const mine = points.filter((point) => point.method === method && point.candidate.kind === 'final');
  const frame = { size, area, cost, accuracy, points, original: start, originalPoint };
  const steps = staircase(front, cost.high);
  return {
    ...frame,
    steps,
    estimate: estimateFrom(mine, original),
    basis: basisOf(mine),
    labels: labelsOf(frame, steps, new Set(front.flatMap(({ id }) => (id === undefined ? [] : [id]))), curves),
  };
}

/** Pixels of a point; points under the floor stand on it. */
export function pixelsOf({ x, y }: Placed, { area, cost, accuracy }: Pick<ChartFrame, 'area' | 'cost' | 'accuracy'>) {
  return { x: xOf(x, cost, area), ...heightOf(y, accuracy, area) };
}

/** The original and the front are named directly, the dearest first: they have the least room. */
function labelsOf(
  frame: Pick<ChartFrame, 'area' | 'cost' | 'accuracy' | 'points' | 'original'>,
  steps: readonly Placed[],
  front: ReadonlySet<string>,
  curves: readonly PassCurve[],
): ReadonlyMap<string, PlacedLabel> {
  const { area, points, original } = frame;
  const named = points.filter(({ id, y }) => front.has(id) || y < frame.accuracy.low).sort((a, b) => b.x - a.x);
  const requests = named.map((point) => {
    const { x, y, isBelow } = pixelsOf(point, frame);
    return { id: point.id, text: isBelow ? point.y.toFixed(1) : point.label, x, y };
  });
  if (original !== null) requests.unshift({ id: ORIGINAL, text: 'Original', ...pixelsOf(original, frame) });
  for (const { run, title, points: looks } of curves) {
    const last = looks.at(-1);
    if (run !== null && title !== null && last !== undefined) {
      requests.push({ id: run, text: title, ...pixelsOf(last, frame) });
    }
  }
  const looks = curves.flatMap((curve) => curve.points);
  const ownNames = curves.flatMap((curve) =>
    curve.run === null ? curve.points.map((look) => lookNameBox(pixelsOf(look, frame))) : [],
  );
  const marks = [...points, ...looks, ...(original === null ? [] : [original])].map((point) => {
    const { x, y } = pixelsOf(point, frame);
    return markBox(x, y, MARK_RADIUS - 1);
  });
  return placeLabels(requests, [...marks, ...ownNames, ...lineBoxes(steps, frame)], {
    left: area.left + 2,
    top: area.top - 20,
    right: area.right,
    bottom: area.bottom,
  });
}

/** Where the name of a look of the open network may stand: above its mark or below it. */
function lookNameBox({ x, y }: Placed): Box {
  return { left: x - 22, right: x + 22, top: y - 23, bottom: y + 24 };
}

/** The runs and risers of the staircase, as thin boxes that labels keep clear of. */
function lineBoxes(steps: readonly Placed[], frame: Pick<ChartFrame, 'area' | 'cost' | 'accuracy'>): readonly Box[] {
  const corners = steps.map((step) => pixelsOf(step, frame));
  return corners.slice(1).map((to, at) => {
    const from = corners[at] ?? to;
    return {
      left: Math.min(from.x, to.x) - 0.5,
      right: Math.max(from.x, to.x) + 0.5,
      top: Math.min(from.y, to.y) - 0.5,
      bottom: Math.max(from.y, to.y) + 0.5,
    };
  });
}
