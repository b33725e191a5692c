/**
 * What the page knows: one store, fed by the worker's events and by a person's gestures.
 *
 * Types only. `store.ts` implements them; panels select the smallest piece they draw. The plan is derived in the page,
 * synchronously, from the scores it holds; everything else that computes is asked of the worker.
 */
import type { ChannelGroup } from '../../workers/network/groups';
import type { ChannelIndex, LayerId } from '../../workers/network/graph';
import type { CutPlan, CutRules, FilterScores } from '../../workers/network/plan';
import type { RankChoices, Spectra } from '../../workers/network/rank-plan';
import type { Lesson } from '../lessons/lesson-file';
import type { Setup } from '../sharing/setup';
import type {
  Candidate,
  CandidateId,
  CommandName,
  CommandParams,
  CommandResult,
  DatasetView,
  DataSource,
  DeviceChoice,
  DeviceReport,
  ExportFormat,
  ImageEvidence,
  ImageLooks,
  InputTrial,
  MethodDeclaration,
  MetricPoint,
  NetworkSource,
  NetworkView,
  PassFigures,
  Progress,
  RunId,
  RunSummary,
  SettingValues,
  ShippedNetwork,
  StudioEvent,
  Telemetry,
  TelemetrySample,
  TrainStage,
  Truncation,
  WorkerErrorData,
} from '../../workers/protocol';

/** The one typed client of the studio worker. */
export interface StudioClient {
  call<C extends CommandName>(
    command: C,
    params: CommandParams<C>,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, note: string) => void },
  ): Promise<CommandResult<C>>;
  /** Returns the unsubscribe function. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
  /** Terminates the worker and starts a fresh one; pending calls reject. */
  restart(): void;
  dispose(): void;
}

export interface EngineState {
  readonly phase: 'starting' | 'ready' | 'failed';
  readonly device: DeviceReport | null;
  readonly methods: readonly MethodDeclaration[];
  readonly shipped: readonly ShippedNetwork[];
  readonly error: WorkerErrorData | null;
}

/** Costs of one row of the tree, before any cut. */
export interface LayerCost {
  readonly macs: number;
  readonly parameters: number;
}

export interface OpenedNetwork {
  readonly view: NetworkView;
  readonly groups: readonly ChannelGroup[];
  readonly costs: ReadonlyMap<LayerId, LayerCost>;
  readonly macs: number;
  readonly parameters: number;
  /** Measured on the first 512 validation images; null until then or without data. */
  readonly accuracy: number | null;
}

export interface ScoringState {
  readonly method: string;
  readonly settings: SettingValues;
  readonly state: 'idle' | 'scoring' | 'ready' | 'failed';
  readonly note: string;
  /** Of methods that cut filters. A method that has to train first is foreshadowed by `standIn`'s. */
  readonly scores: FilterScores | null;
  /** Of methods that truncate. */
  readonly spectra: Spectra | null;
  readonly normalise: 'layerMean' | 'none';
  readonly error: string | null;
}

/** What the present budget comes to: a cut, or a truncation, which removes no filter. */
export interface Plan extends CutPlan {
  readonly truncation?: PlannedTruncation | undefined;
}

export interface PlannedTruncation extends Truncation {
  /** Layers split, of those that could be. */
  readonly layers: { readonly split: number; readonly total: number };
}

/** Accuracy of the present plan: hollow while estimated, filled once the check has run. */
export interface PreviewState {
  readonly state: 'none' | 'estimate' | 'checking' | 'measured' | 'failed';
  /** Right at the cut, share of 1. */
  readonly accuracy: number | null;
  /** After batch-norm recalibration, share of 1. */
  readonly recalibrated: number | null;
  readonly images: number;
  readonly error: string | null;
}

export interface LiveRun {
  readonly progress: Progress | null;
  readonly points: readonly MetricPoint[];
  readonly telemetry: Telemetry | null;
  /** What the method said so far, thinned so that it stays bounded: the lines of the inspector. */
  readonly history: readonly TelemetrySample[];
  readonly proof: number | null;
  readonly savedStep: number | null;
}

/** Beside the tree: chart and inspector, or in their place the comparison of what is ticked, or how runs came about. */
export type Side = 'chart' | 'compare' | 'experiments';

export type InspectorTab = 'filters' | 'coupling' | 'gates' | 'clusters' | 'ranks' | 'maps' | 'looks';
export type RowLength = 'multiply-adds' | 'weights' | 'filters';
export type FilterOrder = 'strongest first' | 'as stored';
export type Theme = 'light' | 'dark';

