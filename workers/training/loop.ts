/**
 * The training loop: batches -> gradients -> hooks -> update, one step at a time.
 *
 * Everything random is a function of (seed, step) and the optimiser's state can be saved, so a run resumed from a
 * checkpoint goes on as if it had never been interrupted: bit for bit on WASM.
 */
import { dispose, log, maximum, reshape, tidy, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Executor, LoadedNetwork, StepResult } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import { networkCosts } from '../network/costs';
import type { Normalisation, Tensors } from '../network/graph';
import { endsInSoftmax, passesOf } from '../network/passes';
import { createAdam } from './adam';
import { augmentationOf, createTrainingBatches, type HostBatch, type TrainingBatches } from './batching';
import type { TrainControl } from './control';
import { requireFit, uploadBatch } from './device-batch';
import { DivergedError, firstNonFinite } from './divergence';
import type { SettingValues, StepPosition, Telemetry, TrainingHooks } from './hooks';
import { passLoss, type PassWeighting } from './loss';
import { createSgd, ownVariable, trainedParameter, type Optimiser } from './optimiser';
import { learningRateAt, type Schedule, type ScheduleKind } from './schedule';
import { createStepWindow, type StepReport } from './step-window';
import { createThroughput, type Rates } from './throughput';
import { restoreTraining, saveTraining, type TrainState } from './train-state';
import { createTurns } from './turns';

/** How to train: the fields of a recipe's training stage. */
export interface TrainSettings {
  /** May be a fraction. */
  readonly epochs: number;
  readonly batchSize: number;
  /** SGD with momentum, or Adam with decoupled weight decay; SGD when absent. */
  readonly optimiser?: 'sgd' | 'adam' | undefined;
  readonly learningRate: number;
  /** Of SGD; Adam has fixed decay rates. */
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: ScheduleKind;
  /** Epochs of linear warm-up; may be a fraction. */
  readonly warmUp: number;
  readonly labelSmoothing: number;
  /** Of a network with several passes; `uniform` when absent. */
  readonly passLoss?: PassWeighting | undefined;
  readonly augment: boolean;
  /** Weight of the distillation loss; 0 = off. */
  readonly distillation: number;
  readonly temperature: number;
  readonly imagesPerEpoch?: number | undefined;
}

/** A point a run can go on from. `network` holds every tensor of the network, statistics included; all are finite. */
export interface Checkpoint extends TrainState {
  readonly network: Tensors;
}

export interface TrainProgress extends Rates {
  /** Steps done and in all. */
  readonly done: number;
  readonly total: number;
  readonly epoch: number;
  readonly secondsLeft: number | null;
}

export interface TrainOptions {
  readonly executor: Executor;
  /** Trained in place. On resuming it holds the checkpoint's tensors already. */
  readonly loaded: LoadedNetwork;
  /** The unpruned network; needed when `settings.distillation` is not 0. */
  readonly teacher?: LoadedNetwork | undefined;
  readonly dataset: Dataset;
  /** The network's own, or the data set's. */
  readonly normalisation: Normalisation;
  readonly settings: TrainSettings;
  readonly seed: number;
  readonly control: TrainControl;
  readonly hooks?: TrainingHooks | undefined;
  /** Values of the method's settings for one step, asked for right before it, so that live knobs act at once. */
  readonly methodSettings?: ((step: number) => SettingValues) | undefined;
  readonly resume?: TrainState | undefined;
  /** Every step once, in order, a few at a time. */
  readonly onSteps?: ((reports: readonly StepReport[]) => void) | undefined;
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
  readonly onState?: ((state: 'running' | 'paused') => void) | undefined;
  /** About once a second of training, and after the last step. */
  readonly onTelemetry?: ((step: number, total: number, telemetry: Telemetry) => void) | undefined;
  /** Awaited after each epoch, `epoch` from 0: the place to measure validation accuracy. */
  readonly onEpoch?: ((epoch: number) => Promise<void>) | undefined;
  /** Awaited at every batch edge, before the wishes of `control` are heard: lets others have the device. */
  readonly turn?: (() => Promise<void>) | undefined;
  /** Awaited every `everySeconds` and on every pause. */
  readonly checkpoint?:
    { readonly everySeconds: number; readonly save: (checkpoint: Checkpoint) => Promise<void> } | undefined;
}

export interface TrainOutcome extends Rates {
  readonly ended: 'finished' | 'stopped';
  /** Steps carried out, those before a resume included, and steps of the whole stage. */
  readonly steps: number;
  readonly totalSteps: number;
  /** Loss of the last step; null when none was carried out. */
  readonly loss: number | null;
}

