/** From runs to points: what was measured, on which split, and what the running one has left behind. */
import type { Candidate, DatasetView, NetworkView, RunId, RunSummary, SplitName } from '../../workers/protocol';
import { isAbout, isOpen, methodOf, originalOf, standsFor, targetOf } from '../studio/run-facts';
import type { LiveRun } from '../studio/state';
import type { Placed } from '../studio/accuracy-curve';
import { NBSP } from '../ui/format';
import { methodStyle } from '../ui/method-style';

/** One measured network. `x` and `y` in %. */
export interface TradePoint extends Placed {
  readonly id: string;
  readonly run: RunId;
  readonly candidate: Candidate;
  /** Null = the original. */
  readonly method: string | null;
  /** On the chart: "Taylor 60". */
  readonly label: string;
  readonly origin: RunSummary['origin'];
}

export interface TradePoints {
  /** Cut networks of runs that have ended, on `split`. */
  readonly points: readonly TradePoint[];
  /** Accuracy of the original in %, on `split`; null when no run and no measurement says. */
  readonly original: number | null;
  /** The original as some run measured it; null when only the page's own check did. */
  readonly originalPoint: TradePoint | null;
  /** The split most points were measured on. */
  readonly split: SplitName;
  /** Points measured on another split: they cannot be compared, so they are not shown. */
  readonly elsewhere: number;
}

/**
 * The comparable points for the open network. `checked` is the page's own measurement of the original
 * (share of 1, validation), used when no run has one.
 */
export function tradePoints(
  runs: readonly RunSummary[],
  network: Pick<NetworkView, 'source'>,
  dataset: Pick<DatasetView, 'source'> | null,
  checked: number | null,
): TradePoints {
  const about = runs.filter((run) => isAbout(run, network, dataset));
  const measured = about.flatMap((run) => (isOpen(run) ? [] : pointsOf(run)));
  const split = commonSplit(measured.length > 0 ? measured : about.flatMap(originalPoints));
  const points = measured.filter((point) => point.candidate.split === split);
  const originalPoint = about.flatMap(originalPoints).find((point) => point.candidate.split === split) ?? null;
  const own = checked === null || split !== 'validation' ? null : checked * 100;
  return {
    points,
    original: originalPoint?.y ?? own,
    originalPoint,
    split,
    elsewhere: measured.length - points.length,
  };
}

/** More budgets than these are counted, not named. */
const NAMED = 4;

/** The runs behind an estimate, all of one method: "reference runs L1\u00a035, 50, 75", "your run Taylor\u00a040", "9 runs of L1". */
export function basisOf(points: readonly TradePoint[]): string {
  const origins = new Set(points.map(({ origin }) => origin));
  const whose = origins.size > 1 ? '' : origins.has('reference') ? 'reference ' : origins.has('here') ? 'your ' : '';
  const runs = `${whose}run${points.length === 1 ? '' : 's'}`;
  const labels = [...new Set(points.toSorted((a, b) => a.x - b.x).map(({ label }) => label))];
  const [method = '', first = ''] = labels[0]?.split(NBSP) ?? [];
  if (labels.length > NAMED) return `${points.length} ${runs} of ${method}`;
  const budgets = [first, ...labels.slice(1).map((label) => label.split(NBSP)[1])];
  return `${runs} ${method}${NBSP}${budgets.join(', ')}`;
}

/**
 * What a running run has passed through, oldest first: what its method foresaw, its cut, its recalibration, its epochs.
 * `x`, `y` in %.
 */
export interface Trail {
  readonly run: RunId;
  readonly method: string | null;
  readonly points: readonly (Placed & { readonly note: string })[];
}

/** The trail of a run in progress, on `split`; empty until its first cut was measured. */
export function trailOf(
  run: RunSummary,
  { points: metrics, history }: Pick<LiveRun, 'points' | 'history'>,
  split: SplitName,
): Trail {
  const measured = run.candidates.filter(
    (candidate) => candidate.accuracy !== null && candidate.split === split && candidate.kind !== 'original',
  );
  const left = measured
    .filter(({ kind }) => kind === 'cut' || kind === 'recalibrated')
    .map((candidate) => ({
      ...placed(candidate),
      note: candidate.kind === 'cut' ? 'right after the cut' : 'recalibrated',
    }));
  const share = standsFor(run)?.share;
  // What trained before the cut is not the cut network's accuracy.
  const cutAt = run.recipe.stages.findIndex(({ stage }) => stage === 'prune' || stage === 'truncate');
  const epochs =
    share === undefined
      ? []
      : metrics.flatMap((point) =>
          point.stage > cutAt && point.split === split && point.accuracy !== null
            ? [{ x: share * 100, y: point.accuracy * 100, note: `epoch ${point.epoch + 1}` }]
            : [],
        );
  const foreseen = split === run.recipe.measureOn ? cutNow(run, history) : [];
  return { run: run.run, method: methodOf(run.recipe), points: [...foreseen, ...left, ...epochs] };
}

/** What a method that trains would leave if the cut came now, wherever it has measured that. */
function cutNow(run: RunSummary, history: LiveRun['history']): Trail['points'] {
  const points: Trail['points'][number][] = [];
  for (const { telemetry } of history) {
    const { accuracyIfCutNow: accuracy, shareIfCutNow, shareIfFactored, predictedShare } = telemetry.values;
    const share = shareIfCutNow ?? shareIfFactored ?? predictedShare ?? targetOf(run.recipe);
    if (accuracy === undefined || !Number.isFinite(accuracy) || share === null || share === undefined) continue;
    const point = { x: share * 100, y: accuracy * 100, note: 'if cut now' };
    const last = points.at(-1);
    // A value is repeated until it is measured anew.
    if (last?.x !== point.x || last.y !== point.y) points.push(point);
  }
  return points;
}

function pointsOf(run: RunSummary): TradePoint[] {
  const candidate = standsFor(run);
  if (candidate === null || candidate.accuracy === null) return [];
  const method = methodOf(run.recipe);
  if (method === null) return [];
  const target = targetOf(run.recipe) ?? candidate.share;
  return [
    {
      ...placed(candidate),
      id: `${run.run}/${candidate.id}`,
      run: run.run,
      candidate,
      method,
      label: `${methodStyle(method).short}${NBSP}${Math.round(target * 100)}`,
      origin: run.origin,
    },
  ];
}

function originalPoints(run: RunSummary): TradePoint[] {
  const candidate = originalOf(run);
  if (candidate === null || candidate.accuracy === null) return [];
  const { run: id, origin } = run;
  return [
    { ...placed(candidate), id: `${id}/${candidate.id}`, run: id, candidate, method: null, label: 'Original', origin },
  ];
}

function placed(candidate: Candidate): Placed {
  return { x: candidate.share * 100, y: (candidate.accuracy ?? 0) * 100 };
}

function commonSplit(points: readonly TradePoint[]): SplitName {
  const count = (split: SplitName) => points.filter((point) => point.candidate.split === split).length;
  return count('test') > count('validation') ? 'test' : 'validation';
}
