/** From runs to points: what was measured, on which split, and what the running one has left behind. */
import type {
  Candidate,
  DatasetView,
  MetricPoint,
  NetworkView,
  RunId,
  RunSummary,
  SplitName,
} from '../../workers/protocol';
import { isAbout, isOpen, methodOf, originalOf, standsFor, targetOf } from '../studio/run-facts';
import type { Placed } from '../studio/accuracy-curve';
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

/** The networks a running run has passed through, oldest first: its cut, its recalibration, its epochs. `x`, `y` in %. */
export interface Trail {
  readonly run: RunId;
  readonly method: string | null;
  readonly points: readonly (Placed & { readonly note: string })[];
}

/** The trail of a run in progress, on `split`; empty until its first cut was measured. */
export function trailOf(run: RunSummary, metrics: readonly MetricPoint[], split: SplitName): Trail {
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
  const epochs =
    share === undefined
      ? []
      : metrics.flatMap((point) =>
          point.split === split && point.accuracy !== null
            ? [{ x: share * 100, y: point.accuracy * 100, note: `epoch ${point.epoch + 1}` }]
            : [],
        );
  return { run: run.run, method: methodOf(run.recipe), points: [...left, ...epochs] };
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
      label: `${methodStyle(method).short}\u00a0${Math.round(target * 100)}`,
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
