/** A network's answers to the images of a split, batch by batch, in inference mode. */
import type { LoadedNetwork } from '../compute/executor';
import { endsInSoftmax, passesOf } from '../network/passes';
import { plainBatches, type HostBatch, type ImageSource } from './batching';
import { requireFit, uploadBatch } from './device-batch';
import { inTurns } from './turns';

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
  /** Place of the batch's first image in the split. */
  readonly first: number;
  /** Logits of each pass, first to last: `[batch.labels.length, classes]`, row-major. */
  readonly passes: readonly Float32Array[];
}

/** Images a forward pass takes at once: more does not run faster on two cores, and it bounds the memory. */
const BATCH = 128;
/** The same for logits of pixels. */
const PIXELS = 128 * 1024;

/** Shows each image once, in the order of the split. Throws `DatasetError` when the images do not fit the network. */
export async function* answeredBatches(options: AnswerOptions): AsyncGenerator<AnsweredBatch, void, undefined> {
  const { loaded, split, shape, classes } = options;
  requireFit(loaded.graph, options);
  const passes = passesOf(loaded.graph);
  const probabilities = endsInSoftmax(loaded.graph);
  const total = Math.min(options.images ?? split.count, split.count);
  const most = split.masks === undefined ? BATCH : Math.max(1, Math.floor(PIXELS / (shape[0] * shape[1])));
  const batchSize = Math.min(options.batchSize ?? BATCH, most);
  let done = 0;
  for await (const batch of inTurns(plainBatches({ ...options, batchSize }), options.signal)) {
    const { images, labels } = uploadBatch(batch, shape, classes);
    const outputs = loaded.activations(images, passes);
    images.dispose();
    labels.dispose();
    const tensors = passes.flatMap((id) => outputs.get(id) ?? []);
    const answers = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
    const logits = probabilities ? answers.map(logitsOf) : answers;
    for (const tensor of tensors) tensor.dispose();
    yield { batch, first: done, passes: logits };
    done += batch.count;
    options.onProgress?.(done, total);
  }
}

/** Logits that a softmax turns into these probabilities; zeros, which float32 made, become its smallest numbers. */
function logitsOf(probabilities: Float32Array): Float32Array {
  return probabilities.map((value) => Math.log(Math.max(value, 1e-37)));
}
