/** Runs: their recipes, networks and figures, and what they say while they are carried out. */
import type { SplitName } from '../datasets/dataset';
import type { Telemetry } from '../methods/method';
import type { Recipe, StageName } from '../session/recipe';
import type { Metric } from '../training/evaluate';
import type { WorkerErrorData } from '../rpc/errors';
import type { PassFigures } from './measuring';
import type { RemovedChannels } from './networks';

/** Handles into the worker. Opaque to the page; never reused. */
export type RunId = string;
export type CandidateId = string;

/** One network of a run at a given moment: a point on the trade-off chart. */
export interface Candidate {
  readonly id: CandidateId;
  readonly run: RunId;
  readonly stage: StageName;
  /**
   * Original = after `pretrain`, before any stage that cuts or tunes the network. Trained = after a training stage that
   * others follow. Checkpoint = what a stopped run left, not measured.
   */
  readonly kind: 'original' | 'trained' | 'cut' | 'recalibrated' | 'reconstructed' | 'final' | 'checkpoint';
  readonly macs: number;
  readonly parameters: number;
  /** `macs` / the original's, share of 1. */
  readonly share: number;
  /** Share of 1 on the recipe's `measureOn` split, what `metric` says, of the last pass; null = not measured. */
  readonly accuracy: number | null;
  /** Accuracy when absent. */
  readonly metric?: Metric | undefined;
  /** Of a network with several passes, first to last. */
  readonly passes?: readonly PassPoint[] | undefined;
  readonly split: SplitName;
  readonly images: number;
  readonly removed?: RemovedChannels | undefined;
  /** A person's name for it. */
  readonly name?: string | undefined;
  /**
   * Position in the recipe of the stage that made it; of an original that was not trained here, of the first that
   * changes it. Absent in older records and shipped ones, as is `hash`.
   */
  readonly stageIndex?: number | undefined;
  /** SHA-256 over structure and tensors, hex: what opening it must give again. */
  readonly hash?: string | undefined;
  /** True when its tensors are stored and it can be opened. */
  readonly stored: boolean;
}

/** One pass as a point of the trade-off chart. */
export interface PassPoint {
  readonly macs: number;
  /** As `Candidate.accuracy`. */
  readonly accuracy: number;
}

export type RunState = 'waiting' | 'running' | 'paused' | 'finished' | 'stopped' | 'failed' | 'interrupted';

export interface AccuracyByStage {
  readonly original: number | null;
  readonly cut: number | null;
  readonly recalibrated: number | null;
  readonly final: number | null;
}

/** What an `evaluate` stage found. */
export interface StageEvaluation {
  /** Position in the recipe. */
  readonly stage: number;
  readonly split: SplitName;
  readonly images: number;
  /** Share of 1, what `metric` says, of the last pass. */
  readonly accuracy: number;
  /** Accuracy when absent. */
  readonly metric?: Metric | undefined;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Segmentation, and networks of several passes: first to last. */
  readonly passes?: readonly PassFigures[] | undefined;
}

/** The object `espalier run --json` prints. Accuracies are shares of 1 on `split`, of the last pass. */
export interface RunResult {
  readonly device: string;
  readonly seconds: number;
  readonly seed: number;
  readonly split: SplitName;
  readonly images: number;
  readonly macs: { readonly original: number; readonly kept: number; readonly share: number };
  readonly parameters: { readonly original: number; readonly kept: number };
  readonly accuracy: AccuracyByStage;
  /** What accuracies are; the share told right when absent. */
  readonly metric?: Metric | undefined;
  /** Of the final network, where it has several passes. */
  readonly passes?: readonly PassPoint[] | undefined;
  readonly proof: { readonly maxAbsLogitDifference: number | null };
  /** Training images per second, measured over all training stages; null = nothing trained. */
  readonly imagesPerSecond: number | null;
  readonly multiplyAddsPerSecond: number | null;
  readonly trainingSteps: number;
  /** How often this run read the test split. */
  readonly testUses: number;
  readonly method: string | null;
  /** One entry per `evaluate` stage that was carried out. */
  readonly evaluations?: readonly StageEvaluation[] | undefined;
  readonly notes: readonly string[];
}

/** A live knob that was turned while a stage trained. */
export interface KnobChange {
  /** Position in the recipe. */
  readonly stage: number;
  /** First step of the stage that saw the new value. */
  readonly step: number;
  readonly setting: string;
  readonly value: number;
}

/** What a method said of itself at one moment of its training. */
export interface TelemetrySample {
  /** Position in the recipe. */
  readonly stage: number;
  readonly step: number;
  /** Steps of the whole stage. */
  readonly total: number;
  readonly telemetry: Telemetry;
}

export interface RunSummary {
  readonly run: RunId;
  readonly name: string;
  readonly recipe: Recipe;
  readonly state: RunState;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly candidates: readonly Candidate[];
  readonly result: RunResult | null;
  readonly error: WorkerErrorData | null;
  /** In the order they were turned; with the recipe they determine the run. Absent = none was turned. */
  readonly knobs?: readonly KnobChange[] | undefined;
  /** `reference` runs ship with the studio; `here` were carried out in this browser; `replay`: the page plays a recorded one. */
  readonly origin: 'reference' | 'here' | 'replay';
}

/** One row of metrics.csv and one point of the live curves. */
export interface MetricPoint {
  readonly stage: number;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  /**
   * Share of 1, of the last pass: of the training batch (images or pixels told right), or of `split` when `split` is set
   * (what the run's candidates say of it).
   */
  readonly accuracy: number | null;
  readonly split: SplitName | null;
  readonly learningRate: number;
}

export interface Progress {
  readonly stage: number;
  readonly stageName: StageName;
  /** "epoch 2 of 3", "Scoring layer 9 of 21". */
  readonly note: string;
  /** Steps of the stage, monotone, with a constant total. */
  readonly done: number;
  readonly total: number;
  readonly imagesPerSecond: number | null;
  readonly multiplyAddsPerSecond: number | null;
  readonly secondsLeft: number | null;
}

export type RunEvent = { readonly run: RunId } & (
  | { readonly event: 'state'; readonly state: RunState }
  | {
      readonly event: 'stage';
      readonly stage: number;
      readonly stageName: StageName;
      readonly state: 'started' | 'finished';
    }
  | { readonly event: 'progress'; readonly progress: Progress }
  | { readonly event: 'metrics'; readonly points: readonly MetricPoint[] }
  | ({ readonly event: 'telemetry' } & TelemetrySample)
  | { readonly event: 'candidate'; readonly candidate: Candidate }
  | { readonly event: 'proof'; readonly maxAbsLogitDifference: number }
  | { readonly event: 'saved'; readonly step: number }
  | { readonly event: 'finished'; readonly result: RunResult }
  | { readonly event: 'failed'; readonly error: WorkerErrorData }
);
