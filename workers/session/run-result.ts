/** The figures of a run, from its record: what `espalier run --json` prints. */
import type { NetworkCosts } from '../network/costs';
import type { Candidate, DeviceReport, RunResult } from '../protocol';
import { turnNotes } from './knobs';
import type { RunRecord } from './run-record';

/** `now` are the costs of the network the run ended with, `original` those shares refer to. */
export function resultOf(
  record: RunRecord,
  device: DeviceReport,
  original: NetworkCosts,
  now: NetworkCosts,
): RunResult {
  const { ledger, candidates, recipe, metrics } = record;
  const { trainedImages, trainingSeconds, multiplyAdds } = ledger;
  const last = candidates.at(-1);
  /** Of several cuts the last one counts. */
  const accuracyOf = (kind: Candidate['kind']): number | null =>
    candidates.findLast((candidate) => candidate.kind === kind)?.accuracy ?? null;
  return {
    device: `${device.kind} (${device.description})`,
    seconds: ledger.seconds,
    seed: recipe.seed,
    split: recipe.measureOn,
    images: last?.images ?? 0,
    macs: { original: original.macs, kept: now.macs, share: now.macs / original.macs },
    parameters: { original: original.parameters, kept: now.parameters },
    accuracy: {
      original: accuracyOf('original'),
      cut: accuracyOf('cut'),
      recalibrated: accuracyOf('recalibrated'),
      final: last?.accuracy ?? null,
    },
    ...(last?.metric === undefined ? {} : { metric: last.metric }),
    ...(last?.passes === undefined ? {} : { passes: last.passes }),
    proof: { maxAbsLogitDifference: ledger.maxAbsLogitDifference },
    imagesPerSecond: trainingSeconds > 0 ? trainedImages / trainingSeconds : null,
    multiplyAddsPerSecond: trainingSeconds > 0 ? multiplyAdds / trainingSeconds : null,
    trainingSteps: metrics.filter(({ split }) => split === null).length,
    testUses: ledger.testUses,
    method: ledger.method,
    evaluations: record.evaluations,
    notes: [...ledger.notes, ...turnNotes(recipe, record.knobs)],
  };
}
