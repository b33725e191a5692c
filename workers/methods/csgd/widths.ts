/** How many filters every channel group keeps: as many clusters as it gets. */
import { weightedLayers } from '../filters';
import type { Network } from '../../network/graph';
import type { ChannelGroup } from '../../network/groups';
import type { CutPlan, CutRules, FilterScores } from '../../network/plan';
import { createPlanner } from '../../network/planner';
import { interchangeableGroups } from './interchangeable';
import { channelsOf, inferShapes } from '../../network/shapes';

export interface Widths {
  /** Units left, by the group's id; groups that keep all are absent. */
  readonly counts: ReadonlyMap<string, number>;
  /** What the rules could not be granted, as the planner says it. */
  readonly shortfall?: string | undefined;
  readonly notes: readonly string[];
}

/**
 * Widths for the budget: every group gives up the same share of its filters (the paper's 5/8 everywhere), one filter at a
 * time, until the multiply-adds fit and no further. Protected layers, given widths, the floor and rounding hold as for any
 * cut. Which filters go is the clusters' to say, so choices by hand are left out, and noted. Throws as the planner.
 */
export function clusterCounts(network: Network, groups: readonly ChannelGroup[], rules: CutRules): Widths {
  const shapes = inferShapes(network.graph);
  const scores: FilterScores = Object.fromEntries(
    weightedLayers(network).map(({ id }) => [id, new Float32Array(channelsOf(shapes.get(id) ?? [0])).fill(1)]),
  );
  const mergeable = interchangeableGroups(network.graph, groups);
  const crossed = groups.filter((group) => group.locked === undefined && !mergeable.has(group));
  const plan = createPlanner({ graph: network.graph, scores, normalise: 'none' })({
    ...rules,
    allocation: 'uniform',
    protect: [...rules.protect, ...crossed.map(({ members }) => members[0]?.layer ?? '')],
    byHand: {},
  });
  const counts = new Map<string, number>();
  for (const group of groups) {
    const left = group.size - unitsRemoved(group, plan);
    if (left < group.size) counts.set(group.id, left);
  }
  const byHand = Object.values(rules.byHand).some(({ cut, keep }) => cut.length + keep.length > 0);
  const notes = byHand
    ? ['Filters chosen by hand are left out: centripetal SGD trains whole clusters to be equal, and keeps one of each.']
    : [];
  const held = crossed.map(({ id }) => `The filters of "${id}" cannot stand for each other, so all of them stay.`);
  return { counts, shortfall: plan.shortfall, notes: [...(plan.notes ?? []), ...held, ...notes] };
}

function unitsRemoved({ members }: ChannelGroup, { removed }: CutPlan): number {
  const [member] = members;
  const gone = new Set(removed[member?.layer ?? '']);
  return member?.channels.filter(([channel]) => channel !== undefined && gone.has(channel)).length ?? 0;
}
