/**
 * The one small shape of a method: a declaration (plain data, sent to the page as a catalogue) and the hooks it needs.
 *
 * A method file declares itself and returns hooks from `begin`; `session/` calls them around `training/`. A method that
 * needs a change elsewhere has found a fault in this shape: mend the shape.
 */
import type { LoadedNetwork } from '../compute/executor';
import type { SplitName } from '../datasets/dataset';
import type { LayerId, Network } from '../network/graph';
import type { ChannelGroup } from '../network/groups';
import type { CutPlan, CutRules, FilterScores } from '../network/plan';
import type { RankChoices, RankPlan } from '../network/rank-plan';
import type { DeviceBatch, SettingValues, TrainingHooks } from '../training/hooks';

export type { RankPlan } from '../network/rank-plan';
export type { DeviceBatch, SettingValues, Telemetry } from '../training/hooks';

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

/** What the page knows of a method. Plain data: survives structured cloning. */
export interface MethodDeclaration {
  readonly id: string;
  readonly title: string;
  /** Authors, title, year; empty for folklore. */
  readonly citation: string;
  /** One sentence for the menu. */
  readonly summary: string;
  readonly family: 'baseline' | 'dagger' | 'csgd' | 'trp' | 'gating';
  /** What gets smaller: filters are cut, ranks are truncated, or nothing: the network spends its compute differently. */
  readonly reduces: 'filters' | 'ranks' | 'nothing';
  /** `weights`: looks at tensors alone; `data`: needs images; `training`: acts during training. */
  readonly needs: 'weights' | 'data' | 'training';
  /** How scores of different layers become comparable. */
  readonly normalise: 'layerMean' | 'none';
  readonly settings: SettingsDeclaration;
  /** The one optimiser it trains with, where another would break what it promises. */
  readonly optimiser?: 'sgd' | 'adam' | undefined;
  /** Of a method that needs training: the stages a person starts from. The recipe decides. */
  readonly training?: UsualTraining | undefined;
}

export interface UsualTraining {
  readonly epochs: number;
  readonly learningRate: number;
  /** Epochs of fine-tuning after the cut; 0 where the cut loses nothing. */
  readonly fineTune: number;
  /** Where it is another than the studio's usual one. */
  readonly optimiser?: 'sgd' | 'adam';
  readonly batchSize?: number;
  readonly weightDecay?: number;
  /** Epochs of linear warm-up. */
  readonly warmUp?: number;
}

export interface BatchManner {
  /** True: images are moved as in training. */
  readonly augment?: boolean;
}

export interface MethodContext {
  readonly network: Network;
  readonly groups: readonly ChannelGroup[];
  /** On the device. Present unless the method needs weights alone. */
  readonly loaded: LoadedNetwork | undefined;
  /** Batches of a split in fixed order, at most `images` images. Throws where there is no data. */
  readonly batches: (split: SplitName, images: number, manner?: BatchManner) => AsyncIterable<DeviceBatch>;
  readonly settings: SettingValues;
  /** What the recipe asks for next: a method that trains heads for it. Absent where nothing follows. */
  readonly goal?: Goal | undefined;
  /** Uniform in [0, 1), driven by the recipe's seed. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Monotone, 0 to 1. */
  readonly progress: (done: number, note: string) => void;
}

/** The next stage of the recipe that makes the network smaller: rules of a `prune`, budget of a `truncate`. */
export type Goal =
  { readonly stage: 'prune'; readonly rules: CutRules } | { readonly stage: 'truncate'; readonly budget: number };

/**
 * Every hook is optional; a baseline needs `score` or `decideRanks` alone. A training method adds the hooks of
 * `training/hooks.ts`; the same object then decides the cut or the ranks of the stages that follow.
 */
export interface MethodHooks extends TrainingHooks {
  /** Importance per filter, for every weighted layer. */
  score?(): Promise<FilterScores>;
  /** Overrides the budget planner (default: `planCut` on the scores). */
  decideCut?(rules: CutRules): Promise<CutPlan>;
  /**
   * Rewrites tensors so that the cut loses nothing: centripetal SGD adds the input slices of the filters that go to
   * those of the one that stays for them. The graph stays as it is.
   */
  beforeCut?(network: Network, plan: CutPlan): Network;
  /** `budget`: share of the multiply-adds of the context's network that may be kept. `choices`: layers decided by hand. */
  decideRanks?(budget: number, choices?: RankChoices): Promise<RankPlan>;
  /** Present gate values, for telemetry and masks. */
  gateValues?(): Promise<Readonly<Record<LayerId, Float32Array>>>;
  dispose?(): void;
}

export interface Method extends MethodDeclaration {
  readonly begin: (context: MethodContext) => Promise<MethodHooks>;
}

/** A method was asked for something it cannot do. */
export class MethodError extends Error {
  override readonly name = 'MethodError';
  constructor(
    message: string,
    /** The method's id, as it was asked for. */
    readonly method: string,
  ) {
    super(message);
  }
}
