/** A run in progress: what its stages hand on to each other, and what all of them may use. */
import type { Executor, LoadedNetwork } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Method, MethodHooks } from '../methods/method';
import { networkCosts, type NetworkCosts } from '../network/costs';
import type { Network } from '../network/graph';
import { networkHash } from '../network/hash';
import type { Candidate, DatasetId, SplitName } from '../protocol';
import type { Engine } from './engine';
import { removedSince } from './cutting';
import { figuresOf, measure, type Figures } from './measuring';
import type { Recipe, Stage } from './recipe';
import type { RunControl } from './run-control';
import type { RunJournal } from './run-journal';
import type { Scored } from './scoring';

export interface Work {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly datasetId: DatasetId;
  readonly journal: RunJournal;
  readonly control: RunControl;
  /** Waits until this run may use the device. */
  readonly turn: () => Promise<void>;
  /** The stage in which a method trains now: whose knobs may be turned. */
  training: { readonly stage: number; readonly method: Method; nextStep: number } | null;
  network: Network;
  /** Before any stage that cut or tuned it; null while it is still being trained for the first time. */
  original: Network | null;
  scored: Scored | null;
  /** A method that acted in training and decides the cut, or the ranks of a `truncate` that names it. */
  acting: { readonly method: string; readonly hooks: MethodHooks; readonly loaded: LoadedNetwork } | null;
  /** The latest accuracy, so that nothing is measured twice. */
  measured: {
    readonly network: Network;
    readonly split: SplitName;
    readonly figures: Figures;
    readonly images: number;
  } | null;
}

/** One stage at its place in the recipe. */
export interface StagePlace<S extends Stage = Stage> {
  readonly index: number;
  readonly stage: S;
}

/** The seed of everything random in one stage. */
export function stageSeed({ recipe }: Work, index: number): number {
  return createRandom(recipe.seed).fork(`stage ${index}`).integer(0x1_0000_0000);
}

/** Parts of a stage that is not counted in steps. */
const PARTS = 1000;

/** Reports a share of such a stage, monotone. */
export function shareReporter({ journal }: Work, { index, stage }: StagePlace): (share: number, note: string) => void {
  let last = 0;
  return (share, note) => {
    last = Math.max(last, Math.min(PARTS, Math.round(share * PARTS)));
    journal.progress({
      stage: index,
      stageName: stage.stage,
      note,
      done: last,
      total: PARTS,
      imagesPerSecond: null,
      multiplyAddsPerSecond: null,
      secondsLeft: null,
    });
  };
}

/** Runs `task` on the device when it is this run's turn; again after a pause. */
export function onTurn<T>(work: Work, task: (signal: AbortSignal, executor: Executor) => Promise<T>): Promise<T> {
  return work.control.guard(async (signal) => {
    await work.turn();
    return task(signal, work.engine.executor);
  });
}

export function countTestUse({ engine, datasetId, journal }: Work, split: SplitName): void {
  if (split !== 'test') return;
  engine.countUse(datasetId, split);
  journal.spend({ testUses: journal.record().ledger.testUses + 1 });
}

/** Figures of the present network on the recipe's split; null (and a note) when that split has no images. */
async function figuresNow(work: Work, report: (share: number, note: string) => void): Promise<Figures | null> {
  const { network, dataset, recipe, journal } = work;
  const split = recipe.measureOn;
  const available = dataset.splits[split].count;
  if (available === 0) {
    journal.note(`The data set has no ${split} images, so no accuracy was measured on them.`);
    return null;
  }
  const images = Math.min(recipe.measureImages ?? available, available);
  const known = work.measured;
  if (known?.network === network && known.split === split && known.images === images) return known.figures;
  const found = await onTurn(work, (signal, executor) =>
    measure(executor, network, dataset, split, {
      signal,
      images,
      onProgress: (done, total) => report(done / total, `Measured ${done} of ${total} ${split} images`),
    }),
  );
  countTestUse(work, split);
  const figures = figuresOf(network, found);
  work.measured = { network, split, figures, images };
  return figures;
}

/** Measures the present network and makes it a candidate of the run, tensors included. */
export async function addCandidate(
  work: Work,
  { index, stage }: StagePlace,
  kind: Candidate['kind'],
  report: (share: number, note: string) => void = () => undefined,
): Promise<void> {
  const { journal, network, recipe, dataset } = work;
  const figures = kind === 'checkpoint' ? null : await figuresNow(work, report);
  const costs = networkCosts(network.graph);
  const original = originalCosts(work);
  const { candidates, run } = journal.record();
  const split = recipe.measureOn;
  const available = dataset.splits[split].count;
  const removed =
    work.original === null
      ? undefined
      : removedSince(work.original.graph, network.meta.history.slice(work.original.meta.history.length));
  const tensors = await journal.keepNetwork(network);
  journal.addCandidate(
    {
      id: `${candidates.length}-${kind}-${index}`,
      run,
      stage: stage.stage,
      kind,
      macs: costs.macs,
      parameters: costs.parameters,
      share: costs.macs / original.macs,
      accuracy: null,
      ...figures,
      split,
      images: figures === null ? 0 : Math.min(recipe.measureImages ?? available, available),
      ...(removed === undefined ? {} : { removed }),
      stageIndex: index,
      hash: await networkHash(network),
      stored: true,
    },
    tensors,
  );
}

/** Costs shares refer to. */
export function originalCosts({ original, network }: Work): NetworkCosts {
  return networkCosts((original ?? network).graph);
}
