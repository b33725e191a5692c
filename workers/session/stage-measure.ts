/** The stages that change no weight: `recalibrate` measures batch-norm statistics anew, `evaluate` reports an accuracy. */
import { withPasses } from '../network/unrolled';
import type { StageEvaluation } from '../protocol';
import { measure, passFigures, recalibrated } from './measuring';
import type { Stage } from './recipe';
import { addCandidate, countTestUse, onTurn, shareReporter, stageSeed, type StagePlace, type Work } from './work';

type StageOf<N extends Stage['stage']> = StagePlace<Extract<Stage, { stage: N }>>;

export async function recalibrateStage(work: Work, place: StageOf<'recalibrate'>): Promise<void> {
  const report = shareReporter(work, place);
  const { images, augment } = place.stage;
  work.network = await onTurn(work, (signal, executor) =>
    recalibrated(executor, work.network, work.dataset, {
      images,
      augment,
      seed: stageSeed(work, place.index),
      signal,
      onProgress: (done, total) => report((0.4 * done) / total, `Statistics of ${done} of ${total} images`),
    }),
  );
  await addCandidate(work, place, 'recalibrated', (share, note) => report(0.4 + 0.6 * share, note));
  report(1, 'Recalibrated');
}

export async function evaluateStage(work: Work, place: StageOf<'evaluate'>): Promise<StageEvaluation> {
  const report = shareReporter(work, place);
  const { split, images, passes } = place.stage;
  const network = passes === undefined ? work.network : withPasses(work.network, passes);
  const measured = await onTurn(work, (signal, executor) =>
    measure(executor, network, work.dataset, split, {
      signal,
      images,
      onProgress: (done, total) => report(done / total, `Measured ${done} of ${total} ${split} images`),
    }),
  );
  countTestUse(work, split);
  const { metric, score: accuracy, loss } = measured;
  const point = { stage: place.index, epoch: 0, step: 0, loss, accuracy, split, learningRate: 0 };
  work.journal.addMetrics([point]);
  report(1, 'Evaluated');
  const plain = metric === 'accuracy' && measured.passes.length === 1;
  return {
    stage: place.index,
    split,
    images: measured.images,
    accuracy,
    metric,
    loss,
    ...(plain ? {} : { passes: passFigures(network, measured) }),
  };
}
