/** The runs as comma-separated values (RFC 4180), one line per run, numbers unrounded. */
import type { RunSummary } from '../../workers/protocol';
import { methodOf, originalOf, standsFor, targetOf, trainingAfterCut } from '../studio/run-facts';
import { csvText, type Cell } from '../ui/csv';

/** Name of a column and what stands in it. 1 multiply-add = 2 FLOPs; accuracies are shares of 1, of what `metric` says. */
const COLUMNS: readonly (readonly [string, (run: RunSummary) => Cell])[] = [
  ['run', (run) => run.run],
  ['name', (run) => run.name],
  ['origin', (run) => run.origin],
  ['state', (run) => run.state],
  ['started', (run) => (run.started > 0 ? new Date(run.started).toISOString() : null)],
  ['method', (run) => methodOf(run.recipe)],
  ['target_share', (run) => targetOf(run.recipe)],
  ['kept_share', (run) => standsFor(run)?.share],
  ['multiply_adds', (run) => standsFor(run)?.macs],
  ['multiply_adds_original', (run) => originalOf(run)?.macs],
  ['parameters', (run) => standsFor(run)?.parameters],
  ['parameters_original', (run) => originalOf(run)?.parameters],
  ['split', (run) => standsFor(run)?.split],
  ['images', (run) => standsFor(run)?.images],
  ['metric', (run) => standsFor(run)?.metric ?? 'accuracy'],
  ['accuracy_original', (run) => accuracyOf(run, 'original')],
  ['accuracy_cut', (run) => accuracyOf(run, 'cut')],
  ['accuracy_recalibrated', (run) => accuracyOf(run, 'recalibrated')],
  ['accuracy_final', (run) => accuracyOf(run, 'final')],
  ['epochs_after_cut', (run) => trainingAfterCut(run.recipe).reduce((sum, stage) => sum + stage.epochs, 0)],
  ['seconds', (run) => run.result?.seconds],
  ['images_per_second', (run) => run.result?.imagesPerSecond],
  ['device', (run) => run.result?.device],
  ['seed', (run) => run.recipe.seed],
  ['test_uses', (run) => run.result?.testUses],
  ['max_abs_logit_difference', (run) => run.result?.proof.maxAbsLogitDifference],
];

/** Header and one line per run; lines end in CR LF, absent values are empty. */
export function runsAsCsv(runs: readonly RunSummary[]): string {
  return csvText([COLUMNS.map(([name]) => name), ...runs.map((run) => COLUMNS.map(([, read]) => read(run)))]);
}

function accuracyOf(run: RunSummary, kind: 'original' | 'cut' | 'recalibrated' | 'final'): Cell {
  return run.candidates.find((candidate) => candidate.kind === kind)?.accuracy;
}
