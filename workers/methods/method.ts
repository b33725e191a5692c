/**
 * The one small shape of a method: a declaration (plain data, sent to the page as a catalogue) and the hooks it needs.
 *
 * A method file declares itself and returns hooks from `begin`; `session/` calls them around `training/`. A method that
 * needs a change elsewhere has found a fault in this shape: mend the shape.
 */
import type { Scalar, Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import type { SplitName } from '../datasets/dataset';
import type { Gates, LoadedNetwork, Parameter } from '../compute/executor';
import type { ChannelGroup } from '../network/groups';
import type { LayerId, Network } from '../network/graph';
import type { CutPlan, CutRules, FilterScores } from '../network/plan';

/** One setting: its range is the form's, the recipe's and the documentation's. */
export type SettingDeclaration =
  | {
      readonly kind: 'number';
      readonly label: string;
      readonly explain: string;
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly step: number;
      readonly scale?: 'linear' | 'log' | undefined;
      /** True = may be changed while the method trains (a live knob). */
      readonly live?: boolean | undefined;
    }
  | {
      readonly kind: 'choice';
      readonly label: string;
      readonly explain: string;
      readonly default: string;
      readonly options: readonly { readonly value: string; readonly label: string }[];
    }
  | { readonly kind: 'switch'; readonly label: string; readonly explain: string; readonly default: boolean };

export type SettingsDeclaration = Readonly<Record<string, SettingDeclaration>>;
export type SettingValues = Readonly<Record<string, number | string | boolean>>;

/** What the page knows of a method. Plain data: survives structured cloning. */
export interface MethodDeclaration {
  readonly id: string;
  readonly title: string;
  /** Authors, title, year; empty for folklore. */
  readonly citation: string;
  /** One sentence for the menu. */
  readonly summary: string;
  readonly family: 'baseline' | 'dagger' | 'csgd' | 'trp' | 'gating';
  /** What gets smaller: filters are cut, or ranks are truncated. */
  readonly reduces: 'filters' | 'ranks';
  /** `weights`: looks at tensors alone; `data`: needs images; `training`: acts during training. */
  readonly needs: 'weights' | 'data' | 'training';
  /** How scores of different layers become comparable. */
  readonly normalise: 'layerMean' | 'none';
  readonly settings: SettingsDeclaration;
}

/** A mini-batch on the device; the receiver disposes both. Images are normalised, labels one-hot `[batch, classes]`. */
export interface DeviceBatch {
  readonly images: Tensor4D;
  readonly labels: Tensor;
}

export interface MethodContext {
  readonly network: Network;
  readonly groups: readonly ChannelGroup[];
  /** On the device. Present unless the method needs weights alone. */
  readonly loaded: LoadedNetwork | undefined;
  /** Unaugmented batches of a split in fixed order, at most `images` images. Throws where there is no data. */
  readonly batches: (split: SplitName, images: number) => AsyncIterable<DeviceBatch>;
  readonly settings: SettingValues;
  /** Uniform in [0, 1), driven by the recipe's seed. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Monotone, 0 to 1. */
  readonly progress: (done: number, note: string) => void;
}

/** What a training hook sees between backward and update. */
export interface StepView {
  /** Global step within the stage, from 0. */
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly parameters: readonly Parameter[];
  /** By parameter name. A hook that replaces an entry disposes the old tensor. */
  readonly gradients: Map<string, Tensor>;
  /** Present values of the method's live knobs. */
  readonly settings: SettingValues;
}

/** Ranks chosen for a decomposition. */
export interface RankPlan {
  readonly scheme: 'channel' | 'spatial';
  /** By layer; layers left dense are absent. */
  readonly ranks: Readonly<Record<LayerId, number>>;
  readonly macs: number;
  readonly share: number;
  readonly shortfall?: string | undefined;
}

/** Named series for the inspector and metrics.csv; keys stay the same over a stage. */
export interface Telemetry {
  readonly values: Readonly<Record<string, number>>;
  /** Per layer, per filter or per singular value. */
  readonly layers?: Readonly<Record<LayerId, Readonly<Record<string, Float32Array>>>> | undefined;
}

/** Every hook is optional; a baseline needs `score` or `decideRanks` alone. */
export interface MethodHooks {
  /** Importance per filter, for every weighted layer that can be cut. */
  score?(): Promise<FilterScores>;
  /** Overrides the budget planner (default: `planCut` on the scores). */
  decideCut?(rules: CutRules): Promise<CutPlan>;
  decideRanks?(budget: number): Promise<RankPlan>;
  /** Awaited before the forward pass: truncations, re-clustering. */
  beforeStep?(view: Omit<StepView, 'gradients'>): Promise<void> | void;
  /** Inside the gradient tape. */
  gates?(): Gates;
  /** Inside the gradient tape, added to the loss. */
  extraLoss?(): Scalar;
  /** Trainable variables of the method's own, updated by the same optimiser. */
  readonly variables?: readonly Variable[];
  /** False: only `variables` train. */
  readonly trainParameters?: boolean;
  /** Replace gradients; owns weight decay for the parameters it names in `ownsDecay`. */
  changeGradients?(view: StepView): void;
  readonly ownsDecay?: ReadonlySet<string>;
  afterStep?(view: Omit<StepView, 'gradients'>): Promise<void> | void;
  /** Present gate values, for telemetry and masks. */
  gateValues?(): Promise<Readonly<Record<LayerId, Float32Array>>>;
  telemetry?(): Promise<Telemetry>;
  dispose?(): void;
}

export interface Method extends MethodDeclaration {
  readonly begin: (context: MethodContext) => Promise<MethodHooks>;
}

