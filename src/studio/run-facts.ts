/** What a run is about, read from its recipe and its candidates: shared by the table, the chart and the strip. */
import type {
  Candidate,
  DataSource,
  DatasetView,
  NetworkSource,
  NetworkView,
  Recipe,
  RunSummary,
  Stage,
  TrainStage,
} from '../../workers/protocol';
import type { Ticked } from './state';

type TrainingStage = Extract<Stage, { stage: 'pretrain' | 'fine-tune' }>;

/** Of what a run makes, the later kinds stand for it on the chart and in the table. */
const RANK = { cut: 1, recalibrated: 2, reconstructed: 2, checkpoint: 3, final: 4 } as const;

/** The method that makes the network smaller, or trains it to look again; null when the recipe only trains or evaluates. */
export function methodOf(recipe: Recipe): string | null {
  for (const stage of recipe.stages) {
    if (isTraining(stage) && stage.method !== undefined) return stage.method;
  }
  for (const stage of recipe.stages) {
    if (stage.stage === 'score' || stage.stage === 'truncate') return stage.method;
  }
  return null;
}

/** Share of the multiply-adds the recipe asks to keep, or null when it cuts nothing. The last cut counts. */
export function targetOf(recipe: Recipe): number | null {
  const budgets = recipe.stages.flatMap((stage) =>
    stage.stage === 'prune' || stage.stage === 'truncate' ? [stage.budget] : [],
  );
  return budgets.at(-1) ?? null;
}

export function isTraining(stage: Stage): stage is TrainingStage {
  return stage.stage === 'pretrain' || stage.stage === 'fine-tune';
}

/** Training stages that follow the recipe's first cut; all of them when it cuts nothing. */
export function trainingAfterCut(recipe: Recipe): readonly TrainStage[] {
  const firstCut = recipe.stages.findIndex((stage) => stage.stage === 'prune' || stage.stage === 'truncate');
  return recipe.stages.slice(firstCut + 1).filter(isTraining);
}

/** The stages that train the network that was opened: before the cut, by a method, and after it. */
export function tuning(recipe: Recipe): readonly TrainStage[] {
  return recipe.stages.filter(isTraining).filter(({ stage }) => stage === 'fine-tune');
}

/** The network before anything was changed. */
export function originalOf(run: RunSummary): Candidate | null {
  return run.candidates.find((candidate) => candidate.kind === 'original') ?? null;
}

/** The candidate that stands for the run: its last network that was cut; null before the first cut. */
export function standsFor(run: RunSummary): Candidate | null {
  let best: Candidate | null = null;
  for (const candidate of run.candidates) {
    if (candidate.kind === 'original' || candidate.kind === 'trained') continue;
    if (best === null || rankOf(candidate) >= rankOf(best)) best = candidate;
  }
  return best;
}

function rankOf({ kind }: Candidate): number {
  return kind === 'original' || kind === 'trained' ? 0 : RANK[kind];
}

/** The network a tick means; null while the run has none. */
export function tickedOf(run: RunSummary, { candidate }: Ticked): Candidate | null {
  return candidate === null ? standsFor(run) : (run.candidates.find(({ id }) => id === candidate) ?? null);
}

export function isSameTick(one: Ticked, other: Ticked): boolean {
  return one.run === other.run && one.candidate === other.candidate;
}

/** True while the run may still change. */
export function isOpen(run: RunSummary): boolean {
  return run.state === 'waiting' || run.state === 'running' || run.state === 'paused';
}

/**
 * Whether the run's points may be compared with the open network: same origin of weights, same data.
 * Where no data are open, the network alone decides. A candidate that was opened is a network of its own: its shares
 * count from what it costs, not from what its ancestor did.
 */
export function isAbout(
  run: RunSummary,
  network: Pick<NetworkView, 'source'>,
  dataset: Pick<DatasetView, 'source'> | null,
): boolean {
  if (dataset !== null && !isOnData(run, dataset)) return false;
  return beganWith(run, network.source);
}

/**
 * Whether the run began with the network behind `source`. A file counts by what it holds, whatever it is called. Where an
 * older record of this browser does not say what it held, its name must do; a reference run without it began with a file
 * that is elsewhere.
 */
export function beganWith({ recipe: { network }, origin }: RunSummary, source: NetworkSource): boolean {
  if (network.source !== 'file' || network.sha256 !== undefined) return networkKey(network) === networkKey(source);
  return origin === 'here' && source.source === 'file' && network.name === source.name;
}

export function isOnData({ recipe }: RunSummary, dataset: Pick<DatasetView, 'source'>): boolean {
  return dataKey(recipe.data) === dataKey(dataset.source);
}

/**
 * Equal for equal sources whatever the order of their keys; keys that are absent or undefined do not count, nor does the
 * name of a file whose content is known.
 */
export function networkKey(source: NetworkSource): string {
  if (source.source === 'file' && source.sha256 !== undefined) return `file ${source.sha256}`;
  return JSON.stringify(source, Object.keys(source).sort());
}

/** Data are the same when their origin is; how many images a split holds changes accuracy little. */
export function dataKey(source: DataSource): string {
  if (source.source === 'folder') return `folder:${source.name}`;
  if (source.source === 'hub') return `hub:${source.url}`;
  if (source.source === 'cuerods') return `cuerods:${source.size ?? 32}`;
  if (source.source === 'voc') return `voc:${JSON.stringify([source.name, source.classes, source.others])}`;
  return source.source;
}
