/**
 * One budget, filters or ranks: for each channel group, whether its layers had better lose filters or be split at a lower
 * rank.
 *
 * Both are put on one scale, energy lost for each multiply-add saved: of a filter its squared norm, of a direction its
 * squared singular value, each as a share of its kernel's own. With a filter go the slices of the kernels that read it: they
 * count by their squared norm times the filter's, so that what reads nothing weighs nothing. A group none of whose layers can be split has no choice and
 * stays as it is. The two are compared at the share the budget asks of the
 * whole network. Filters are cut first, ranks are chosen on what is left.
 */
import { tailSums } from '../linalg/energy';
import { networkCosts } from './costs';
import { couplingOf } from './coupling';
import { cutGraph } from './cut';
import { isWeighted, NetworkError, type LayerId, type Network } from './graph';
import { channelGroups, type ChannelGroup } from './groups';
import { pairMacs } from './low-rank';
import type { RemovedChannels } from './plan';
import type { RankChoices, Spectra } from './rank-plan';
import { inferShapes } from './shapes';

export interface FiltersOrRanks {
  /** Filters to cut first; empty where every layer had better be split. */
  readonly removed: RemovedChannels;
  /** Layers that lose filters: their rank is left alone. */
  readonly layers: readonly LayerId[];
  /** For the ranks of the others: share of the multiply-adds of the network so cut. */
  readonly budget: number;
}

interface Candidate {
  readonly layers: readonly LayerId[];
  /** Channels of every unit, weakest unit first. */
  readonly units: readonly RemovedChannels[];
  /** `[count]` = energy the `count` weakest units hold. */
  readonly lost: readonly number[];
}

/**
 * Plans for `budget`, a share of the network's multiply-adds in (0, 1]. Layers named in `choices` lose no filters. All
 * that lose something are pressed alike: groups keep the share of their filters that the other layers keep of their
 * multiply-adds. Throws `NetworkError` for a budget out of range and for missing kernels.
 */
export function filtersOrRanks(
  network: Network,
  spectra: Spectra,
  budget: number,
  choices: RankChoices = { protect: [], keep: {} },
): FiltersOrRanks {
  if (!(budget > 0 && budget <= 1)) {
    throw new NetworkError(`The budget must be a share above 0 and at most 1, not ${budget}.`);
  }
  const { graph } = network;
  const total = networkCosts(graph).macs;
  const fixed = new Set([...choices.protect, ...Object.keys(choices.keep)]);
  const rankPrice = rankPrices(network, spectra, budget);
  const coupling = couplingOf(graph);
  const read = readEnergies(network, coupling.classes);
  const chosen = channelGroups(graph)
    .filter(({ locked, members }) => locked === undefined && !members.some(({ layer }) => fixed.has(layer)))
    .map((group) => candidateOf(network, group, coupling.classes, read))
    .filter((candidate) => {
      const removed = removedAt([candidate], budget);
      const saved = total - networkCosts(cutGraph(graph, removed)).macs;
      const lost = candidate.lost[goingAt(candidate, budget)] ?? 0;
      return saved > 0 && lost / saved < rankPrice(candidate.layers);
    });
  const layers = [...new Set(chosen.flatMap((candidate) => candidate.layers))];
  const share = pressure(network, spectra, chosen, new Set(layers), budget * total);
  const removed = removedAt(chosen, share);
  const left = networkCosts(cutGraph(graph, removed)).macs;
  return { removed, layers, budget: Math.min(1, (budget * total) / left) };
}

type Classes = ReadonlyMap<LayerId, Int32Array>;

function candidateOf(
  network: Network,
  { members, size }: ChannelGroup,
  classes: Classes,
  read: ReadonlyMap<number, number>,
): Candidate {
  const [member] = members;
  const energies = Float64Array.from({ length: size }, (_, unit) => {
    const channel = member?.channels[unit]?.[0] ?? -1;
    return read.get(classes.get(member?.layer ?? '')?.[channel] ?? -1) ?? 0;
  });
  for (const { layer, channels } of members) {
    const own = filterEnergies(network, layer);
    const all = own.reduce((sum, value) => sum + value, 0) || 1;
    channels.forEach((list, unit) => {
      for (const channel of list) energies[unit] = (energies[unit] ?? 0) + (own[channel] ?? 0) / all;
    });
  }
  const order = Array.from(energies.keys()).toSorted((a, b) => (energies[a] ?? 0) - (energies[b] ?? 0));
  const lost = [0];
  for (const unit of order) lost.push((lost.at(-1) ?? 0) + (energies[unit] ?? 0));
  return {
    layers: members.map(({ layer }) => layer),
    units: order.map((unit) =>
      Object.fromEntries(members.map(({ layer, channels }) => [layer, channels[unit] ?? []] as const)),
    ),
    lost,
  };
}

