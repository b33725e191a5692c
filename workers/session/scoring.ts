/** Begins a method on a network, and has it score the filters. */
import type { Executor, LoadedNetwork } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import { methodById } from '../methods';
import { MethodError, type Goal, type Method, type MethodHooks, type SettingValues } from '../methods/method';
import { checkSettings } from '../methods/settings';
import { channelGroups } from '../network/groups';
import type { Network } from '../network/graph';
import type { FilterScores } from '../network/plan';
import type { WorkOptions } from './engine';
import { methodBatches, onDevice } from './measuring';

export interface BeginOptions extends WorkOptions {
  readonly network: Network;
  readonly dataset: Dataset | null;
  readonly loaded: LoadedNetwork | undefined;
  readonly settings: SettingValues;
  readonly seed: number;
  readonly goal?: Goal | undefined;
  /** Awaited before every batch of images: others may have the device between them. */
  readonly turn?: (() => Promise<void>) | undefined;
}

/** Starts `method`. Throws `SettingsError`, and `MethodError` where it needs images and there are none. */
export async function beginMethod(method: Method, options: BeginOptions): Promise<MethodHooks> {
  const { network, dataset, loaded, seed, signal, progress } = options;
  if (method.needs !== 'weights' && dataset === null) {
    throw new MethodError(`${method.title} needs images: open a data set first.`, method.id);
  }
  const random = createRandom(seed).fork(`method ${method.id}`);
  const missing = (): never => {
    throw new MethodError(`${method.title} asked for images, but no data set is open.`, method.id);
  };
  return method.begin({
    network,
    groups: channelGroups(network.graph),
    loaded,
    batches: dataset === null ? missing : methodBatches(network, dataset, options),
    settings: checkSettings(method.settings, options.settings),
    goal: options.goal,
    random: () => random.next(),
    signal,
    progress,
  });
}

export interface Scored {
  readonly scores: FilterScores;
  readonly normalise: 'layerMean' | 'none';
}

/** Importance per filter by the method called `id`. Throws as `beginMethod`, and for a method that does not score. */
export async function scoreFilters(
  executor: Executor,
  id: string,
  options: Omit<BeginOptions, 'loaded'>,
): Promise<Scored> {
  const method = methodById(id);
  const score = async (loaded?: LoadedNetwork): Promise<Scored> => {
    const hooks = await beginMethod(method, { ...options, loaded });
    try {
      if (hooks.score === undefined) {
        throw new MethodError(`${method.title} does not score filters. Choose a method that does.`, id);
      }
      return { scores: await hooks.score(), normalise: method.normalise };
    } finally {
      hooks.dispose?.();
    }
  };
  return method.needs === 'weights' ? score() : onDevice(executor, options.network, score);
}
