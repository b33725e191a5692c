/** The studio's own executor as a contestant. */
import * as tf from '@tensorflow/tfjs-core';
import { createExecutor, type ExecutorOptions } from '../compute/runtime';
import { classificationLoss } from '../training/loss';
import { createSgd, trainedParameter } from '../training/optimiser';
import type { Contestant } from './measure';
import { classes, imageSize, workloadImages, workloadLabels, workloadNetwork, type Workload } from './workloads';

/** The step the training loop makes: forward, backward, update; or inference alone. */
export async function ownContestant(
  workload: Workload,
  options: ExecutorOptions,
  forwardOnly: boolean,
): Promise<Contestant> {
  const executor = await createExecutor(options);
  const network = workloadNetwork(workload);
  const loaded = executor.load(network);
  const { batch } = workload;
  const images = tf.tensor4d(workloadImages(workload), [batch, imageSize, imageSize, 3]);
  const labels = tf.tensor2d(workloadLabels(workload), [batch, classes]);
  const trained = loaded.parameters.map((parameter) => trainedParameter(parameter));
  const optimiser = createSgd({ trained, momentum: 0.9, weightDecay: 5e-4 });

  const step = (): tf.Tensor => {
    if (forwardOnly) return loaded.forward(images);
    const { loss, outputs, gradients } = loaded.step(images, { loss: classificationLoss({ labels }) });
    optimiser.apply(gradients, 0.01);
    tf.dispose([...outputs, ...gradients.values()]);
    return loss;
  };

  return {
    device: executor.device.description,
    async run(count) {
      for (let at = 1; at < count; at++) step().dispose();
      const last = step();
      const [value = Number.NaN] = await last.data();
      last.dispose();
      executor.check();
      return value;
    },
    dispose() {
      optimiser.dispose();
      tf.dispose([images, labels]);
      executor.dispose();
    },
  };
}
