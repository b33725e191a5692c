/** A network's answers to the images of a split, batch by batch, in inference mode. */
import type { LoadedNetwork } from '../compute/executor';
import { plainBatches, type HostBatch, type ImageSource } from './batching';
import { requireFit, uploadBatch } from './device-batch';

export interface AnswerOptions extends ImageSource {
  readonly loaded: LoadedNetwork;
  readonly classes: number;
  /** The first images of the split; all when absent. */
  readonly images?: number | undefined;
  readonly batchSize?: number | undefined;
  /** Stops between batches with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Images done and in all, after each batch. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

interface AnsweredBatch {
  readonly batch: HostBatch;
  /** `[batch.count, classes]`, row-major. */
  readonly logits: Float32Array;
}

/** Images a forward pass takes at once: more does not run faster on two cores, and it bounds the memory. */
const BATCH = 128;

/** Shows each image once, in the order of the split. Throws `DatasetError` when the images do not fit the network. */
export async function* answeredBatches(options: AnswerOptions): AsyncGenerator<AnsweredBatch, void, undefined> {
  const { loaded, split, shape, classes } = options;
  requireFit(loaded.graph, shape, classes);
  const total = Math.min(options.images ?? split.count, split.count);
  let done = 0;
  for (const batch of plainBatches({ ...options, batchSize: options.batchSize ?? BATCH })) {
    options.signal?.throwIfAborted();
    const { images, labels } = uploadBatch(batch, shape, classes);
    const output = loaded.forward(images);
    images.dispose();
    labels.dispose();
    const logits = await output.data<'float32'>();
    output.dispose();
    yield { batch, logits };
    done += batch.count;
    options.onProgress?.(done, total);
  }
}