/** The sheet about a network from elsewhere. */
export interface UnderstandingState {
  readonly isOpen: boolean;
  readonly trying: 'yes' | 'no';
  /** How well each usual way to make its input does; null before it was tried. */
  readonly trial: InputTrial | null;
  readonly error: string | null;
}

/** What the open network sees in one validation image. */
export interface LooksState {
  readonly image: number;
  readonly state: 'none' | 'looking' | 'seen' | 'failed';
  /** Of the image before while the next one is asked for. */
  readonly seen: ImageLooks | null;
  /** Whose evidence is followed. */
  readonly pixel: { readonly row: number; readonly column: number } | null;
  readonly evidence: ImageEvidence | null;
  /** Figures of every look on all validation images; null until measured. */
  readonly measured: readonly PassFigures[] | null;
  readonly error: string | null;
}

export interface ViewState {
  readonly theme: Theme;
  readonly layer: LayerId | null;
  /** Null = what the present method, or the run that trains, has to show. */
  readonly tab: InspectorTab | null;
  /** The tree shows the gates of the run that trains, where it has some, instead of the present plan. */
  readonly live: boolean;
  readonly rowLength: RowLength;
  readonly order: FilterOrder;
  /** Filter under the pointer; tied copies light up. */
  readonly hovered: { readonly layer: LayerId; readonly channel: ChannelIndex } | null;
  /** Candidate whose cut is outlined on the tree. */
  readonly outlined: { readonly run: RunId; readonly candidate: CandidateId } | null;
  /** What is compared: at most four. */
  readonly ticked: readonly Ticked[];
  readonly side: Side;
  /** Look (from 1) of a network that looks again; null = the last it was built for. */
  readonly look: number | null;
}

/** A network of a run; without `candidate` the one that stands for the run. */
export interface Ticked {
  readonly run: RunId;
  readonly candidate: CandidateId | null;
}

