/** Networks made smaller by their weights alone: no device, no images, the same in a worker, a test and Node. */
import { createRandom } from '../linalg/random';
import { cutChannels } from '../network/cut';
import { decomposeLayers } from '../network/decompose';
import type { Network } from '../network/graph';
import { channelGroups } from '../network/groups';
import type { CutPlan, CutRules } from '../network/plan';
import { createPlanner, openRules } from '../network/planner';
import type { RankPlan } from '../network/rank-plan';
import { methodById } from './index';
import { type Method, MethodError, type MethodHooks, type SettingValues } from './method';
import { checkSettings } from './settings';

export interface CutByWeights {
  readonly network: Network;
  readonly plan: CutPlan;
}

export interface TruncatedByWeights {
  readonly network: Network;
  readonly plan: RankPlan;
}

/** What the method called `id` reduces. Throws `MethodError` for an unknown one and for one that needs more than weights. */
export function reducesByWeights(id: string): Method['reduces'] {
  return byWeights(id).reduces;
}

/**
 * Scores filters by the method called `id` and cuts them to the rules' budget. Throws `MethodError` for an unknown
 * method and for one that needs images, training or ranks; `NetworkError` for rules that make no sense.
 */
export async function cutByWeights(
  network: Network,
  id: string,
  rules: Partial<CutRules>,
  seed = 1,
): Promise<CutByWeights> {
  const method = byWeights(id);
  return withHooks(network, method, {}, seed, async (hooks) => {
    if (hooks.score === undefined) {
      throw new MethodError(`${method.title} cuts ranks, not filters; use it in the studio or in a recipe.`, id);
    }
    const scores = await hooks.score();
    const plan = createPlanner({ graph: network.graph, scores, normalise: method.normalise })({
      ...openRules,
      ...rules,
    });
    return { network: cutChannels(network, plan.removed), plan };
  });
}

/**
 * Splits convolutions into pairs of lower rank, chosen by the method called `id` for a budget, a share of the
 * multiply-adds. Throws as `cutByWeights`, and `MethodError` for settings that are not the method's.
 */
export async function truncateByWeights(
  network: Network,
  id: string,
  budget: number,
  settings: SettingValues = {},
): Promise<TruncatedByWeights> {
  const method = byWeights(id);
  return withHooks(network, method, settings, 1, async (hooks) => {
    if (hooks.decideRanks === undefined) throw new MethodError(`${method.title} cuts filters, not ranks.`, id);
    const plan = await hooks.decideRanks(budget);
    return { network: decomposeLayers(network, plan), plan };
  });
}

function byWeights(id: string): Method {
  const method = methodById(id);
  if (method.needs === 'weights') return method;
  throw new MethodError(`${method.title} needs ${method.needs}; use it in the studio or in a recipe.`, id);
}

async function withHooks<T>(
  network: Network,
  method: Method,
  settings: SettingValues,
  seed: number,
  work: (hooks: MethodHooks) => Promise<T>,
): Promise<T> {
  const random = createRandom(seed).fork(`method ${method.id}`);
  const hooks = await method.begin({
    network,
    groups: channelGroups(network.graph),
    loaded: undefined,
    batches: () => {
      throw new MethodError(`${method.title} asked for images, but there are none.`, method.id);
    },
    settings: checkSettings(method.settings, settings),
    random: () => random.next(),
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  try {
    return await work(hooks);
  } finally {
    hooks.dispose?.();
  }
}
