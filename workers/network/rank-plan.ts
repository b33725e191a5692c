/**
 * Budget planning for truncation: from the singular values of every kernel and a budget to the rank of every layer.
 *
 * Pure and fast: the worker decides by it, and the page runs it on every frame of a dragged budget.
 */
import { rankForEnergy, tailSums } from '../linalg/energy';
import { networkCosts } from './costs';
import { NetworkError, type ConvLayer, type Graph, type LayerId } from './graph';
import { pairMacs, pairWeights, type Scheme } from './low-rank';
import { chooseRanks } from './ranks';
import { channelsOf, inferShapes, sizeOf } from './shapes';

/** The singular values of one kernel. */
export interface KernelSpectrum {
  /** The layers that use the kernel: one, unless it is shared. */
  readonly layers: readonly LayerId[];
  /** Singular values of `unfoldKernel(kernel, scheme)`, descending. */
  readonly values: Float32Array;
}

/** Of every kernel that may be split, in forward order. */
export interface Spectra {
  readonly scheme: Scheme;
  readonly kernels: readonly KernelSpectrum[];
}

/** Ranks chosen for a decomposition. */
export interface RankPlan {
  readonly scheme: Scheme;
  /** By layer; layers left dense are absent. */
  readonly ranks: Readonly<Record<LayerId, number>>;
  readonly macs: number;
  /** `macs` / the network's. */
  readonly share: number;
  /** Why the budget was not reached. */
  readonly shortfall?: string | undefined;
}

/** What a person decided about single layers; the budget leaves these alone. */
export interface RankChoices {
  /** Layers that stay whole. */
  readonly protect: readonly LayerId[];
  /** Layers of exactly this rank. One at which the pair would cost no less than the layer leaves it whole. */
  readonly keep: Readonly<Record<LayerId, number>>;
}

export interface BudgetedRanks extends RankPlan {
  readonly parameters: number;
}

export type RankPlanner = (budget: number, choices?: RankChoices) => BudgetedRanks;

const noChoices: RankChoices = { protect: [], keep: {} };

/** A kernel's price list. */
interface Entry extends KernelSpectrum {
  /** Squared singular values. */
  readonly energies: Float64Array;
  /** Multiply-adds and weights of the layers as they are, and of the pairs for each rank. */
  readonly dense: number;
  readonly perRank: number;
  readonly denseWeights: number;
  readonly weightsPerRank: number;
}

/**
 * The ranks for any budget over the given spectra. Built once, asked on every frame.
 *
 * Throws `NetworkError` for a budget outside (0, 1], spectra of another network, and ranks outside 1 ... full.
 */
export function createRankPlanner(graph: Graph, { scheme, kernels }: Spectra): RankPlanner {
  const { macs: total, parameters: allParameters } = networkCosts(graph);
  const entries = entriesOf(graph, scheme, kernels);
  return (budget, choices = noChoices) => {
    if (!(budget > 0 && budget <= 1)) {
      throw new NetworkError(`The budget must be a share above 0 and at most 1, not ${budget}.`);
    }
    const decided = entries.map((entry) => choiceOf(entry, choices));
    const free = entries.filter((_, at) => decided[at] === 'budget');
    const sum = (list: readonly Entry[]): number => list.reduce((all, { dense }) => all + dense, 0);
    const byHand = entries.reduce((all, entry, at) => {
      const rank = decided[at];
      return rank === 'budget' ? all : all + (rank === undefined ? entry.dense : rank * entry.perRank);
    }, 0);
    const chosen = chooseRanks(free, budget * total - (total - sum(entries)) - byHand);

    const ranks: Record<LayerId, number> = {};
    let [macs, parameters, next] = [total, allParameters, 0];
    for (const [at, entry] of entries.entries()) {
      const own = decided[at];
      const rank = own === 'budget' ? chosen[next++] : own;
      if (rank === undefined) continue;
      macs += rank * entry.perRank - entry.dense;
      parameters += rank * entry.weightsPerRank - entry.denseWeights;
      for (const layer of entry.layers) ranks[layer] = rank;
    }
    const share = macs / total;
    return {
      scheme,
      ranks,
      macs,
      parameters,
      share,
      shortfall: shortfallOf(budget, share, entries.length, free.length),
    };
  };
}

