/** The stages that train: `pretrain` and `fine-tune`, with a method acting in them or without. */
import { fittedTo } from '../datasets/fit';
import { methodById } from '../methods';
import type { Goal, Method, MethodHooks } from '../methods/method';
import { checkSettings } from '../methods/settings';
import { networkCosts } from '../network/costs';
import { train, type Checkpoint, type TrainOutcome } from '../training/loop';
import type { StepReport } from '../training/step-window';
import type { TrainState } from '../training/train-state';
import { turnedIn } from './knobs';
import { figuresOf, imagesFor, inputShape, measureLoaded } from './measuring';
import type { Recipe, TrainStage } from './recipe';
import { StoppedError } from './run-control';
import { beginMethod } from './scoring';
import { endActing } from './stage-reduce';
import { onTurn, stageSeed, type StagePlace, type Work } from './work';
import type { LoadedNetwork } from '../compute/executor';

const CHECKPOINT_SECONDS = 20;

/** Trains the work's network. A stop leaves what was trained in the work and throws `StoppedError`. */
export async function trainStage(
  work: Work,
  place: StagePlace<TrainStage>,
  resume: TrainState | undefined,
): Promise<void> {
  const { executor } = work.engine;
  const { stage } = place;
  // What an earlier training would have decided is of weights that change now.
  endActing(work);
  const loaded = executor.load(work.network);
  const teacher = stage.distillation > 0 && work.original !== null ? executor.load(work.original) : undefined;
  const method = stage.method === undefined ? undefined : methodById(stage.method);
  let kept = false;
  let hooks: MethodHooks | undefined;
  try {
    hooks = method && (await begin(work, place, method, loaded));
    const outcome = await trainLoaded(work, place, { loaded, teacher, hooks, method, resume });
    book(work, place, outcome, resume);
    executor.check();
    await snapshot(work, loaded);
    if (outcome.ended === 'stopped') throw new StoppedError('The run was stopped.');
    kept = hooks?.decideCut !== undefined || hooks?.decideRanks !== undefined;
    if (method !== undefined && hooks !== undefined && kept) work.acting = { method: method.id, hooks, loaded };
  } catch (error) {
    // Stopped while an epoch was being measured: what was trained is on the device.
    if (error instanceof StoppedError) await snapshot(work, loaded);
    throw error;
  } finally {
    work.training = null;
    teacher?.dispose();
    if (!kept) {
      hooks?.dispose?.();
      loaded.dispose();
    }
  }
}

async function snapshot(work: Work, loaded: LoadedNetwork): Promise<void> {
  const { measured } = work;
  const current = measured?.network === work.network;
  work.network = await loaded.snapshot();
  // An epoch's measurement of these very weights holds for the snapshot.
  if (current && measured !== null) work.measured = { ...measured, network: work.network };
}

function begin(work: Work, place: StagePlace<TrainStage>, method: Method, loaded: LoadedNetwork): Promise<MethodHooks> {
  return onTurn(work, (signal) =>
    beginMethod(method, {
      network: work.network,
      dataset: work.dataset,
      loaded,
      settings: place.stage.settings ?? {},
      seed: stageSeed(work, place.index),
      goal: goalAfter(work.recipe, place.index),
      signal,
      progress: () => undefined,
    }),
  );
}

/** The next stage after `index` that makes the network smaller. */
function goalAfter({ stages }: Recipe, index: number): Goal | undefined {
  for (const next of stages.slice(index + 1)) {
    if (next.stage === 'prune') {
      const { stage, ...rules } = next;
      return { stage, rules };
    }
    if (next.stage === 'truncate') return { stage: next.stage, budget: next.budget };
  }
  return undefined;
}

interface Training {
  readonly loaded: LoadedNetwork;
  readonly teacher: LoadedNetwork | undefined;
  readonly hooks: MethodHooks | undefined;
  readonly method: Method | undefined;
  readonly resume: TrainState | undefined;
}