/** Energy of the slices that read each coupling class, summed over the kernels that do, each as a share of its own. */
function readEnergies(network: Network, classes: Classes): ReadonlyMap<number, number> {
  const { graph, tensors } = network;
  // How strong a class is: the mean of its filters' energies, 1 for the average filter of a layer.
  const strengths = new Map<number, number[]>();
  for (const { id } of graph.layers.filter(isWeighted)) {
    const own = filterEnergies(network, id);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length || 1;
    classes.get(id)?.forEach((name, channel) => {
      strengths.set(name, [...(strengths.get(name) ?? []), (own[channel] ?? 0) / mean]);
    });
  }
  const strength = (name: number): number => {
    const all = strengths.get(name) ?? [1];
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  };
  const read = new Map<number, number>();
  for (const layer of graph.layers) {
    if ((layer.op !== 'conv' || layer.groups !== 1) && layer.op !== 'dense') continue;
    const inputs = classes.get(layer.inputs[0] ?? '');
    const kernel = tensors[layer.kernel];
    const filters = kernel?.shape.at(-1) ?? 1;
    if (inputs === undefined || kernel === undefined) continue;
    const slices = new Float64Array(inputs.length);
    kernel.values.forEach((value, at) => {
      const channel = Math.floor(at / filters) % inputs.length;
      slices[channel] = (slices[channel] ?? 0) + value * value;
    });
    const weighted = slices.map((value, channel) => value * strength(inputs[channel] ?? -1));
    const all = weighted.reduce((sum, value) => sum + value, 0) || 1;
    weighted.forEach((value, channel) => {
      const name = inputs[channel] ?? -1;
      read.set(name, (read.get(name) ?? 0) + value / all);
    });
  }
  return read;
}

/** Squared norm of every filter. */
function filterEnergies({ graph, tensors }: Network, id: LayerId): Float64Array {
  const layer = graph.layers.find((candidate) => candidate.id === id);
  const kernel = layer !== undefined && 'kernel' in layer ? tensors[layer.kernel] : undefined;
  if (kernel === undefined) throw new NetworkError(`Layer "${id}" has no kernel to weigh.`, id);
  const filters = (layer?.op === 'depthwise' ? kernel.shape[2] : kernel.shape.at(-1)) ?? 1;
  const energies = new Float64Array(filters);
  kernel.values.forEach((value, at) => {
    energies[at % filters] = (energies[at % filters] ?? 0) + value * value;
  });
  return energies;
}

/** Units that go when `share` of them is kept; one always stays. */
function goingAt({ units }: Candidate, share: number): number {
  return Math.min(units.length - 1, Math.floor(units.length * (1 - share) + 1e-9));
}

function removedAt(candidates: readonly Candidate[], share: number): RemovedChannels {
  const removed: Record<LayerId, number[]> = {};
  for (const candidate of candidates) {
    for (const unit of candidate.units.slice(0, goingAt(candidate, share))) {
      for (const [layer, channels] of Object.entries(unit)) removed[layer] = [...(removed[layer] ?? []), ...channels];
    }
  }
  for (const channels of Object.values(removed)) channels.sort((a, b) => a - b);
  return removed;
}

/** Energy lost for each multiply-add saved when all of `layers` that can be split keep `share` of theirs; 0 where none saves: without a choice nothing is cut. */
function rankPrices(
  { graph }: Network,
  { scheme, kernels }: Spectra,
  share: number,
): (layers: readonly LayerId[]) => number {
  const shapes = inferShapes(graph);
  const costs = networkCosts(graph, shapes).layers;
  const offers = new Map<LayerId, { readonly lost: number; readonly saved: number }>();
  for (const layer of graph.layers) {
    const values = kernels.find(({ layers }) => layers.includes(layer.id))?.values;
    if (values === undefined || layer.op !== 'conv') continue;
    const dense = costs.get(layer.id)?.macs ?? 0;
    const perRank = pairMacs(layer, shapes.get(layer.inputs[0] ?? '') ?? [0], scheme, 1);
    const rank = Math.max(1, Math.min(values.length, Math.floor((share * dense) / perRank)));
    const tails = tailSums(Array.from(values, (value) => value * value));
    const saved = dense - rank * perRank;
    if (saved > 0) offers.set(layer.id, { lost: (tails[rank] ?? 0) / ((tails[0] ?? 0) || 1), saved });
  }
  return (layers) => {
    const own = layers.flatMap((id) => offers.get(id) ?? []);
    const saved = own.reduce((sum, offer) => sum + offer.saved, 0);
    return saved === 0 ? 0 : own.reduce((sum, offer) => sum + offer.lost, 0) / saved;
  };
}

/** The share at which groups and the layers that are split instead together cost `allowance`. */
function pressure(
  { graph }: Network,
  { kernels }: Spectra,
  chosen: readonly Candidate[],
  cut: ReadonlySet<LayerId>,
  allowance: number,
): number {
  const split = new Set(kernels.flatMap(({ layers }) => layers).filter((id) => !cut.has(id)));
  const costAt = (share: number): number => {
    let macs = 0;
    for (const [id, cost] of networkCosts(cutGraph(graph, removedAt(chosen, share))).layers) {
      macs += split.has(id) ? share * cost.macs : cost.macs;
    }
    return macs;
  };
  let [low, high] = [0, 1];
  if (costAt(high) <= allowance) return high;
  for (let round = 0; round < 20; round++) {
    const middle = (low + high) / 2;
    if (costAt(middle) <= allowance) low = middle;
    else high = middle;
  }
  return low;
}