/** `createRankPlanner` asked once. */
export function ranksForBudget(graph: Graph, spectra: Spectra, budget: number, choices?: RankChoices): BudgetedRanks {
  return createRankPlanner(graph, spectra)(budget, choices);
}

/**
 * Share of a spectrum's energy (squared singular values) that each rank keeps, `[0]` = 0 to `[full]` = 1. A zero spectrum
 * keeps all of its nothing at any rank.
 */
export function energyKept(values: ArrayLike<number>): Float64Array {
  const tails = tailSums(Float64Array.from(values, (value) => value ** 2));
  const total = tails[0] ?? 0;
  return tails.map((tail) => (total === 0 ? 1 : 1 - tail / total));
}

/** Ranks that keep `energy` (share of 1) of every kernel's squared singular values, by layer. */
export function ranksForEnergy({ kernels }: Spectra, energy: number): Readonly<Record<LayerId, number>> {
  return Object.fromEntries(
    kernels.flatMap(({ layers, values }) => {
      const rank = rankForEnergy(values, 1 - energy);
      return layers.map((layer) => [layer, rank] as const);
    }),
  );
}

function entriesOf(graph: Graph, scheme: Scheme, kernels: readonly KernelSpectrum[]): readonly Entry[] {
  const shapes = inferShapes(graph);
  const costs = networkCosts(graph, shapes).layers;
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  return kernels.map((kernel): Entry => {
    const convolutions = kernel.layers.map((id): ConvLayer => {
      const layer = layers.get(id);
      if (layer?.op === 'conv') return layer;
      throw new NetworkError(`The spectra name "${id}", which is no convolution of this network.`, id);
    });
    const inputOf = (layer: ConvLayer) => shapes.get(layer.inputs[0] ?? '') ?? ([1] as const);
    const sum = (term: (layer: ConvLayer) => number): number =>
      convolutions.reduce((all, layer) => all + term(layer), 0);
    const [first] = convolutions;
    const inputs = first === undefined ? 1 : channelsOf(inputOf(first));
    return {
      ...kernel,
      energies: Float64Array.from(kernel.values, (value) => value ** 2),
      dense: sum(({ id }) => costs.get(id)?.macs ?? 0),
      perRank: sum((layer) => pairMacs(layer, inputOf(layer), scheme, 1)),
      denseWeights: first === undefined ? 0 : sizeOf(first.kernelSize) * inputs * first.filters,
      weightsPerRank: first === undefined ? 0 : pairWeights(first, inputs, scheme, 1),
    };
  });
}

/** A rank by hand, undefined = whole by hand, or left to the budget. */
function choiceOf(
  { layers, values, dense, perRank }: Entry,
  { protect, keep }: RankChoices,
): number | undefined | 'budget' {
  if (layers.some((id) => protect.includes(id))) return undefined;
  const id = layers.find((layer) => keep[layer] !== undefined);
  const rank = id === undefined ? undefined : keep[id];
  if (rank === undefined) return 'budget';
  if (!Number.isInteger(rank) || rank < 1 || rank > values.length) {
    throw new NetworkError(`"${id}" cannot have rank ${rank}; choose a whole number from 1 to ${values.length}.`, id);
  }
  return rank * perRank < dense ? rank : undefined;
}

function shortfallOf(budget: number, share: number, kernels: number, free: number): string | undefined {
  // A share read off an earlier plan may be a rounding error below it.
  if (share <= budget * (1 + 1e-12)) return undefined;
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const cause =
    kernels === 0
      ? 'the network has no convolution that can be split'
      : free === 0
        ? 'every layer was decided by hand'
        : 'every convolution that can be split is at rank 1 already; the others stay whole';
  return `A budget of ${percent(budget)} cannot be reached: ${percent(share)} remain, for ${cause}.`;
}
