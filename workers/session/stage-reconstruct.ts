/** The stage that moves weights in closed form: `reconstruct`. */
import { reconstructed } from './reconstructing';
import type { Stage } from './recipe';
import { addCandidate, onTurn, shareReporter, stageSeed, type StagePlace, type Work } from './work';

export async function reconstructStage(
  work: Work,
  place: StagePlace<Extract<Stage, { stage: 'reconstruct' }>>,
): Promise<void> {
  const report = shareReporter(work, place);
  const { images, ridge } = place.stage;
  const { original, network, dataset, journal } = work;
  const { network: moved, layers } = await onTurn(work, (signal, executor) =>
    reconstructed(executor, original ?? network, network, dataset, {
      images,
      ridge,
      seed: stageSeed(work, place.index),
      signal,
      onProgress: (done, total) => report((0.6 * done) / total, `Reconstructed layer ${done} of ${total}`),
    }),
  );
  work.network = moved;
  const sum = (of: 'before' | 'after'): number => layers.reduce((total, layer) => total + layer[of], 0);
  const left = sum('before') === 0 ? 0 : sum('after') / sum('before');
  journal.note(
    `Reconstruction: ${layers.length} layers, ${(100 * left).toFixed(0)} % of their error on the probe is left.`,
  );
  await addCandidate(work, place, 'reconstructed', (share, note) => report(0.6 + 0.4 * share, note));
  report(1, 'Reconstructed');
}
