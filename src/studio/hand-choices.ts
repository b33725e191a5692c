/** Filters decided by hand. Tied filters are one unit: the newest choice replaces older ones on every copy. */
import type { ChannelIndex, LayerId } from '../../workers/network/graph';
import { groupIndex, type ChannelGroup, type GroupIndex, type UnitPlace } from '../../workers/network/groups';
import type { CutPlan, CutRules } from '../../workers/network/plan';

export interface FilterPlace {
  readonly layer: LayerId;
  readonly channel: ChannelIndex;
}

const indexes = new WeakMap<readonly ChannelGroup[], GroupIndex>();

/** The group and unit a filter belongs to; undefined for filters outside every group. The look-up is built once. */
export function unitOf(groups: readonly ChannelGroup[], layer: LayerId, channel: ChannelIndex): UnitPlace | undefined {
  let index = indexes.get(groups);
  if (index === undefined) {
    index = groupIndex(groups);
    indexes.set(groups, index);
  }
  return index.at(layer, channel);
}

/** All filters that are kept or cut together with this one, itself included. */
export function tiedFilters(
  groups: readonly ChannelGroup[],
  layer: LayerId,
  channel: ChannelIndex,
): readonly FilterPlace[] {
  const found = unitOf(groups, layer, channel);
  if (found === undefined) return [{ layer, channel }];
  return found.group.members.flatMap((member) =>
    (member.channels[found.unit] ?? []).map((tied) => ({ layer: member.layer, channel: tied })),
  );
}

/** The choices after a person clicked a filter: cut becomes kept and the reverse. Null when it is locked. */
export function toggledByHand(
  byHand: CutRules['byHand'],
  groups: readonly ChannelGroup[],
  plan: CutPlan,
  layer: LayerId,
  channel: ChannelIndex,
): CutRules['byHand'] | null {
  const found = unitOf(groups, layer, channel);
  if (found === undefined || found.group.locked !== undefined) return null;
  const wasCut = plan.removed[layer]?.includes(channel) ?? false;
  const choices = new Map(Object.entries(byHand));
  for (const tied of tiedFilters(groups, layer, channel)) {
    const old = choices.get(tied.layer);
    if (old === undefined) continue;
    const without = (list: readonly ChannelIndex[]) => list.filter((other) => other !== tied.channel);
    choices.set(tied.layer, { cut: without(old.cut), keep: without(old.keep) });
  }
  const mine = choices.get(layer) ?? { cut: [], keep: [] };
  choices.set(layer, wasCut ? { ...mine, keep: [...mine.keep, channel] } : { ...mine, cut: [...mine.cut, channel] });
  return Object.fromEntries([...choices].filter(([, { cut, keep }]) => cut.length + keep.length > 0));
}
