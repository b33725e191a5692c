/** For tests: a context around a network, with batches where there is a device, moved where a method asks for it. */
import type { LoadedNetwork } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Network } from '../network/graph';
import { channelGroups } from '../network/groups';
import { augmentationOf, plainBatches } from '../training/batching';
import { uploadBatch } from '../training/device-batch';
import type { BatchManner, DeviceBatch, Goal, Method, MethodContext, SettingValues } from './method';
import { checkSettings } from './settings';

export interface TestContextOptions {
  readonly settings?: SettingValues;
  readonly loaded?: LoadedNetwork;
  readonly dataset?: Dataset;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly goal?: Goal;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, note: string) => void;
}

export function testContext(method: Method, network: Network, options: TestContextOptions = {}): MethodContext {
  const { dataset, batchSize = 16, seed = 1 } = options;
  const random = createRandom(seed);
  async function* batches(
    split: 'train' | 'validation' | 'test',
    images: number,
    { augment = false }: BatchManner = {},
  ): AsyncGenerator<DeviceBatch> {
    if (dataset === undefined) throw new Error('This test opened no data.');
    const { shape, normalisation, classes, splits } = dataset;
    const augmentation = augment ? augmentationOf(dataset) : undefined;
    for (const batch of plainBatches({ split: splits[split], shape, normalisation, batchSize, images, augmentation })) {
      yield uploadBatch(batch, shape, classes.length);
    }
  }
  return {
    network,
    groups: channelGroups(network.graph),
    loaded: options.loaded,
    batches,
    settings: checkSettings(method.settings, options.settings ?? {}),
    goal: options.goal,
    random: () => random.next(),
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? (() => undefined),
  };
}
