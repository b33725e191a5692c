/** The curves of one training stage, from the points the worker sends: thinned and smoothed for a small plot. */
import type { MetricPoint, Progress, Recipe } from '../../workers/protocol';
import { isTraining } from '../studio/run-facts';
import { axisAround, axisFromZero, niceStep, ticksBetween, type Axis } from '../ui/axis';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export interface TrainingCurves {
  /** Steps of the stage shown on the x axis. */
  readonly steps: number;
  /** Marks of the x axis: step and the epoch that begins there. */
  readonly epochTicks: readonly { readonly at: number; readonly epoch: number }[];
  readonly loss: { readonly raw: readonly CurvePoint[]; readonly smooth: readonly CurvePoint[]; readonly axis: Axis };
  /** In %, of the validation split. */
  readonly accuracy: { readonly points: readonly CurvePoint[]; readonly axis: Axis };
  readonly lastLoss: number | null;
  readonly lastAccuracy: number | null;
  readonly learningRate: number | null;
}

/** More points than this cannot be told apart in a strip. */
const MOST_POINTS = 240;
/** Weight of the past in the smoothed loss, per drawn point. */
const SMOOTHING = 0.85;
const LEAST_ACCURACY_SPAN = 4;

/**
 * Curves of the stage that trains now, or of the last one that did. Null before the first point.
 * `reference` (accuracy of the original in %, or null) is kept inside the accuracy axis.
 */
export function trainingCurves(
  recipe: Recipe,
  points: readonly MetricPoint[],
  progress: Progress | null,
  reference: number | null,
): TrainingCurves | null {
  const last = points.at(-1);
  if (last === undefined) return null;
  const mine = points.filter(({ stage }) => stage === last.stage);
  const farthest = Math.max(...mine.map(({ step }) => step));
  const stage = recipe.stages[last.stage];
  const epochs = stage !== undefined && isTraining(stage) ? stage.epochs : 0;
  const steps = Math.max(1, farthest, progress !== null && progress.stage === last.stage ? progress.total : 0);
  const training = mine.filter(({ split }) => split === null);
  const raw = thin(training.map(({ step, loss }) => ({ x: step, y: loss })).filter(({ y }) => Number.isFinite(y)));
  const measured = mine.flatMap(({ step, split, accuracy }) =>
    split === 'validation' && accuracy !== null ? [{ x: step, y: accuracy * 100 }] : [],
  );
  const smooth = smoothed(raw);
  const shown = [...measured.map(({ y }) => y), ...(reference === null ? [] : [reference])];
  return {
    steps,
    epochTicks: epochTicks(steps, epochs),
    loss: { raw, smooth, axis: axisFromZero(Math.max(0, ...raw.map(({ y }) => y))) },
    accuracy: {
      points: measured,
      axis: shown.length === 0 ? { low: 0, high: 100, ticks: [0, 50, 100] } : axisAround(shown, LEAST_ACCURACY_SPAN),
    },
    lastLoss: smooth.at(-1)?.y ?? null,
    lastAccuracy: measured.at(-1)?.y ?? null,
    learningRate: last.learningRate,
  };
}

/** Means over equal stretches, so that at most `MOST_POINTS` remain. */
function thin(points: readonly CurvePoint[]): readonly CurvePoint[] {
  if (points.length <= MOST_POINTS) return points;
  const size = Math.ceil(points.length / MOST_POINTS);
  const thinned: CurvePoint[] = [];
  for (let from = 0; from < points.length; from += size) {
    const stretch = points.slice(from, from + size);
    const total = stretch.reduce((sum, point) => ({ x: sum.x + point.x, y: sum.y + point.y }), { x: 0, y: 0 });
    thinned.push({ x: total.x / stretch.length, y: total.y / stretch.length });
  }
  return thinned;
}

/** Exponential mean that starts unbiased. */
function smoothed(points: readonly CurvePoint[]): readonly CurvePoint[] {
  let mean = 0;
  let weight = 0;
  return points.map(({ x, y }) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * y;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return { x, y: mean / weight };
  });
}

function epochTicks(steps: number, epochs: number): TrainingCurves['epochTicks'] {
  if (epochs <= 0) return [];
  const each = Math.max(niceStep(epochs / 4.5), epochs < 1 ? 0.1 : 1);
  return ticksBetween(0, epochs, each).map((epoch) => ({ at: (epoch / epochs) * steps, epoch }));
}
