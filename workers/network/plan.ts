/**
 * Budget planning: from scores and rules to the filters that go.
 *
 * Pure and fast: the page runs it on every frame of a dragged budget.
 */
import type { ChannelIndex, Graph, LayerId } from './graph';

/** Importance per filter, higher = keep, one array per weighted layer (`length` = its output channels). */
export type FilterScores = Readonly<Record<LayerId, Float32Array>>;

/** Channels to remove by weighted layer, in the numbering before the cut. */
export type RemovedChannels = Readonly<Record<LayerId, readonly ChannelIndex[]>>;

export type Reduction = 'mean' | 'max' | 'sum' | 'first';
export type Allocation = 'global' | 'uniform' | 'sensitivity';

/** What a cut may and may not do. The recipe's `prune` stage is exactly this. */
export interface CutRules {
  /** Share of the original multiply-adds that may be kept, (0, 1]. */
  readonly budget: number;
  readonly allocation: Allocation;
  /** How importances of tied filters become one. */
  readonly reduction: Reduction;
  /** Smallest share of its filters every layer keeps (never fewer than one filter). */
  readonly floor: number;
  /** Channel groups that lose filters keep a multiple of this, where they are that wide and hands left it possible. */
  readonly roundTo: 1 | 4 | 8;
  readonly protect: readonly LayerId[];
  /** Layers that keep exactly this many filters. */
  readonly keep: Readonly<Record<LayerId, number>>;
  /** Filters decided by hand. */
  readonly byHand: Readonly<
    Record<LayerId, { readonly cut: readonly ChannelIndex[]; readonly keep: readonly ChannelIndex[] }>
  >;
}

/** Accuracy (share of 1) of the network when only this group is cut, by share of its units removed, ascending. */
export interface SensitivityCurve {
  readonly removed: readonly number[];
  readonly accuracy: readonly number[];
}

/** By `ChannelGroup.id`. */
export type Sensitivity = Readonly<Record<string, SensitivityCurve>>;

export interface PlannerInput {
  readonly graph: Graph;
  readonly scores: FilterScores;
  /** `layerMean`: each layer's scores are divided by their mean before layers are compared (L1, FPGM, ...). */
  readonly normalise: 'layerMean' | 'none';
  /** Needed by `sensitivity` allocation only. */
  readonly sensitivity?: Sensitivity | undefined;
}

export interface CutPlan {
  /** Channels to remove by weighted layer, ascending; closed under coupling. Layers that lose nothing are absent. */
  readonly removed: RemovedChannels;
  readonly macs: number;
  readonly parameters: number;
  /** `macs` / the original's. */
  readonly share: number;
  /** Filters removed and total, over all weighted layers that can be cut. */
  readonly filters: { readonly removed: number; readonly total: number };
  /** Why the budget was not reached, naming the floor, protection or override that stopped it. */
  readonly shortfall?: string | undefined;
  /** Wishes of the rules that could not be granted (a hand cut in a protected layer ...), one sentence each. */
  readonly notes?: readonly string[] | undefined;
}