const TELEMETRY_MS = 1000;

/**
 * Trains until the last step or a stop. Throws `DivergedError` at the first loss, or checkpoint, that is not finite,
 * `DatasetError` when the data do not fit the network, `DeviceError` when the device fails.
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const { executor, loaded, dataset, settings, control, hooks = {} } = options;
  const classes = dataset.classes.length;
  requireFit(loaded.graph, { split: dataset.splits.train, shape: dataset.shape, classes });
  if (settings.distillation > 0 && options.teacher === undefined) {
    throw new Error('Distillation needs the unpruned network as its teacher; open it, or set distillation to 0.');
  }
  const { batches, steps, schedule } = planSteps(options);
  const { stepsPerEpoch } = batches;
  const optimiser = createOptimiser(options);
  const throughput = createThroughput(networkCosts(loaded.graph).macs);
  const window = createStepWindow(executor.device.kind);
  const turns = createTurns();

  let step = options.resume?.step ?? 0;
  let lastLoss: number | null = null;
  let workBegan = performance.now();
  let savedStep = step;
  let savedAt = performance.now();
  let telemetryAt = performance.now();

  const position = (): StepPosition => ({
    step,
    steps,
    epoch: Math.floor(step / stepsPerEpoch),
    learningRate: learningRateAt(schedule, step),
    parameters: loaded.parameters,
    settings: options.methodSettings?.(step) ?? {},
  });

  /** Reads back what is pending, reports it, and starts a new stretch of measured work. */
  const flush = async (): Promise<void> => {
    const count = window.size;
    if (count === 0) return;
    const reports = await window.read(() => performance.now() - workBegan);
    throughput.add(count * batches.batchSize, performance.now() - workBegan);
    executor.check();
    const lostAt = reports.findIndex(({ loss }) => !Number.isFinite(loss));
    const lost = reports[lostAt];
    const sound = lost === undefined ? reports : reports.slice(0, lostAt);
    if (sound.length > 0) options.onSteps?.(sound);
    if (lost !== undefined) throw new DivergedError(lost.step, firstNonFinite(loaded.graph, await loaded.readBack()));
    lastLoss = reports.at(-1)?.loss ?? lastLoss;
    options.onProgress?.({
      done: step,
      total: steps,
      epoch: Math.floor(Math.max(0, step - 1) / stepsPerEpoch),
      ...throughput.recent(),
      secondsLeft: throughput.secondsFor((steps - step) * batches.batchSize),
    });
    workBegan = performance.now();
  };

  const save = async (): Promise<void> => {
    if (options.checkpoint === undefined || step === savedStep) return;
    await flush();
    const network = await loaded.readBack();
    const bad = firstNonFinite(loaded.graph, network);
    if (bad !== undefined) throw new DivergedError(step, bad);
    await options.checkpoint.save({ network, ...(await saveTraining(step, optimiser, hooks)) });
    savedStep = step;
    savedAt = performance.now();
    workBegan = savedAt;
  };

  const reportTelemetry = async (): Promise<void> => {
    if (options.onTelemetry === undefined || hooks.telemetry === undefined) return;
    await flush();
    options.onTelemetry(step, steps, await hooks.telemetry());
    telemetryAt = performance.now();
    workBegan = telemetryAt;
  };

  const wait = async (): Promise<void> => {
    await flush();
    await save();
    options.onState?.('paused');
    while (control.wish() === 'wait') await control.changed();
    if (control.wish() === 'run') options.onState?.('running');
    workBegan = performance.now();
  };

  try {
    if (options.resume !== undefined) restoreTraining(options.resume, optimiser, hooks);
    workBegan = performance.now();
    while (step < steps) {
      if (options.turn !== undefined) {
        const asked = performance.now();
        await options.turn();
        workBegan += performance.now() - asked;
      }
      if (control.wish() === 'wait') await wait();
      if (control.wish() === 'stop') break;
      const before = position();
      await hooks.beforeStep?.(before);
      const batch = batches.batch(step);
      const { loss, logits, gradients } = forwardAndBackward(options, batch, classes);
      window.push({ step, epoch: before.epoch, learningRate: before.learningRate, loss, logits, labels: batch.labels });
      try {
        hooks.changeGradients?.({ ...before, loss, gradients });
        optimiser.apply(gradients, before.learningRate);
        hooks.updateVariables?.({ ...before, loss, gradients });
      } finally {
        dispose([...gradients.values()]);
      }
      await hooks.afterStep?.(before);
      executor.check();
      step++;
      control.stepped();
      if (window.full) await flush();
      if (step % stepsPerEpoch === 0 || step === steps) {
        await flush();
        await options.onEpoch?.(before.epoch);
        workBegan = performance.now();
      }
      if (performance.now() - telemetryAt > TELEMETRY_MS) await reportTelemetry();
      if (performance.now() - savedAt > 1000 * (options.checkpoint?.everySeconds ?? Infinity)) await save();
      await turns.next();
    }
    await flush();
    await hooks.finish?.(position());
    await reportTelemetry();
    return {
      ended: step === steps ? 'finished' : 'stopped',
      steps: step,
      totalSteps: steps,
      loss: lastLoss,
      ...throughput.overall(),
    };
  } finally {
    window.dispose();
    optimiser.dispose();
    turns.close();
  }
}

