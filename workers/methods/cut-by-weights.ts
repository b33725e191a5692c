/** Networks made smaller by their weights alone: no device, no images, the same in a worker, a test and Node. */
import { createRandom } from '../linalg/random';
import { cutChannels } from '../network/cut';
import type { Network } from '../network/graph';
import { channelGroups } from '../network/groups';
import type { CutPlan, CutRules } from '../network/plan';
import { createPlanner, openRules } from '../network/planner';
import { methodById } from './index';
import { MethodError } from './method';
import { checkSettings } from './settings';

export interface CutByWeights {
  readonly network: Network;
  readonly plan: CutPlan;
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
  const method = methodById(id);
  if (method.needs !== 'weights' || method.reduces !== 'filters') {
    const need = method.needs === 'weights' ? 'cuts ranks, not filters' : `needs ${method.needs}`;
    throw new MethodError(`${method.title} ${need}; use it in the studio or in a recipe.`, id);
  }
  const random = createRandom(seed).fork(`method ${id}`);
  const hooks = await method.begin({
    network,
    groups: channelGroups(network.graph),
    loaded: undefined,
    batches: () => {
      throw new MethodError(`${method.title} asked for images, but there are none.`, id);
    },
    settings: checkSettings(method.settings, {}),
    random: () => random.next(),
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  try {
    if (hooks.score === undefined) {
      throw new MethodError(`${method.title} does not score filters. Choose a method that does.`, id);
    }
    const scores = await hooks.score();
    const plan = createPlanner({ graph: network.graph, scores, normalise: method.normalise })({
      ...openRules,
      ...rules,
    });
    return { network: cutChannels(network, plan.removed), plan };
  } finally {
    hooks.dispose?.();
  }
}