/** A failure shown where it happened: one sentence, one action. */
export interface Notice {
  readonly id: number;
  /** A question waits for its answer, as an error waits for its cure; a note goes by itself. */
  readonly tone: 'error' | 'note' | 'ask';
  readonly message: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

export interface LessonState {
  readonly lesson: Lesson;
  /** The step a person is at, from 0. */
  readonly at: number;
  /** By step: the studio has seen its target and its answer. */
  readonly done: readonly boolean[];
  /** By question. */
  readonly answers: Readonly<Record<string, string>>;
}

/** One budget of the recovery ladder. Shares of 1. */
export interface LadderPoint {
  /** Of the multiply-adds kept. */
  readonly share: number;
  /** Right after the cut. */
  readonly accuracy: number;
  readonly recalibrated: number;
  /** Reconstructed, then recalibrated. */
  readonly reconstructed: number;
}

/** What comes back without training, by budget, for the present method and rules: measured in the background. */
export interface LadderState {
  readonly isOn: boolean;
  readonly isBusy: boolean;
  /** Cheapest first. */
  readonly points: readonly LadderPoint[];
}

export interface StudioState {
  readonly engine: EngineState;
  readonly network: OpenedNetwork | null;
  readonly dataset: DatasetView | null;
  /** What is being opened, for the bar's busy line. */
  readonly opening: string | null;
  readonly scoring: ScoringState;
  readonly rules: CutRules;
  /** Ranks decided by hand, by layer; the budget leaves them alone. Methods that cut filters take no notice. */
  readonly ranks: RankChoices['keep'];
  /** Derived from network, scores or spectra, and rules; null without those. */
  readonly plan: Plan | null;
  readonly preview: PreviewState;
  readonly ladder: LadderState;
  readonly looks: LooksState;
  /** Null where the network is one of the studio's own. */
  readonly understanding: UnderstandingState | null;
  /** The stage in which a method that needs training acts, before the cut. */
  readonly training: TrainStage;
  readonly fineTune: TrainStage;
  /** Of scores that depend on chance, and of runs. */
  readonly seed: number;
  readonly runs: readonly RunSummary[];
  readonly live: Readonly<Record<RunId, LiveRun>>;
  /** The run that trains now. */
  readonly activeRun: RunId | null;
  readonly view: ViewState;
  /** A budget or rank handle is held. */
  readonly isDragging: boolean;
  /** The lesson that is being followed. */
  readonly lesson: LessonState | null;
  readonly notices: readonly Notice[];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** Every gesture a person can make; panels call nothing else. */
export interface StudioActions {
  /** `link` = the fragment the page was opened with: what it holds is opened first, where it holds something. */
  start(device: DeviceChoice, link?: string): Promise<void>;
  openNetwork(source: NetworkSource, files?: readonly File[]): Promise<void>;
  openDataset(source: DataSource, files?: readonly File[]): Promise<void>;
  /** Opens what the fragment of an address holds. False when that is nothing, or cannot be read. */
  openLink(fragment: string): Promise<boolean>;
  /** Network, data, method, cut and view of a setup; what is not at hand is asked for. */
  openSetup(setup: Setup): Promise<void>;
  /** Sets up what the lesson begins with, and shows its first step, or the one a person was at. */
  openLesson(lesson: Lesson): Promise<void>;
  leaveLesson(): void;
  goToStep(at: number): void;
  answer(question: string, text: string): void;
  /** Does what the present step asks for. */
  showMe(): void;
  /** Sorts dropped files into networks, data, projects, and documents: setups, recipes, lessons, traces. */
  openFiles(files: readonly File[]): Promise<void>;
  /** Shows or hides what was understood of a network from elsewhere. */
  showUnderstood(isOpen: boolean): void;
  /** Tries the usual ways to turn pixels into its input on the open data. */
  tryInputs(): Promise<void>;
  /** Settles how pixels become the open network's input; unnamed classes take the names of the open data. */
  describeInput(input: Pick<InputTrial['tried'][number], 'normalisation' | 'order'>): Promise<void>;
  /** Stops the download or decoding under way; what was open stays. */
  cancelOpening(): void;
  chooseMethod(method: string, settings?: SettingValues): void;
  /** While dragging: plan follows, no undo step, no check. */
  dragBudget(budget: number): void;
  /** On release: one undo step, then the check on 512 images. */
  releaseBudget(budget: number): void;
  cancelDrag(): void;
  /** Scores and checks once more after a failure. */
  tryAgain(): void;
  changeRules(change: Partial<CutRules>): void;
  toggleFilter(layer: LayerId, channel: ChannelIndex): void;
  keepFilters(layer: LayerId, count: number | null): void;
  protectLayer(layer: LayerId, protect: boolean): void;
  /** A layer's rank while its handle moves; `releaseRank` is the decision. */
  dragRank(layer: LayerId, rank: number): void;
  releaseRank(layer: LayerId, rank: number): void;
  /** Takes the place of all ranks decided by hand. */
  keepRanks(ranks: RankChoices['keep']): void;
  undo(): void;
  redo(): void;
  changeTraining(change: Partial<TrainStage>): void;
  changeFineTune(change: Partial<TrainStage>): void;
  /** What the recipe line says: a run. */
  /** Whether the recovery ladder is measured and drawn. */
  showLadder(isOn: boolean): void;
  startRun(): Promise<void>;
  controlRun(run: RunId, action: 'pause' | 'resume' | 'step' | 'stop'): Promise<void>;
  /** Turns a live knob of the method that trains. */
  setKnob(run: RunId, setting: string, value: number): Promise<void>;
  /** Plays a recorded run that ships with the studio. Rejects when it cannot be loaded. */
  playTrace(id: string): Promise<void>;
  openCandidate(candidate: Candidate): Promise<void>;
  /** Opens it with the settings of its run, to go another way from there. */
  fork(candidate: Candidate): Promise<void>;
  /** The run's recipe once more, on the network it began with. */
  runAgain(run: RunId): Promise<void>;
  rename(candidate: Candidate, name: string): Promise<void>;
  deleteRun(run: RunId): Promise<void>;
  /** A run by the network that stands for it, or one network of it. */
  tick(what: Ticked, ticked: boolean): void;
  /** Makes the file, has it proven, and hands it to the browser as a download. */
  exportNetwork(format: ExportFormat, run?: RunId): Promise<void>;
  /** Shows a validation image; numbers past either end come round. */
  lookAt(image: number): Promise<void>;
  /** Follows the evidence of one pixel; null lets go of it. */
  pickPixel(pixel: LooksState['pixel']): Promise<void>;
  /** A page about these runs that opens anywhere, as a download. */
  exportReport(runs: readonly RunSummary[]): Promise<void>;
  /** A finished run as a trace to replay, as a download. */
  exportTrace(run: RunId): Promise<void>;
  show(change: Partial<ViewState>): void;
  dismiss(notice: number): void;
}
