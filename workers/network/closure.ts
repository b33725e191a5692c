/**
 * From filters that should go to the classes of channels that go with them, and the errors of a cut that cannot be.
 */
import { couplingOf, type ChannelClass } from './coupling';
import { isWeighted, NetworkError, type ChannelIndex, type Graph, type LayerId } from './graph';
import type { RemovedChannels } from './plan';

/** A cut that takes some filters and leaves others that are tied to them. */
export class CouplingError extends NetworkError {
  override readonly name = 'CouplingError';
  constructor(
    message: string,
    layer: LayerId,
    /** What the cut would have to take as well. */
    readonly missing: RemovedChannels,
  ) {
    super(message, layer);
  }
}

/** A cut that names filters which may never go. */
export class LockedChannelError extends NetworkError {
  override readonly name = 'LockedChannelError';
}

/** A cut that would leave a layer without channels. */
export class EmptyLayerError extends NetworkError {
  override readonly name = 'EmptyLayerError';
}

/** Channels of a layer's output that stay, ascending. */
export type KeptChannels = ReadonlyMap<LayerId, Int32Array>;

/**
 * The smallest cut that holds `removed` and everything tied to it: weighted layers only, channels ascending.
 * Throws `LockedChannelError`, and `NetworkError` for layers or filters the network does not have.
 */
export function closeUnderCoupling(graph: Graph, removed: RemovedChannels): RemovedChannels {
  return channelsOfClasses(graph, classesNamed(graph, removed));
}

/**
 * The classes of channels a cut takes. Throws `CouplingError` when it is not closed under coupling, `EmptyLayerError`
 * when a layer would keep nothing, and as `closeUnderCoupling`.
 */
export function removedClasses(graph: Graph, removed: RemovedChannels): ReadonlySet<ChannelClass> {
  const classes = classesNamed(graph, removed);
  const missing: Record<LayerId, readonly ChannelIndex[]> = {};
  for (const [layer, channels] of Object.entries(channelsOfClasses(graph, classes))) {
    const named = new Set(removed[layer]);
    const absent = channels.filter((channel) => !named.has(channel));
    if (absent.length > 0) missing[layer] = absent;
  }
  const [first] = Object.entries(missing);
  if (first !== undefined) {
    const [layer, channels] = first;
    const others = Object.keys(missing).length - 1;
    const more = others === 0 ? '' : ` (and ${others} more ${others === 1 ? 'layer' : 'layers'} likewise)`;
    const what = `"${layer}" must lose ${filtersText(channels)} too${more}`;
    throw new CouplingError(
      `The cut is incomplete: ${what}, tied to what it takes. Cut whole units of a group.`,
      layer,
      missing,
    );
  }
  for (const [id, own] of couplingOf(graph).classes) {
    if (own.length === 0 || own.some((unit) => !classes.has(unit))) continue;
    throw new EmptyLayerError(`The cut would leave "${id}" without any channel; keep at least one.`, id);
  }
  return classes;
}

/** What a cut leaves of every layer's output. */
export function keptChannels(graph: Graph, removed: ReadonlySet<ChannelClass>): KeptChannels {
  const kept = new Map<LayerId, Int32Array>();
  for (const [id, own] of couplingOf(graph).classes) {
    kept.set(
      id,
      Int32Array.from(own.keys()).filter((channel) => !removed.has(own[channel] ?? -1)),
    );
  }
  return kept;
}

/** All filters of the classes, by weighted layer in forward order. */
export function channelsOfClasses(graph: Graph, classes: ReadonlySet<ChannelClass>): RemovedChannels {
  const coupling = couplingOf(graph);
  const channels: Record<LayerId, readonly ChannelIndex[]> = {};
  for (const layer of graph.layers.filter(isWeighted)) {
    const own = coupling.classes.get(layer.id) ?? new Int32Array(0);
    const gone = [...own.keys()].filter((channel) => classes.has(own[channel] ?? -1));
    if (gone.length > 0) channels[layer.id] = gone;
  }
  return channels;
}

function classesNamed(graph: Graph, removed: RemovedChannels): Set<ChannelClass> {
  const { classes, locks } = couplingOf(graph);
  const named = new Set<ChannelClass>();
  for (const [id, channels] of Object.entries(removed)) {
    const layer = graph.layers.find((candidate) => candidate.id === id);
    if (layer === undefined || !isWeighted(layer)) {
      const problem = layer === undefined ? 'the network has no such layer' : `a ${layer.op} layer has no filters`;
      throw new NetworkError(`Cannot cut filters of "${id}": ${problem}.`, id);
    }
    const own = classes.get(id) ?? new Int32Array(0);
    for (const channel of channels) {
      const unit = own[channel];
      if (unit === undefined) {
        throw new NetworkError(`Cannot cut filter ${channel} of "${id}": it has filters 0 to ${own.length - 1}.`, id);
      }
      const locked = locks.get(unit);
      if (locked !== undefined) {
        throw new LockedChannelError(`Filter ${channel} of "${id}" cannot be cut. ${locked}`, id);
      }
      named.add(unit);
    }
  }
  return named;
}

function filtersText(channels: readonly ChannelIndex[]): string {
  const shown = channels.slice(0, 8).join(', ');
  const more = channels.length > 8 ? ` and ${channels.length - 8} more` : '';
  return `${channels.length === 1 ? 'filter' : 'filters'} ${shown}${more}`;
}
