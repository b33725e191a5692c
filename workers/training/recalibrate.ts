/** Batch-norm recalibration: the statistics of a cut network, measured anew. No weight changes. */
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LoadedNetwork } from '../compute/executor';
import { plainBatches, type PlainBatchOptions } from './batching';
import { requireFit, uploadBatch } from './device-batch';
import { inTurns } from './turns';

export interface RecalibrateOptions extends Omit<PlainBatchOptions, 'batchSize'> {
  readonly loaded: LoadedNetwork;
  readonly classes: number;
  /** How many images to measure on, drawn from the split (the training one) by `seed`. */
  readonly images: number;
  readonly seed: number;
  readonly batchSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const BATCH = 128;

/**
 * Replaces running means and variances by the exact averages over `images` training images and returns how many were
 * used. A network without batch norm is left as it is. Throws `DatasetError` when the images do not fit the network.
 */
export async function recalibrate(options: RecalibrateOptions): Promise<number> {
  const { loaded, shape, classes, split } = options;
  requireFit(loaded.graph, options);
  const total = Math.min(options.images, split.count);
  if (loaded.statistics.size === 0) return 0;
  let done = 0;
  async function* batches(): AsyncGenerator<Tensor4D, void, undefined> {
    const all = plainBatches({ ...options, batchSize: options.batchSize ?? BATCH });
    for await (const batch of inTurns(all, options.signal)) {
      const { images, labels } = uploadBatch(batch, shape, classes);
      labels.dispose();
      yield images;
      images.dispose();
      done += batch.count;
      options.onProgress?.(done, total);
    }
  }
  await loaded.recalibrate(batches());
  return done;
}