function trainLoaded(work: Work, place: StagePlace<TrainStage>, training: Training): Promise<TrainOutcome> {
  const { engine, dataset, journal, control, network } = work;
  const { index, stage } = place;
  const { loaded, teacher, hooks, method, resume } = training;
  const epochs = epochMeasurer(work, place, loaded, hooks);
  const settings = checkSettings(method?.settings ?? {}, stage.settings ?? {});
  if (method !== undefined) work.training = { stage: index, method, nextStep: resume?.step ?? 0 };
  return train({
    executor: engine.executor,
    loaded,
    teacher,
    dataset: fittedTo(dataset, inputShape(network)),
    normalisation: imagesFor(network, dataset, 'train').normalisation,
    settings: stage,
    seed: stageSeed(work, index),
    control: control.train,
    hooks,
    methodSettings: (step) => {
      if (work.training !== null) work.training.nextStep = step + 1;
      return { ...settings, ...turnedIn(journal.record().knobs ?? [], index) };
    },
    resume,
    turn: work.turn,
    onSteps: (reports) => {
      epochs.trained(reports);
      journal.addMetrics(reports.map((report) => ({ stage: index, ...report, split: null })));
    },
    onProgress: ({ done, total, epoch, imagesPerSecond, multiplyAddsPerSecond, secondsLeft }) =>
      journal.progress({
        stage: index,
        stageName: stage.stage,
        note: `epoch ${epoch + 1} of ${Math.ceil(stage.epochs)}`,
        done,
        total,
        imagesPerSecond,
        multiplyAddsPerSecond,
        secondsLeft,
      }),
    onState: (state) => control.announce(state),
    onTelemetry: (step, total, telemetry) => journal.addTelemetry({ stage: index, step, total, telemetry }),
    onEpoch: (epoch) => epochs.measure(epoch),
    checkpoint: {
      everySeconds: engine.host.checkpointSeconds ?? CHECKPOINT_SECONDS,
      save: (checkpoint) => saveCheckpoint(work, index, checkpoint),
    },
  });
}

async function saveCheckpoint(work: Work, index: number, { network, ...state }: Checkpoint): Promise<void> {
  const { journal } = work;
  const stored = await journal.keepNetwork({ ...work.network, tensors: network });
  const training = await journal.keepTraining(state);
  journal.change({ checkpoint: { stage: index, step: state.step, network: stored, training } });
  await journal.commit();
  journal.tell({ event: 'saved', step: state.step });
}

/** Validation accuracy after an epoch; skipped while that would cost more than a fraction of the training itself. */
function epochMeasurer(
  work: Work,
  { index, stage }: StagePlace<TrainStage>,
  loaded: LoadedNetwork,
  hooks: MethodHooks | undefined,
) {
  const { dataset, recipe, journal, network } = work;
  const available = dataset.splits.validation.count;
  const images = Math.min(recipe.measureImages ?? available, available);
  const perEpoch = Math.min(stage.imagesPerEpoch ?? Infinity, dataset.splits.train.count);
  /** A function of the recipe alone, so that a resumed run measures where an undisturbed one does. */
  const everyEpochs = Math.ceil((2 * images) / perEpoch);
  let last: StepReport | undefined;
  return {
    trained(reports: readonly StepReport[]): void {
      last = reports.at(-1) ?? last;
      work.measured = null;
    },
    async measure(epoch: number): Promise<void> {
      const isLast = epoch + 1 >= stage.epochs;
      if (images === 0 || last === undefined || (!isLast && (epoch + 1) % everyEpochs !== 0)) return;
      const { step, learningRate } = last;
      // Not through the turn queue: the training loop holds this run's turn already.
      const found = await work.control.guard((signal) =>
        measureLoaded(loaded, network, dataset, 'validation', { signal, images }),
      );
      const { loss, score: accuracy } = found;
      journal.addMetrics([{ stage: index, epoch, step, loss, accuracy, split: 'validation', learningRate }]);
      // A method's last act may still change the weights.
      if (hooks?.finish === undefined) {
        work.measured = { network, split: 'validation', figures: figuresOf(network, found), images };
      }
    },
  };
}

/** Enters images and time of this sitting; steps follow from the metrics. */
function book(
  work: Work,
  { stage }: StagePlace<TrainStage>,
  outcome: TrainOutcome,
  resume: TrainState | undefined,
): void {
  const { journal, dataset, network } = work;
  const perEpoch = Math.min(stage.imagesPerEpoch ?? dataset.splits.train.count, dataset.splits.train.count);
  const images = (outcome.steps - (resume?.step ?? 0)) * Math.min(stage.batchSize, perEpoch);
  if (outcome.imagesPerSecond === null || images <= 0) return;
  const { ledger } = journal.record();
  journal.spend({
    trainedImages: ledger.trainedImages + images,
    trainingSeconds: ledger.trainingSeconds + images / outcome.imagesPerSecond,
    multiplyAdds: ledger.multiplyAdds + 3 * networkCosts(network.graph).macs * images,
  });
}
