/** The studio's own executor as a contestant, alone or with a method acting in the step. */
import * as tf from '@tensorflow/tfjs-core';
import { heldBytes } from '../compute/device-memory';
import type { LoadedNetwork } from '../compute/executor';
import { createExecutor, type ExecutorOptions } from '../compute/runtime';
import { createRandom } from '../linalg/random';
import { methodById, methods } from '../methods';
import { MethodError, type MethodHooks } from '../methods/method';
import { checkSettings } from '../methods/settings';
import { channelGroups } from '../network/groups';
import type { Network } from '../network/graph';
import { openRules } from '../network/planner';
import type { SettingValues } from '../training/hooks';
import { classificationLoss } from '../training/loss';
import { createSgd, trainedParameter } from '../training/optimiser';
import type { Contestant } from './measure';
import { classes, imageSize, workloadImages, workloadLabels, workloadNetwork, type Workload } from './workloads';

export interface OwnOptions {
  readonly executor: ExecutorOptions;
  readonly forwardOnly: boolean;
  /** Trains towards half of the multiply-adds, with its usual settings; null = plain SGD. */
  readonly method: string | null;
}

/** Steps a method believes the training has. */
const steps = 1000;

/** The step the training loop makes: forward, backward, update, and a method's part in it; or inference alone. */
export async function ownContestant(workload: Workload, options: OwnOptions): Promise<Contestant> {
  const executor = await createExecutor(options.executor);
  const network = workloadNetwork(workload);
  const loaded = executor.load(network);
  const { batch } = workload;
  const images = tf.tensor4d(workloadImages(workload), [batch, imageSize, imageSize, 3]);
  const labels = tf.tensor2d(workloadLabels(workload), [batch, classes]);
  const { hooks, settings } = await acting(options.method, network, loaded);
  const optimiser = createSgd({
    trained: (hooks.trainParameters === false ? [] : loaded.parameters).map((own) => trainedParameter(own)),
    momentum: 0.9,
    weightDecay: 5e-4,
  });
  let done = 0;

  const step = async (): Promise<tf.Tensor> => {
    if (options.forwardOnly) return loaded.forward(images);
    const { parameters } = loaded;
    const position = { step: done++, steps, epoch: 0, learningRate: 0.01, parameters, settings };
    await hooks.beforeStep?.(position);
    const { loss, outputs, gradients } = loaded.step(images, {
      loss: classificationLoss({ labels }),
      gates: hooks.gates?.bind(hooks),
      extraLoss: hooks.extraLoss?.bind(hooks),
      extraVariables: hooks.variables,
      trainParameters: hooks.trainParameters,
      statisticsMomentum: hooks.updateStatistics === false ? 0 : undefined,
      batchNorm: hooks.batchNorm,
    });
    hooks.changeGradients?.({ ...position, loss, gradients });
    optimiser.apply(gradients, position.learningRate);
    hooks.updateVariables?.({ ...position, loss, gradients });
    tf.dispose([...outputs, ...gradients.values()]);
    return loss;
  };

  return {
    device: executor.device.description,
    async run(count) {
      for (let at = 1; at < count; at++) (await step()).dispose();
      const last = await step();
      const [value = Number.NaN] = await last.data();
      last.dispose();
      executor.check();
      return value;
    },
    memory: () => ({ tensors: tf.memory().numBytes, held: heldBytes() }),
    dispose() {
      hooks.dispose?.();
      optimiser.dispose();
      tf.dispose([images, labels]);
      executor.dispose();
    },
  };
}

async function acting(
  id: string | null,
  network: Network,
  loaded: LoadedNetwork,
): Promise<{ hooks: MethodHooks; settings: SettingValues }> {
  if (id === null) return { hooks: {}, settings: {} };
  const method = methodById(id);
  if (method.needs !== 'training') {
    const others = methods.filter(({ needs }) => needs === 'training').map((other) => other.id);
    throw new MethodError(`"${id}" does not act in a training step; ${others.join(', ')} do.`, id);
  }
  const random = createRandom(1);
  const settings = checkSettings(method.settings, {});
  const budget = 0.5;
  const hooks = await method.begin({
    network,
    groups: channelGroups(network.graph),
    loaded,
    batches: () => {
      throw new Error('The benchmark has no data.');
    },
    settings,
    goal:
      method.reduces === 'ranks' ? { stage: 'truncate', budget } : { stage: 'prune', rules: { ...openRules, budget } },
    random: () => random.next(),
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  return { hooks, settings };
}
