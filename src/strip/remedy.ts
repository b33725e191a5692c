/** What a person can do about a run that failed: one action per kind of failure. */
import type { RunSummary, TrainStage, WorkerErrorData } from '../../workers/protocol';
import { trainingAfterCut } from '../studio/run-facts';

export type Remedy =
  | { readonly kind: 'resume'; readonly label: string }
  /** Take the run's settings over with this change, and start again from the cut. */
  | { readonly kind: 'change'; readonly label: string; readonly change: Partial<TrainStage> };

/** Smaller batches than this train on noise. */
const LEAST_BATCH = 8;

/** The remedy for a failed run, or null when none is known. */
export function remedyFor(error: WorkerErrorData, run: RunSummary): Remedy | null {
  const training = trainingAfterCut(run.recipe).at(-1);
  if (error.kind === 'DivergedError' && training !== undefined) {
    return {
      kind: 'change',
      label: 'Halve the learning rate',
      change: { learningRate: training.learningRate / 2 },
    };
  }
  if (error.kind !== 'DeviceError') return null;
  switch (error.data['kind']) {
    case 'lost':
      return { kind: 'resume', label: 'Resume' };
    case 'out-of-memory':
    case 'too-large':
      return training === undefined || training.batchSize / 2 < LEAST_BATCH
        ? null
        : { kind: 'change', label: 'Halve the batch size', change: { batchSize: Math.floor(training.batchSize / 2) } };
    default:
      return null;
  }
}
