/**
 * Which filters are to become one: a cluster for every unit of every channel group that gets narrower.
 *
 * A unit is a filter together with all that is tied to it, so one clustering of units is shared by every layer of the
 * group: the leader decides by its kernels, the followers obey (the paper's pacesetter). Units of one group occur in the same
 * places throughout the network. That is all an option-A shortcut needs: padded channels form a group of their own, and
 * those that come from the stage before belong to that stage's group, so only channels with the same origin, or both
 * without one, are ever in one cluster.
 */
import { gramMatrix, inOrderOfFirst, kMeans } from '../../linalg/k-means';
import { layerOf, isWeighted, type Graph, type LayerId, type Network } from '../../network/graph';
import type { ChannelGroup } from '../../network/groups';
import { filterMatrix } from '../filters';

export type ClusterMode = 'kmeans' | 'even' | 'imbalanced';

/** The clusters of one group: `of[unit]`, from 0 to `count - 1`, numbered by their smallest units. */
export interface GroupClusters {
  readonly group: ChannelGroup;
  readonly of: Int32Array;
  readonly count: number;
}

const RESTARTS = 10;

/** Consecutive units; the first `size mod count` clusters have one more. */
export function evenClusters(size: number, count: number): Int32Array {
  const [least, more] = [Math.floor(size / count), size % count];
  const large = more * (least + 1);
  return Int32Array.from({ length: size }, (_, unit) =>
    unit < large ? Math.floor(unit / (least + 1)) : more + Math.floor((unit - large) / least),
  );
}

/** One cluster of `size - count + 1` units, all others alone: the worst case, for comparison. */
export function imbalancedClusters(size: number, count: number): Int32Array {
  return Int32Array.from({ length: size }, (_, unit) => Math.max(0, unit - (size - count)));
}

/**
 * Clusters of `group`'s units. `kmeans` compares the leader's kernels (batch norm left out): ten starts by k-means++ and
 * one from even clusters, so never worse than those.
 */
export function clusterGroup(
  network: Network,
  group: ChannelGroup,
  count: number,
  mode: ClusterMode,
  random: () => number,
): GroupClusters {
  const even = evenClusters(group.size, count);
  switch (mode) {
    case 'even':
      return { group, of: even, count };
    case 'imbalanced':
      return { group, of: imbalancedClusters(group.size, count), count };
    case 'kmeans': {
      const gram = gramMatrix(leaderKernels(network, group));
      return {
        group,
        of: kMeans({ gram, clusters: count, random, restarts: RESTARTS, starts: [even] }).clusters,
        count,
      };
    }
  }
}

/** Cluster numbers as they are kept in a checkpoint. */
export function restoredClusters(group: ChannelGroup, saved: ArrayLike<number>): GroupClusters {
  const of = inOrderOfFirst(saved);
  return { group, of, count: new Set(of).size };
}

/**
 * The layer whose kernels decide for the group: the one fewest convolutions away from the image, the earlier of equals.
 * That is the stem, the projection that opens a stage (the paper's pacesetter), and the pointwise layer before a
 * depthwise one.
 */
export function leaderOf(graph: Graph, group: ChannelGroup): LayerId {
  const depths = new Map<LayerId, number>();
  for (const layer of graph.layers) {
    const before = layer.inputs.reduce((most, id) => Math.max(most, depths.get(id) ?? 0), 0);
    depths.set(layer.id, before + (isWeighted(layer) ? 1 : 0));
  }
  const depth = (layer: LayerId): number => depths.get(layer) ?? Infinity;
  return group.members.reduce(
    (best, { layer }) => (depth(layer) < depth(best) ? layer : best),
    group.members[0]?.layer ?? '',
  );
}

/** One point per unit: the kernels of its filters in the leader, one after the other. */
function leaderKernels(network: Network, group: ChannelGroup): readonly Float64Array[] {
  const leader = leaderOf(network.graph, group);
  const layer = layerOf(network.graph, leader);
  const channels = group.members.find((member) => member.layer === leader)?.channels ?? [];
  if (!isWeighted(layer)) return [];
  const { size, count, values } = filterMatrix(network, layer);
  return channels.map((own) =>
    Float64Array.from(
      { length: own.length * size },
      (_, at) => values[(at % size) * count + (own[Math.floor(at / size)] ?? 0)] ?? 0,
    ),
  );
}