interface StepPlan {
  readonly batches: TrainingBatches;
  readonly steps: number;
  readonly schedule: Schedule;
}

function planSteps({ dataset, settings, seed, normalisation }: TrainOptions): StepPlan {
  const batches = createTrainingBatches({
    split: dataset.splits.train,
    shape: dataset.shape,
    normalisation,
    batchSize: settings.batchSize,
    seed,
    imagesPerEpoch: settings.imagesPerEpoch,
    augmentation: settings.augment ? augmentationOf(dataset) : undefined,
  });
  const { stepsPerEpoch } = batches;
  const steps = settings.epochs > 0 ? Math.max(1, Math.round(settings.epochs * stepsPerEpoch)) : 0;
  const { schedule: kind, learningRate, warmUp } = settings;
  return { batches, steps, schedule: { kind, learningRate, steps, warmUp: warmUp * stepsPerEpoch } };
}

function createOptimiser({ loaded, settings, hooks = {} }: TrainOptions): Optimiser {
  const parameters = hooks.trainParameters === false ? [] : loaded.parameters;
  const variables = hooks.updateVariables === undefined ? (hooks.variables ?? []) : [];
  const trained = [
    ...parameters.map((parameter) => trainedParameter(parameter, hooks.ownsDecay)),
    ...variables.map(ownVariable),
  ];
  const { momentum, weightDecay } = settings;
  return settings.optimiser === 'adam'
    ? createAdam(trained, weightDecay)
    : createSgd({ trained, momentum, weightDecay });
}

function forwardAndBackward(
  options: TrainOptions,
  batch: HostBatch,
  classes: number,
): Pick<StepResult, 'loss' | 'gradients'> & { readonly logits: Tensor } {
  const { loaded, teacher, settings, hooks = {} } = options;
  const { images, labels, labelled } = uploadBatch(batch, options.dataset.shape, classes);
  const held: Tensor[] = [images, labels];
  try {
    let distillation: { logits: Tensor2D; weight: number; temperature: number } | undefined;
    if (settings.distillation > 0 && teacher !== undefined) {
      const logits = lastAnswer(teacher, images, labels.shape);
      held.push(logits);
      distillation = { logits, weight: settings.distillation, temperature: settings.temperature };
    }
    const { labelSmoothing, passLoss: weighting } = settings;
    const probabilities = endsInSoftmax(loaded.graph);
    const lossOf = passLoss({ labels, labelled, labelSmoothing, distillation, weighting, probabilities });
    const { loss, outputs, gradients } = loaded.step(images, {
      loss: lossOf,
      gates: hooks.gates?.bind(hooks),
      extraLoss: hooks.extraLoss?.bind(hooks),
      extraVariables: hooks.variables,
      trainParameters: hooks.trainParameters,
      statisticsMomentum: hooks.updateStatistics === false ? 0 : undefined,
      batchNorm: hooks.batchNorm,
      stopsGradient: hooks.stopsGradient?.bind(hooks),
    });
    const last = loaded.graph.outputs.lastIndexOf(passesOf(loaded.graph).at(-1) ?? '');
    const logits = outputs[last];
    if (logits === undefined) throw new RangeError('The network gave no answer to train on.');
    held.push(...outputs.filter((_, at) => at !== last));
    return { loss, logits, gradients };
  } finally {
    dispose(held);
  }
}

/** Logits of the teacher's last pass, for every pass of the student to follow. */
function lastAnswer(teacher: LoadedNetwork, images: Tensor4D, shape: [number, number]): Tensor2D {
  return tidy(() => {
    const id = passesOf(teacher.graph).at(-1) ?? '';
    const answer: Tensor2D = reshape(teacher.activations(images, [id]).get(id) ?? [], shape);
    return endsInSoftmax(teacher.graph) ? log(maximum<Tensor2D>(answer, 1e-30)) : answer;
  });
}
