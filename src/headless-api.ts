/** What a program outside the browser may ask of `headless.html`: types alone, shared with the command line. */
import type { LayerSpeed } from '../workers/bench/layers';
import type { Measurement, MemoryUse } from '../workers/bench/measure';
import type { BenchRequest } from '../workers/bench.worker';
import type {
  CommandResult,
  DataSource,
  DeviceChoice,
  DeviceReport,
  NetworkSource,
  RunResult,
  SplitName,
  WorkerErrorData,
} from '../workers/protocol';

/** A file the page fetches from its own origin. `name` may hold folders, `train/cat/1.png`. */
export interface HeadlessFile {
  readonly url: string;
  readonly name: string;
}

interface Sources {
  readonly device: DeviceChoice;
  /** Files of the network; empty unless its source is a file. */
  readonly networkFiles: readonly HeadlessFile[];
  /** Files of the data set; empty unless its source needs them. */
  readonly dataFiles: readonly HeadlessFile[];
}

export interface HeadlessRun extends Sources {
  /** A recipe as written: checked and completed here. */
  readonly recipe: unknown;
  /** Address below which artefacts are posted, as `<artefacts>NAME`; null = none are made. */
  readonly artefacts: string | null;
}

export interface HeadlessEvaluation extends Sources {
  readonly network: NetworkSource;
  readonly data: DataSource;
  readonly split: SplitName;
  /** The first images of the split; null = all. */
  readonly images: number | null;
}

export interface HeadlessRunOutcome {
  readonly result: RunResult;
  /** Names of the files that were posted. */
  readonly artefacts: readonly string[];
}

export interface HeadlessEvaluationOutcome extends CommandResult<'evaluate'> {
  /** How bytes became the network's input, where its file does not say and it had to be tried. */
  readonly input: { readonly title: string; readonly accuracy: number; readonly images: number } | null;
  readonly device: DeviceReport;
}

/** Errors come back as data, so that their kind and fields survive the way out of the browser. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WorkerErrorData };

/** `window.espalier` of headless.html. One call at a time. */
export interface HeadlessApi {
  run(request: HeadlessRun): Promise<Outcome<HeadlessRunOutcome>>;
  evaluate(request: HeadlessEvaluation): Promise<Outcome<HeadlessEvaluationOutcome>>;
  /** Milliseconds of a step of the benchmark. */
  measure(request: BenchRequest): Promise<Outcome<Measurement>>;
  /** Multiply-adds a second of each convolution. */
  layers(request: BenchRequest): Promise<Outcome<LayerSpeed[]>>;
  /** Memory of many steps. */
  memory(request: BenchRequest & { readonly steps: number }): Promise<Outcome<MemoryUse>>;
}

/** Passed to `window.espalierProgress`, where the program outside has bound one; a few a second. */
export interface HeadlessProgress {
  /** "fine-tune: epoch 2 of 3", "Reading data". */
  readonly text: string;
  /** Of the present stage, 0 to 1; null where it is not known. */
  readonly done: number | null;
  /** Position and number of the recipe's stages; null outside a run. */
  readonly stage: number | null;
  readonly stages: number | null;
  readonly secondsLeft: number | null;
  readonly imagesPerSecond: number | null;
}
