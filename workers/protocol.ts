/**
 * Every message between page and worker, typed.
 *
 * `Commands` pairs each command with its parameters and result; `StudioEvent` is what the worker says unasked.
 * The mechanism (ids, deadlines, abort, typed errors) is in `rpc.ts`; checks on what arrives are in `protocol-schema.ts`.
 * The page may import this file and `network/`, nothing else of the engine.
 */
import type { DeviceReport } from './compute/executor';
import type { SplitName, Task } from './datasets/dataset';
import type { MethodDeclaration, SettingValues, Telemetry } from './methods/method';
import type { ChannelIndex, Graph, LayerId, NetworkFormat, NetworkMeta, Normalisation } from './network/graph';
import type { FilterScores, Reduction, Sensitivity } from './network/plan';
import type { RankPlan, Spectra } from './network/rank-plan';
import type { DataSource, NetworkSource, Recipe, StageName } from './session/recipe';
import type { ClassCounts, Metric, PassEvaluation } from './training/evaluate';

export type { DataSource, NetworkSource, Recipe, RecipeInput, Stage, StageName, TrainStage } from './session/recipe';
export type { ClassCounts, DeviceReport, MethodDeclaration, Metric, SettingValues, SplitName, Task, Telemetry };
export type { SettingDeclaration, SettingsDeclaration } from './methods/method';

/** Handles into the worker. Opaque to the page; never reused. */
export type NetworkId = string;
export type DatasetId = string;
export type RunId = string;
export type CandidateId = string;

export type RemovedChannels = Readonly<Record<LayerId, readonly ChannelIndex[]>>;

/** Convolutions split into pairs of the given ranks. */
export type Truncation = Pick<RankPlan, 'scheme' | 'ranks'>;

export interface NetworkView {
  readonly network: NetworkId;
  readonly graph: Graph;
  readonly meta: NetworkMeta;
  /** SHA-256 over structure and tensors, hex. */
  readonly hash: string;
  readonly source: NetworkSource;
  /** What the reader guessed or left out: shown, never silent. */
  readonly notes: readonly string[];
}

export interface DatasetView {
  readonly dataset: DatasetId;
  readonly name: string;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  readonly normalisation: Normalisation;
  readonly counts: Readonly<Record<SplitName, number>>;
  readonly notes: readonly string[];
  readonly source: DataSource;
}

/** How well a network does when bytes become numbers one way or another. */
export interface InputTrial {
  readonly images: number;
  /** Accuracy of guessing. */
  readonly chance: number;
  /** The best first. */
  readonly tried: readonly {
    readonly id: string;
    readonly title: string;
    readonly order: 'RGB' | 'BGR';
    readonly normalisation: Normalisation;
    readonly accuracy: number;
  }[];
}

/** A network this project ships with its weights. */
export interface ShippedNetwork {
  readonly id: string;
  readonly title: string;
  readonly data: DataSource;
  /** Test accuracy of the shipped weights, share of 1, measured by the recipe that made them. */
  readonly accuracy: number;
  readonly macs: number;
  readonly parameters: number;
  readonly recipe: string;
}

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

