/** One rung after the other of what can be had back without training, measured when nobody else wants the device. */
import { cutChannels } from '../network/cut';
import type { CommandParams, CommandResult } from '../protocol';
import type { CallContext } from '../rpc';
import type { Engine } from './engine';
import { measure, recalibrated } from './measuring';
import { reconstructed } from './reconstructing';
import { truncated } from './truncating';

/** Training images statistics are measured on. */
const RECALIBRATION = 512;
/** Training images the layers are reconstructed on. */
const PROBE = 128;

/**
 * Accuracy of a cut right away, recalibrated, and reconstructed and recalibrated. Every part waits until the device is
 * idle and is done again when something else asked for it meanwhile.
 */
export async function recover(
  engine: Engine,
  { network, dataset, removed, truncation, images }: CommandParams<'recover'>,
  { signal: asked, progress }: CallContext,
): Promise<CommandResult<'recover'>> {
  const { network: original } = engine.network(network);
  const { dataset: data } = engine.dataset(dataset);
  const { queue, executor } = engine;
  const whole = cutChannels(original, removed);
  const cut = truncation === undefined ? whole : await truncated(whole, truncation, asked);
  const part = <T>(share: number, note: string, task: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    progress(share, note);
    return queue.idle(asked, task);
  };
  const scoreOf = (share: number, of: typeof cut): Promise<number> =>
    part(
      share,
      'Measuring',
      async (signal) => (await measure(executor, of, data, 'validation', { signal, images })).score,
    );
  const statistics = (share: number, of: typeof cut): Promise<typeof cut> =>
    part(share, 'Recalibrating', (signal) =>
      recalibrated(executor, of, data, { images: RECALIBRATION, seed: 1, signal }),
    );

  const accuracy = await scoreOf(0, cut);
  const afterStatistics = await scoreOf(0.2, await statistics(0.1, cut));
  const { network: moved } = await part(0.3, 'Reconstructing', (signal) =>
    reconstructed(executor, original, cut, data, { images: PROBE, seed: 1, signal }),
  );
  const afterAll = await scoreOf(0.9, await statistics(0.8, moved));
  return { accuracy, recalibrated: afterStatistics, reconstructed: afterAll };
}
