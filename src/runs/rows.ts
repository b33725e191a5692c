/** The runs table as data: one row per run, yours first, every cell already a value or a text. */
import type { CandidateId, Metric, RunId, RunSummary } from '../../workers/protocol';
import { isOpen, methodOf, originalOf, standsFor, targetOf, tuning } from '../studio/run-facts';
import { formatDuration, formatInteger, formatPercent } from '../ui/format';
import { methodOrder, methodStyle } from '../ui/method-style';

export interface RunRow {
  readonly run: RunId;
  readonly summary: RunSummary;
  /** Null = no method: the recipe only trains or evaluates. */
  readonly method: string | null;
  readonly title: string;
  /** "50 %", or "" when nothing is cut. */
  readonly target: string;
  /** Share of 1; null until the first cut. */
  readonly share: number | null;
  readonly parameters: number | null;
  /** Share of 1. */
  readonly accuracy: number | null;
  readonly metric: Metric;
  /** Against the original of the same run; share of 1. */
  readonly change: number | null;
  /** "on 1,000 validation images"; null when nothing was measured. */
  readonly measuredOn: string | null;
  readonly training: string;
  readonly source: string;
  readonly candidate: CandidateId | null;
  /** Its network is stored and can be opened and exported. */
  readonly canOpen: boolean;
  readonly canResume: boolean;
  readonly canDelete: boolean;
}

/** Rows in the table's order: runs of this browser, newest first, then reference runs by method and budget. */
export function runRows(runs: readonly RunSummary[]): readonly RunRow[] {
  const own = runs.filter(({ origin }) => origin !== 'reference').sort((a, b) => b.started - a.started);
  const reference = runs.filter(({ origin }) => origin === 'reference').map(rowOf);
  reference.sort(
    (a, b) =>
      methodOrder(a.method ?? '') - methodOrder(b.method ?? '') ||
      (b.share ?? 0) - (a.share ?? 0) ||
      a.title.localeCompare(b.title),
  );
  return [...own.map(rowOf), ...reference];
}

export function rowOf(run: RunSummary): RunRow {
  const method = methodOf(run.recipe);
  const target = targetOf(run.recipe);
  const candidate = standsFor(run) ?? originalOf(run);
  const original = originalOf(run)?.accuracy ?? null;
  const accuracy = candidate?.accuracy ?? null;
  const cut = candidate !== null && candidate.kind !== 'original';
  return {
    run: run.run,
    summary: run,
    method,
    title: method === null ? run.name : methodStyle(method).title,
    target: target === null ? '' : formatPercent(target),
    share: cut ? candidate.share : null,
    parameters: candidate?.parameters ?? null,
    accuracy,
    metric: candidate?.metric ?? 'accuracy',
    change: cut && accuracy !== null && original !== null ? accuracy - original : null,
    measuredOn:
      candidate === null || accuracy === null
        ? null
        : `on ${formatInteger(candidate.images)} ${candidate.split} images`,
    training: trainingText(run),
    source: sourceText(run),
    candidate: candidate?.id ?? null,
    canOpen: candidate?.stored === true,
    canResume: run.origin === 'here' && (run.state === 'interrupted' || run.state === 'paused'),
    canDelete: run.origin !== 'reference' && !isOpen(run),
  };
}

/** "20 epochs, 8:44 min", "20 epochs" while it runs, "no training"; "20 epochs, knobs turned". */
function trainingText(run: RunSummary): string {
  const epochs = tuning(run.recipe).reduce((sum, stage) => sum + stage.epochs, 0);
  const turned = run.knobs === undefined || run.knobs.length === 0 ? '' : ', knobs turned';
  const effort = epochs === 0 ? 'no training' : `${formatEpochs(epochs)}${turned}`;
  return run.result === null ? effort : `${effort}, ${formatDuration(run.result.seconds)}`;
}

export function formatEpochs(epochs: number): string {
  const figure = Number.isInteger(epochs) ? formatInteger(epochs) : epochs.toFixed(1);
  return `${figure} ${epochs === 1 ? 'epoch' : 'epochs'}`;
}

function sourceText(run: RunSummary): string {
  if (run.origin === 'reference') return 'shipped reference';
  if (run.origin === 'replay') return 'replay of a recorded run';
  return run.state === 'finished' ? 'this browser' : `this browser, ${run.state}`;
}

/** "L1 norm to 50 %", or the run's own name where no method cuts. */
export function nameOf(run: RunSummary): string {
  const method = methodOf(run.recipe);
  const target = targetOf(run.recipe);
  if (method === null) return run.name;
  return target === null ? methodStyle(method).title : `${methodStyle(method).title} to ${formatPercent(target)}`;
}
