/** What cutting this very moment would cost: the network as it is and as it would be cut, on the same few images. */
import { maxAbsDifference } from '../../formats/proof';
import type { LoadedNetwork } from '../../compute/executor';
import type { Network, Tensors } from '../../network/graph';
import { argMax } from '../../training/step-window';
import type { DeviceBatch } from '../method';

export interface ProbeResult {
  /** Shares of 1. */
  readonly accuracyNow: number;
  readonly accuracyIfCutNow: number;
  /** Largest absolute difference of any logit between the two. */
  readonly logitChangeIfCutNow: number;
}

/**
 * Runs `batches` through the network as it is loaded and with `cut`'s tensors in their place, and puts its own back: every
 * bit of them, so a training that is probed goes on as one that is not. `now` are the present tensors. Throws as `batches`
 * does, where there are no images.
 */
export async function probe(
  loaded: LoadedNetwork,
  now: Tensors,
  cut: Network,
  batches: AsyncIterable<DeviceBatch>,
): Promise<ProbeResult> {
  let [images, right, rightIfCut, change] = [0, 0, 0, 0];
  for await (const batch of batches) {
    try {
      const [logits, labels] = await Promise.all([values(loaded.forward(batch.images)), values(batch.labels.clone())]);
      const logitsIfCut = await logitsWith(loaded, cut.tensors, now, batch);
      const classes = batch.labels.shape[1];
      for (let row = 0; row < batch.labels.shape[0]; row++) {
        const label = argMax(labels, row * classes, classes);
        // A pixel without a class: its row is zero.
        if (labels[row * classes + label] === 0) continue;
        if (argMax(logits, row * classes, classes) === label) right++;
        if (argMax(logitsIfCut, row * classes, classes) === label) rightIfCut++;
        images++;
      }
      change = Math.max(change, maxAbsDifference(logits, logitsIfCut));
    } finally {
      batch.images.dispose();
      batch.labels.dispose();
    }
  }
  return { accuracyNow: right / images, accuracyIfCutNow: rightIfCut / images, logitChangeIfCutNow: change };
}

async function logitsWith(
  loaded: LoadedNetwork,
  tensors: Tensors,
  now: Tensors,
  { images }: DeviceBatch,
): Promise<Float32Array> {
  try {
    loaded.assign(tensors);
    return await values(loaded.forward(images));
  } finally {
    loaded.assign(now);
  }
}

async function values(tensor: {
  data<D extends 'float32'>(): Promise<{ float32: Float32Array }[D]>;
  dispose(): void;
}): Promise<Float32Array> {
  try {
    return Float32Array.from(await tensor.data<'float32'>());
  } finally {
    tensor.dispose();
  }
}
