/**
 * Clusters of units, seen from the tensors: which slices of which axis are to become equal, and which of them stays.
 */
import { couplingOf, type ChannelClass } from '../../network/coupling';
import type { Graph, LayerId, Network, TensorName } from '../../network/graph';
import { labelledTensors } from '../../network/tensor-axes';
import type { TensorRole } from '../../network/tensor-shapes';
import type { GroupClusters } from './clusters';

/** An axis of one tensor. Slices of one cluster stand for channels that are to be equal. */
export interface ClusteredAxis {
  readonly name: TensorName;
  readonly role: TensorRole;
  readonly axis: number;
  /** Cluster of each index along the axis, from 0. */
  readonly of: Int32Array;
  /** The index that stays, for each cluster. */
  readonly stays: Int32Array;
}

export interface ClusteredAxes {
  /** Kernels, biases and batch-norm tensors by the filters they belong to. */
  readonly filters: ReadonlyMap<TensorName, ClusteredAxis>;
  /** Kernels by the channels they read. */
  readonly inputs: ReadonlyMap<TensorName, ClusteredAxis>;
}

/** The class of channels each clustered class ends up in: that of the smallest unit of its cluster. */
function survivorsOf(graph: Graph, clusters: readonly GroupClusters[]): ReadonlyMap<ChannelClass, ChannelClass> {
  const { classes } = couplingOf(graph);
  const survivors = new Map<ChannelClass, ChannelClass>();
  for (const { group, of } of clusters) {
    const [member] = group.members;
    const own = classes.get(member?.layer ?? '');
    const classAt = (unit: number): ChannelClass => own?.[member?.channels[unit]?.[0] ?? -1] ?? -1;
    of.forEach((cluster, unit) => survivors.set(classAt(unit), classAt(of.indexOf(cluster))));
  }
  return survivors;
}

/** The classes of channels a cut takes: all but the survivors. */
export function mergedClasses(graph: Graph, clusters: readonly GroupClusters[]): ReadonlySet<ChannelClass> {
  const survivors = survivorsOf(graph, clusters);
  return new Set([...survivors].flatMap(([own, survivor]) => (own === survivor ? [] : [own])));
}

/** Every axis of every tensor along which something is clustered. Axes of single-member clusters only are left out. */
export function clusteredAxes(network: Network, clusters: readonly GroupClusters[]): ClusteredAxes {
  const survivors = survivorsOf(network.graph, clusters);
  const filters = new Map<TensorName, ClusteredAxis>();
  const inputs = new Map<TensorName, ClusteredAxis>();
  for (const { name, role, axes } of labelledTensors(network, couplingOf(network.graph).classes)) {
    // A kernel's filters are the last of its axes, and its inputs, where they follow channels, stand before them.
    axes.forEach(({ axis, labels }, at) => {
      const clustered = clusterLabels(labels, survivors);
      if (clustered === undefined) return;
      (at === axes.length - 1 ? filters : inputs).set(name, { name, role, axis, ...clustered });
    });
  }
  return { filters, inputs };
}

/** The clusters of a layer's filters, where it has any: those of its kernel. */
export function layerAxis(graph: Graph, { filters }: ClusteredAxes, id: LayerId): ClusteredAxis | undefined {
  const layer = graph.layers.find((candidate) => candidate.id === id);
  return layer !== undefined && 'kernel' in layer ? filters.get(layer.kernel) : undefined;
}

/**
 * A class may occur several times along an axis (a flattened picture, a concatenation that holds a tensor twice). Its
 * first occurrence pairs with the first of every other class of the cluster, the second with the second.
 */
function clusterLabels(
  labels: Int32Array,
  survivors: ReadonlyMap<ChannelClass, ChannelClass>,
): Pick<ClusteredAxis, 'of' | 'stays'> | undefined {
  if (!labels.some((label) => (survivors.get(label) ?? label) !== label)) return undefined;
  const seen = new Map<ChannelClass, number>();
  const numbers = new Map<string, number>();
  const stays: number[] = [];
  const of = labels.map((label, at) => {
    const occurrence = seen.get(label) ?? 0;
    seen.set(label, occurrence + 1);
    const survivor = survivors.get(label) ?? label;
    const key = `${survivor}:${occurrence}`;
    const cluster = numbers.get(key) ?? numbers.size;
    numbers.set(key, cluster);
    if (survivor === label) stays[cluster] = at;
    return cluster;
  });
  return { of, stays: Int32Array.from(stays) };
}
