/**
 * Channel groups: which filters, batch-norm channels and input slices must be cut together, and which never.
 */
import { couplingOf, type Coupling, type Tie, type TieKind } from './coupling';
import { isWeighted, type ChannelIndex, type Graph, type LayerId, type WeightedLayer } from './graph';

/** The channels one weighted layer contributes to a group. */
export interface GroupMember {
  readonly layer: LayerId;
  /** `channels[unit]` = output channels of `layer` that belong to that unit (more than one in grouped convolutions). */
  readonly channels: readonly (readonly ChannelIndex[])[];
}

/**
 * A block of units with identical coupling. A unit is what is kept or cut as one: one filter of every member layer.
 * A layer's filters may be spread over several groups (option-A shortcuts tie some of them to the stage before).
 */
export interface ChannelGroup {
  /** Stable within one graph: `<first member layer>` or `<first member layer>#<ordinal>`. */
  readonly id: string;
  /** Number of units. */
  readonly size: number;
  readonly members: readonly GroupMember[];
  /** Why the members must go together, or that there is nothing to tie: shown to people. */
  readonly reason: string;
  /** Why no unit can be cut; absent when they can. */
  readonly locked?: string | undefined;
}

/** Where a filter stands: unit `unit` of `group`, which is `groups[groupIndex]`. */
export interface UnitPlace {
  readonly group: ChannelGroup;
  readonly groupIndex: number;
  readonly unit: number;
}

/** `at(layer, channel)`: undefined for layers without filters and for channels they do not have. */
export interface GroupIndex {
  at(layer: LayerId, channel: ChannelIndex): UnitPlace | undefined;
}

/**
 * All groups of the graph's filters, locked ones included, ordered by their first filter in forward order. Together
 * they hold every output channel of every weighted layer exactly once. Units of one group occur equally often in every
 * tensor of the network, so they cost the same.
 * Throws `NetworkError` when the graph's shapes or tensors do not fit.
 *
 * Example: `conv a (2 filters) / add with conv b / dense` gives one group `a` of size 2 with members `a` and `b`, and
 * the locked group of the dense layer's units.
 */
export function channelGroups(graph: Graph): readonly ChannelGroup[] {
  const coupling = couplingOf(graph);
  const places = membership(graph, coupling);
  const signatures = signaturesOf(graph, coupling);
  const blocks = new Map<string, number[]>();
  for (const unit of places.keys()) {
    const signature = signatures[unit] ?? '';
    const block = blocks.get(signature) ?? [];
    blocks.set(signature, block);
    block.push(unit);
  }
  const ordinals = new Map<LayerId, number>();
  return [...blocks.values()].map((units) => {
    const members = membersOf(units, places);
    const first = members[0]?.layer ?? '';
    const ordinal = (ordinals.get(first) ?? 0) + 1;
    ordinals.set(first, ordinal);
    const locked = coupling.locks.get(units[0] ?? -1);
    return {
      id: ordinal === 1 ? first : `${first}#${ordinal}`,
      size: units.length,
      members,
      reason: reasonText(coupling.ties.get(units[0] ?? -1) ?? []),
      ...(locked === undefined ? {} : { locked }),
    };
  });
}

/** Look-up from a filter to its unit. */
export function groupIndex(groups: readonly ChannelGroup[]): GroupIndex {
  const places = new Map<LayerId, (UnitPlace | undefined)[]>();
  groups.forEach((group, index) => {
    for (const { layer, channels } of group.members) {
      const own = places.get(layer) ?? [];
      places.set(layer, own);
      channels.forEach((list, unit) => list.forEach((channel) => (own[channel] = { group, groupIndex: index, unit })));
    }
  });
  return { at: (layer, channel) => places.get(layer)?.[channel] };
}

