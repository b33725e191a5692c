/**
 * What the budget line shows at one moment: positions and words, as plain data.
 *
 * Computed from the state on every frame of a drag and written straight into the page by `budget-line.tsx`.
 */
import { interpolate } from '../studio/estimate';
import { cutsNothing } from '../studio/planning';
import type { LadderPoint, PreviewState, StudioState } from '../studio/state';
import { formatAccuracy, formatCount, formatPercent, NBSP } from '../ui/format';
import type { ChartFrame } from './frame';
import { heightOf, xOf } from './scales';

/** One line of the readout. */
export interface Reading {
  /** "≈ 94.9 %", "61.0 %". */
  readonly value: string;
  /** "after fine-tuning". */
  readonly note: string;
}

export interface BudgetView {
  /** Of the line, in pixels. */
  readonly x: number;
  /** In the handle: "50 %". */
  readonly handle: string;
  /** For assistive technology: "50 %, 20.4 M multiply-adds, about 94.9 %". */
  readonly valueText: string;
  /** Whole % for `aria-valuenow`. */
  readonly valueNow: number;
  readonly readings: readonly Reading[];
  /** The readout stands right of the line. */
  readonly toRight: boolean;
  /** The check is on its way: values are of the cut before. */
  readonly isChecking: boolean;
  /** Where fine-tuning should end; null without measured neighbours, under the floor, and where nothing is cut. */
  readonly estimate: { readonly x: number; readonly y: number } | null;
  /** The cut itself, recalibrated where known; null when unknown or under the floor. */
  readonly cut: { readonly x: number; readonly y: number; readonly isMeasured: boolean } | null;
  /** The cut lies under the floor: an arrow at the foot of the line. */
  readonly isBelow: boolean;
  /** The cut lies over the ceiling: it stands under it, below an arrow. */
  readonly isAbove: boolean;
}

type Watched = Pick<StudioState, 'rules' | 'plan' | 'preview' | 'dataset' | 'ladder'>;

export function budgetView({ rules, plan, preview, dataset, ladder }: Watched, frame: ChartFrame): BudgetView {
  const { area, cost, accuracy, estimate, basis } = frame;
  const budget = rules.budget * 100;
  const x = xOf(budget, cost, area);
  const share = plan === null ? null : plan.share * 100;
  const planX = share === null ? x : xOf(share, cost, area);
  const isWhole = plan !== null && cutsNothing(plan);
  const tuned = share === null || isWhole ? null : (estimate?.at(share) ?? null);
  const value = isWhole ? preview.accuracy : (preview.recalibrated ?? preview.accuracy);
  const height = value === null ? null : heightOf(value * 100, accuracy, area);
  const multiplyAdds = plan === null ? '' : `, ${formatCount(plan.macs)} multiply-adds`;
  const outcome = tuned === null ? '' : `, about ${formatAccuracy(tuned.y / 100)}`;
  return {
    x,
    handle: formatBudget(rules.budget),
    valueText: `${formatBudget(rules.budget)}${multiplyAdds}${outcome}`,
    valueNow: Math.round(budget),
    readings:
      dataset === null
        ? [{ value: '', note: 'accuracy needs data' }]
        : isWhole && preview.accuracy !== null
          ? [wholeReading(preview)]
          : [
              ...(tuned === null ? [] : estimateReadings(tuned.y / 100, basis)),
              ...readingsOf(preview, rungsAt(ladder.points, plan?.share ?? null)),
            ],
    toRight: x < (area.left + area.right) / 2,
    isChecking: preview.state === 'checking',
    estimate: tuned === null || tuned.y < accuracy.low ? null : { x: planX, y: heightOf(tuned.y, accuracy, area).y },
    cut: height === null || height.isBelow ? null : { x: planX, y: height.y, isMeasured: preview.state === 'measured' },
    isBelow: height?.isBelow === true,
    isAbove: height?.isAbove === true,
  };
}

/** "50 %", and "49.7 %" where the budget is no whole number. */
export function formatBudget(budget: number): string {
  return formatPercent(budget, Math.abs(budget * 100 - Math.round(budget * 100)) < 0.05 ? 0 : 1);
}

interface Rungs {
  readonly reconstructed: number | null;
  readonly recalibrated: number | null;
  readonly accuracy: number | null;
}

/** Between the budgets of the ladder; null outside them. */
function rungsAt(points: readonly LadderPoint[], share: number | null): Rungs {
  const at = (of: keyof Rungs): number | null =>
    share === null
      ? null
      : interpolate(
          points.map((point) => ({ share: point.share, accuracy: point[of] })),
          share,
        );
  return { reconstructed: at('reconstructed'), recalibrated: at('recalibrated'), accuracy: at('accuracy') };
}

/** What is expected, and of whom: never one more figure among those that were measured here. */
function estimateReadings(tuned: number, basis: string): readonly Reading[] {
  return [
    { value: `≈${NBSP}${formatAccuracy(tuned)}`, note: 'after fine-tuning,' },
    { value: '', note: `as in ${basis}` },
  ];
}

function wholeReading({ accuracy, state }: PreviewState): Reading {
  const about = state === 'estimate' ? `≈${NBSP}` : '';
  return { value: about + formatAccuracy(accuracy ?? 0), note: 'nothing is cut' };
}

function readingsOf(preview: PreviewState, rungs: Rungs): readonly Reading[] {
  const about = preview.state === 'estimate' ? `≈${NBSP}` : '';
  const readings: Reading[] = [];
  if (rungs.reconstructed !== null) {
    readings.push({ value: `≈${NBSP}${formatAccuracy(rungs.reconstructed)}`, note: 'reconstructed' });
  }
  if (preview.recalibrated === null && rungs.recalibrated !== null) {
    readings.push({ value: `≈${NBSP}${formatAccuracy(rungs.recalibrated)}`, note: 'recalibrated' });
  }
  if (preview.recalibrated !== null) {
    readings.push({ value: about + formatAccuracy(preview.recalibrated), note: 'recalibrated' });
  }
  if (preview.accuracy !== null) {
    readings.push({ value: about + formatAccuracy(preview.accuracy), note: 'right after the cut' });
  } else if (rungs.accuracy !== null) {
    readings.push({ value: `≈${NBSP}${formatAccuracy(rungs.accuracy)}`, note: 'right after the cut' });
  } else if (preview.state === 'checking') {
    readings.push({ value: '', note: 'checking the cut' });
  } else if (preview.state === 'estimate') {
    readings.push({ value: '', note: 'release to check the cut' });
  }
  return readings;
}

/** The budget a key asks for: whole % steps of 1, 5 with Shift, the ends with Home and End; null for other keys. */
export function budgetAfterKey(
  budget: number,
  key: string,
  shift: boolean,
  limits: readonly [number, number],
): number | null {
  const percent = budget * 100;
  const step = shift ? 5 : 1;
  const asked = {
    // From 49.7 one step up is 50, one down 49: fractions come from dragging alone.
    ArrowRight: Math.floor(percent + 1e-6) + step,
    ArrowUp: Math.floor(percent + 1e-6) + step,
    ArrowLeft: Math.ceil(percent - 1e-6) - step,
    ArrowDown: Math.ceil(percent - 1e-6) - step,
    Home: limits[0] * 100,
    End: limits[1] * 100,
  }[key];
  return asked === undefined ? null : Math.min(limits[1], Math.max(limits[0], asked / 100));
}