/** What a network answers after one of its passes; a plain network has one. */
export interface PassFigures extends Omit<PassEvaluation, 'confusion'> {
  /** Multiply-adds of one image up to this pass. */
  readonly macs: number;
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

/** One image as a network sees it, look by look. */
export interface ImageLooks {
  /** `[h, w, 3]`, RGB bytes. */
  readonly image: Uint8Array;
  readonly size: readonly [number, number];
  /** `[h, w]`, class indices, 255 = none; null where images have one label. */
  readonly truth: Uint8Array | null;
  readonly label: number | null;
  readonly passes: readonly {
    /** `[h, w]`, class indices; null where images have one label. */
    readonly prediction: Uint8Array | null;
    /** By class; null where pixels are labelled. */
    readonly probabilities: Float32Array | null;
    /** Share of this image's labelled pixels that are right; null where images have one label. */
    readonly accuracy: number | null;
    /** None in the first look. */
    readonly gates: readonly {
      /** From 1. */
      readonly stage: number;
      readonly size: readonly [number, number];
      /** `[h, w]` of `size`, mean over channels. */
      readonly map: Float32Array;
      /** Mean over the picture, by channel. */
      readonly channels: Float32Array;
    }[];
  }[];
}

/** What the answer at one pixel rests on, look by look. */
export interface ImageEvidence {
  /** Rows and columns of `drop`, spread evenly over the image. */
  readonly grid: readonly [number, number];
  readonly passes: readonly {
    /** The class named at the pixel. */
    readonly answer: number;
    /** By class, at the pixel. */
    readonly probabilities: Float32Array;
    /** How much the probability of `answer` falls when a patch there (an eighth of each side) is hidden. */
    readonly drop: Float32Array;
    /** Gate values at the pixel, by channel. */
    readonly gates: readonly { readonly stage: number; readonly values: Float32Array }[];
  }[];
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

export type StudioEvent =
  | { readonly kind: 'run'; readonly event: RunEvent }
  | { readonly kind: 'device'; readonly report: DeviceReport }
  | { readonly kind: 'device-lost'; readonly reason: string; readonly recovering: boolean }
  | { readonly kind: 'storage'; readonly message: string; readonly bytesNeeded: number | null }
  | { readonly kind: 'warning'; readonly message: string };

/** Two networks on the same images, by position: how they differ, and the 95 % interval of that (`linalg/paired.ts`). */
export interface NetworkPair {
  readonly first: number;
  readonly second: number;
  /** Images that only the first, only the second of them gets right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Accuracy of the second less that of the first, share of 1. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Of the exact McNemar test, two-sided. */
  readonly pValue: number;
}

export type DeviceChoice = 'auto' | 'webgpu' | 'wasm';
/** `everything`: one zip with all formats the network can leave in, source, recipe and model card. */
export type ExportFormat = NetworkFormat | 'everything' | 'project' | 'recipe' | 'metrics';

/** Command name -> parameters and result. `progress` marks commands that report 0..1 with a note while they work. */
export interface Commands {
  start: {
    params: { readonly device: DeviceChoice; readonly baseUrl: string };
    result: {
      readonly device: DeviceReport;
      readonly methods: readonly MethodDeclaration[];
      readonly shipped: readonly ShippedNetwork[];
      readonly runs: readonly RunSummary[];
    };
  };
  /** `file` holds the bytes when the source is a file. */
  openNetwork: {
    params: { readonly source: NetworkSource; readonly files: readonly File[]; readonly seed?: number | undefined };
    result: NetworkView;
  };
  /** The usual ways to turn bytes into a network's input, each measured on images of the validation split. */
  tryInputs: { params: { readonly network: NetworkId; readonly dataset: DatasetId }; result: InputTrial };
  /** The network with its input and classes described; `BGR` turns its first kernels, so that it takes RGB. */
  describeInput: {
    params: {
      readonly network: NetworkId;
      readonly normalisation: Normalisation;
      readonly order: 'RGB' | 'BGR';
      readonly classes: readonly string[] | null;
    };
    result: NetworkView;
  };
  openDataset: {
    params: { readonly source: DataSource; readonly files: readonly File[] };
    result: DatasetView;
  };
  /** Importance per filter by a method that scores. */
  score: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId | null;
      readonly method: string;
      readonly settings: SettingValues;
      readonly seed: number;
    };
    result: { readonly scores: FilterScores; readonly normalise: 'layerMean' | 'none'; readonly seconds: number };
  };
  /** Singular values of every kernel a truncation by `method` could split. */
  spectra: {
    params: { readonly network: NetworkId; readonly method: string; readonly settings: SettingValues };
    result: Spectra;
  };
  /** The same cut as the real thing, per group, coarse first; `signal` cancels. */
  sensitivity: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly scores: FilterScores;
      readonly reduction: Reduction;
      readonly normalise: 'layerMean' | 'none';
      readonly images: number;
    };
    result: { readonly sensitivity: Sensitivity };
  };
  /**
   * Accuracy of the network without `removed`, or truncated, on the first `images` of a split; with and without
   * batch-norm recalibration.
   */
  preview: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly removed: RemovedChannels;
      readonly truncation?: Truncation | undefined;
      readonly images: number;
      readonly recalibrate: boolean;
    };
    result: { readonly accuracy: number; readonly recalibrated: number | null; readonly images: number };
  };
  /**
   * What a cut or a truncation comes to right away, recalibrated, and reconstructed as well, on the first `images`
   * validation images. Measured when nobody else wants the device.
   */
  recover: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly removed: RemovedChannels;
      readonly truncation?: Truncation | undefined;
      readonly images: number;
    };
    result: { readonly accuracy: number; readonly recalibrated: number; readonly reconstructed: number };
  };
  evaluate: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly images: number | null;
      /** How often to look; as often as the network was built for when absent. */
      readonly passes?: number | undefined;
    };
    result: {
      readonly metric: Metric;
      /** What `metric` says, of the last pass. */
      readonly accuracy: number;
      readonly loss: number;
      readonly images: number;
      /** Of the last pass. */
      readonly perClass: readonly ClassCounts[];
      /** `confusion` is `[label][answer]`, row-major counts of images, or of pixels. */
      readonly passes: readonly (PassFigures & { readonly confusion: readonly number[] })[];
      readonly seconds: number;
      readonly testUses: number;
    };
  };
  /** RMS over input channels of every kernel tap: `[filters, kh, kw]`; RGB kernels also signed `[filters, kh, kw, 3]`. */
  kernels: {
    params: { readonly network: NetworkId; readonly layer: LayerId };
    result: {
      readonly filters: number;
      readonly size: readonly [number, number];
      readonly magnitude: Float32Array;
      readonly rgb: Float32Array | null;
    };
  };
  /** Median forward milliseconds of one layer for a batch, before and after the cut. */
  measureLayer: {
    params: {
      readonly network: NetworkId;
      readonly layer: LayerId;
      readonly removed: RemovedChannels;
      readonly batch: number;
    };
    result: { readonly originalMs: number; readonly cutMs: number };
  };
  /** Answers of up to five networks to the same first `images` of a split (null = all), and every two of them compared. */
  compareNetworks: {
    params: {
      readonly networks: readonly NetworkId[];
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly images: number | null;
    };
    result: {
      readonly split: SplitName;
      readonly images: number;
      /** `[images]`, true classes. */
      readonly labels: Uint16Array;
      /**
       * One per network. `predictions` `[images]`; `margins` `[images]`, probability of the true class less that of the
       * likeliest other one.
       */
      readonly answers: readonly { readonly predictions: Uint16Array; readonly margins: Float32Array }[];
      readonly pairs: readonly NetworkPair[];
      readonly testUses: number;
    };
  };
  /** Forward milliseconds of a batch through each network, which take turns: median and quartiles. */
  timeNetworks: {
    params: { readonly networks: readonly NetworkId[]; readonly batch: number };
    result: {
      readonly times: readonly { readonly median: number; readonly low: number; readonly high: number }[];
    };
  };
  /** RGB bytes of single images of a split, `[indices, h, w, 3]`. */
  imagesAt: {
    params: { readonly dataset: DatasetId; readonly split: SplitName; readonly indices: readonly number[] };
    result: { readonly shape: readonly [number, number, number]; readonly pixels: Uint8Array };
  };
  /** `passes` null = as often as the network was built to look; `image` counts within the split. */
  looks: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly image: number;
      readonly passes: number | null;
    };
    result: ImageLooks;
  };
  /** Found by hiding one patch of the image after the other; `signal` cancels. */
  evidence: {
    params: {
      readonly network: NetworkId;
      readonly dataset: DatasetId;
      readonly split: SplitName;
      readonly image: number;
      readonly passes: number | null;
      readonly row: number;
      readonly column: number;
    };
    result: ImageEvidence;
  };
  startRun: {
    params: {
      readonly recipe: Recipe;
      /** Open networks and data to use; otherwise the recipe's sources are opened. */
      readonly network: NetworkId | null;
      readonly dataset: DatasetId | null;
      readonly files: readonly File[];
    };
    result: { readonly run: RunId };
  };
  /** `step` carries out one training step of a paused run. `stop` keeps what is there. */
  controlRun: {
    params: { readonly run: RunId; readonly action: 'pause' | 'resume' | 'step' | 'stop' };
    result: { readonly state: RunState };
  };
  /** Changes a live knob of the method that trains. */
  setKnob: { params: { readonly run: RunId; readonly setting: string; readonly value: number }; result: null };
  listRuns: { params: null; result: { readonly runs: readonly RunSummary[] } };
  deleteRun: { params: { readonly run: RunId }; result: null };
  /** A person's name for a network of a run; empty = none. */
  renameCandidate: {
    params: { readonly run: RunId; readonly candidate: CandidateId; readonly name: string };
    result: null;
  };
  metricsOf: { params: { readonly run: RunId }; result: { readonly points: readonly MetricPoint[] } };
  /** What the method that trained last said of itself, oldest first, thinned so that it stays small. */
  telemetryOf: { params: { readonly run: RunId }; result: { readonly samples: readonly TelemetrySample[] } };
  openCandidate: {
    params: { readonly run: RunId; readonly candidate: CandidateId };
    result: NetworkView;
  };
  /** The written file is reopened in a separate worker and its logits compared before it is returned. */
  exportNetwork: {
    params: {
      readonly network: NetworkId | null;
      readonly run: RunId | null;
      readonly dataset: DatasetId | null;
      readonly format: ExportFormat;
    };
    result: {
      readonly name: string;
      readonly blob: Blob;
      readonly sha256: string;
      readonly proof: { readonly maxAbsLogitDifference: number; readonly images: number } | null;
    };
  };
}

export type CommandName = keyof Commands;
export type CommandParams<C extends CommandName> = Commands[C]['params'];
export type CommandResult<C extends CommandName> = Commands[C]['result'];

/** What crosses the line of an error: `kind` is machine-readable, `message` names what to do. */
export interface WorkerErrorData {
  readonly kind: string;
  readonly message: string;
  /** Fields of the original error: layer, file, offset, path. */
  readonly data: Readonly<Record<string, string | number>>;
}