/** Why a weighted layer can lose no filter at all, for every such layer, in forward order. */
export function lockedLayers(graph: Graph): ReadonlyMap<LayerId, string> {
  const { classes, locks } = couplingOf(graph);
  const locked = new Map<LayerId, string>();
  for (const { id } of weightedLayers(graph)) {
    const own = classes.get(id) ?? new Int32Array(0);
    if (!own.every((unit) => locks.has(unit))) continue;
    locked.set(id, locks.get(own[0] ?? -1) ?? `"${id}" has no filter that could go.`);
  }
  return locked;
}

/** One group in words: "16 filters each of stem, b1.conv2 and b2.conv2. Added together in b1.add and b2.add." */
export function describeGroup(group: ChannelGroup): string {
  const layers = listed(group.members.map(({ layer }) => layer));
  const noun = group.size === 1 ? 'filter' : 'filters';
  const perUnit = group.members.some(({ channels }) => channels.some((list) => list.length > 1)) ? ' sets of' : '';
  const head = `${group.size}${perUnit} ${noun}${group.members.length > 1 ? ' each' : ''} of ${layers}. ${group.reason}`;
  return group.locked === undefined ? head : `${head} Cannot be cut: ${group.locked}`;
}

function weightedLayers(graph: Graph): readonly WeightedLayer[] {
  return graph.layers.filter(isWeighted);
}

/** Channels by unit and weighted layer, units in order of their first filter. */
type Membership = ReadonlyMap<number, ReadonlyMap<LayerId, readonly ChannelIndex[]>>;

function membership(graph: Graph, { classes }: Coupling): Membership {
  const units = new Map<number, Map<LayerId, ChannelIndex[]>>();
  for (const { id } of weightedLayers(graph)) {
    classes.get(id)?.forEach((unit, channel) => {
      const layers = units.get(unit) ?? new Map<LayerId, ChannelIndex[]>();
      units.set(unit, layers);
      const channels = layers.get(id) ?? [];
      layers.set(id, channels);
      channels.push(channel);
    });
  }
  return units;
}

function membersOf(units: readonly number[], places: Membership): readonly GroupMember[] {
  const layers = [...(places.get(units[0] ?? -1)?.keys() ?? [])];
  return layers.map((layer) => ({ layer, channels: units.map((unit) => places.get(unit)?.get(layer) ?? []) }));
}

/** Per class: how often it occurs in every layer, and why it is locked. Equal strings = identical coupling. */
function signaturesOf(graph: Graph, { classes, count, locks }: Coupling): readonly string[] {
  const signatures = Array.from({ length: count }, (_, unit) => `${locks.get(unit) ?? ''}|`);
  const occurrences = new Int32Array(count);
  graph.layers.forEach(({ id }, position) => {
    const own = classes.get(id) ?? new Int32Array(0);
    for (const unit of own) occurrences[unit] = (occurrences[unit] ?? 0) + 1;
    for (const unit of own) {
      if ((occurrences[unit] ?? 0) === 0) continue;
      signatures[unit] = `${signatures[unit] ?? ''}${position}*${occurrences[unit] ?? 0},`;
      occurrences[unit] = 0;
    }
  });
  return signatures;
}

const TIE_TEXT: readonly (readonly [TieKind, string])[] = [
  ['add', 'added together in'],
  ['multiply', 'multiplied together in'],
  ['concat', 'laid side by side in'],
  ['grouped', 'kept equal over the groups of'],
  ['shared', 'sharing their weights in'],
  ['depthwise', 'filtered one by one in'],
  ['pad', 'padded with zero channels in'],
  ['flatten', 'spread over several features in'],
];

function reasonText(ties: readonly Tie[]): string {
  const parts = TIE_TEXT.flatMap(([kind, text]) => {
    const layers = ties.filter((tie) => tie.kind === kind).map((tie) => tie.layer);
    return layers.length === 0 ? [] : [`${text} ${listed(layers)}`];
  });
  if (parts.length === 0) return 'Nothing is tied to it: each filter can go alone.';
  const sentence = parts.join(', ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** "a", "a and b", "a, b and c", "a, b and 7 more". */
function listed(names: readonly string[]): string {
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}
