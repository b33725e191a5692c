/**
 * The sensitivity scan: how accuracy falls when one channel group alone is cut, by the share of it that goes.
 *
 * Each point is the real cut, evaluated. Shares are visited coarse first over all groups, so the scan is useful early.
 */
import { cutChannels } from '../network/cut';
import { channelGroups, type ChannelGroup } from '../network/groups';
import type { ChannelIndex, LayerId, Network } from '../network/graph';
import type { FilterScores, Reduction, RemovedChannels, Sensitivity } from '../network/plan';
import { unitScores } from '../network/planner';

/** Shares of a group's units that are removed, in the order they are visited. */
const SHARES = [0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875];

export interface ScanOptions {
  readonly network: Network;
  readonly scores: FilterScores;
  readonly normalise: 'layerMean' | 'none';
  readonly reduction: Reduction;
  /** Accuracy of a network, share of 1. */
  readonly evaluate: (network: Network) => Promise<number>;
  readonly signal: AbortSignal;
  readonly progress: (done: number, note: string) => void;
}

/** Scans every group that can be cut. Stops between points with the signal's reason. */
export async function scanSensitivity(options: ScanOptions): Promise<Sensitivity> {
  const { network, scores, normalise, reduction, evaluate, signal, progress } = options;
  const unitScore = unitScores({ graph: network.graph, scores, normalise }, reduction);
  const groups = channelGroups(network.graph).filter(({ locked, size }) => locked === undefined && size > 1);
  const points = new Map<string, Map<number, number>>(groups.map(({ id, size }) => [id, new Map([[0, size]])]));
  const visits = SHARES.flatMap((share) => groups.map((group) => ({ group, count: Math.round(share * group.size) })));
  const untouched = await evaluate(network);
  for (const group of groups) points.get(group.id)?.set(0, untouched);
  for (const [index, { group, count }] of visits.entries()) {
    signal.throwIfAborted();
    const known = points.get(group.id);
    // Small groups have fewer steps than shares.
    if (count > 0 && count < group.size && known?.has(count) === false) {
      known.set(count, await evaluate(cutChannels(network, weakest(group, count, unitScore))));
    }
    progress((index + 1) / visits.length, `Scanned ${group.id}, ${Math.round((100 * count) / group.size)} % removed`);
  }
  return Object.fromEntries(groups.map((group) => [group.id, curveOf(group, points.get(group.id) ?? new Map())]));
}

function curveOf({ size }: ChannelGroup, points: ReadonlyMap<number, number>): Sensitivity[string] {
  const sorted = [...points].toSorted(([a], [b]) => a - b);
  return { removed: sorted.map(([count]) => count / size), accuracy: sorted.map(([, accuracy]) => accuracy) };
}

/** All filters of the `count` units with the lowest scores. */
export function weakest(group: ChannelGroup, count: number, scores: FilterScores): RemovedChannels {
  const score = (unit: number): number => {
    const member = group.members.find(({ layer }) => scores[layer] !== undefined);
    return scores[member?.layer ?? '']?.[member?.channels[unit]?.[0] ?? -1] ?? 0;
  };
  const units = Array.from({ length: group.size }, (_, unit) => unit)
    .toSorted((a, b) => score(a) - score(b) || a - b)
    .slice(0, count);
  const removed: Record<LayerId, readonly ChannelIndex[]> = {};
  for (const { layer, channels } of group.members) {
    const gone = units.flatMap((unit) => channels[unit] ?? []);
    removed[layer] = [...(removed[layer] ?? []), ...gone].toSorted((a, b) => a - b);
  }
  return removed;
}
