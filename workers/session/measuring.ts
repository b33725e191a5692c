/** Figures of a network on a split, and the batches a method is shown: data and network brought together. */
import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Executor, LoadedNetwork } from '../compute/executor';
import type { Dataset, SplitName } from '../datasets/dataset';
import { fittedTo } from '../datasets/fit';
import type { Network, Shape } from '../network/graph';
import { passesOf, passMacs } from '../network/passes';
import type { Metric, PassFigures, PassPoint } from '../protocol';
import { augmentationOf, plainBatches, type ImageSource } from '../training/batching';
import { uploadBatch } from '../training/device-batch';
import { evaluate, type Evaluation } from '../training/evaluate';
import { recalibrate } from '../training/recalibrate';
import { inTurns } from '../training/turns';
import type { BatchManner } from '../methods/method';
import type { DeviceBatch } from '../training/hooks';

const BATCH = 128;

export interface MeasureOptions {
  readonly signal: AbortSignal;
  /** The first images of the split; all when absent. */
  readonly images?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What the network takes. */
export function inputShape({ graph }: Network): Shape | undefined {
  const input = graph.layers.find((layer) => layer.op === 'input');
  return input?.op === 'input' ? input.shape : undefined;
}

/** Images of a split as the network wants them: its size and channels; its own normalisation, else that of the data. */
export function imagesFor(network: Network, dataset: Dataset, split: SplitName): ImageSource {
  const { splits, shape, normalisation } = fittedTo(dataset, inputShape(network));
  const own = network.meta.normalisation;
  return { split: splits[split], shape, normalisation: own?.mean.length === shape[2] ? own : normalisation };
}

/** Lends `network` to `work` on the device, and takes it off afterwards. */
export async function onDevice<T>(
  executor: Executor,
  network: Network,
  work: (loaded: LoadedNetwork) => Promise<T>,
): Promise<T> {
  const loaded = executor.load(network);
  try {
    const result = await work(loaded);
    // A device that was lost meanwhile answers with anything: nothing computed on it may be believed.
    executor.check();
    return result;
  } finally {
    loaded.dispose();
  }
}

export function measure(
  executor: Executor,
  network: Network,
  dataset: Dataset,
  split: SplitName,
  options: MeasureOptions,
): Promise<Evaluation> {
  return onDevice(executor, network, (loaded) => measureLoaded(loaded, network, dataset, split, options));
}

export function measureLoaded(
  loaded: LoadedNetwork,
  network: Network,
  dataset: Dataset,
  split: SplitName,
  options: MeasureOptions,
): Promise<Evaluation> {
  return evaluate({
    ...imagesFor(network, dataset, split),
    ...options,
    loaded,
    classes: dataset.classes.length,
    bands: dataset.distanceBands,
    batchSize: BATCH,
  });
}

/** The figures of every pass, with what each costs. */
export function passFigures({ graph }: Network, { passes }: Evaluation): readonly PassFigures[] {
  const macs = passMacs(graph);
  return passes.map(({ confusion: _confusion, ...figures }, pass) => ({ macs: macs[pass] ?? 0, ...figures }));
}

/** What a candidate, and a run's result, tell of a measurement. */
export interface Figures {
  readonly accuracy: number;
  readonly metric: Metric;
  /** Of a network with several passes. */
  readonly passes?: readonly PassPoint[] | undefined;
}

export function figuresOf({ graph }: Network, { score, metric, passes }: Evaluation): Figures {
  if (passes.length === 1) return { accuracy: score, metric };
  const macs = passMacs(graph);
  const points = passes.map(({ accuracy, mIoU }, pass) => ({ macs: macs[pass] ?? 0, accuracy: mIoU ?? accuracy }));
  return { accuracy: score, metric, passes: points };
}

/** Logits of every pass of `loaded` on `images`, one after the other, row-major. */
export async function passLogits(loaded: LoadedNetwork, images: Tensor4D): Promise<Float32Array> {
  const ids = passesOf(loaded.graph);
  const outputs = loaded.activations(images, ids);
  const tensors = ids.flatMap((id) => outputs.get(id) ?? []);
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  dispose(tensors);
  const joined = new Float32Array(values.reduce((length, some) => length + some.length, 0));
  values.reduce((at, some) => {
    joined.set(some, at);
    return at + some.length;
  }, 0);
  return joined;
}

export interface RecalibrateSettings extends MeasureOptions {
  readonly images: number;
  /** False: images as they are. */
  readonly augment?: boolean | undefined;
  readonly seed: number;
}

/**
 * The network with batch-norm statistics measured anew on training images, moved as in training; no weight changes. Images
 * as they are have other means (crops bring black borders), which alone cost an uncut ResNet-8 fifteen points.
 */
export function recalibrated(
  executor: Executor,
  network: Network,
  dataset: Dataset,
  { augment = true, ...settings }: RecalibrateSettings,
): Promise<Network> {
  return onDevice(executor, network, async (loaded) => {
    const classes = dataset.classes.length;
    const augmentation = augment ? augmentationOf(dataset) : undefined;
    await recalibrate({ ...imagesFor(network, dataset, 'train'), ...settings, augmentation, loaded, classes });
    return loaded.snapshot();
  });
}

interface GivingWay {
  readonly signal: AbortSignal;
  readonly turn?: (() => Promise<void>) | undefined;
}

/** What a method sees of the data: batches in fixed order, each disposed by the receiver, each in its turn. */
export function methodBatches(network: Network, dataset: Dataset, { signal, turn }: GivingWay) {
  return async function* (
    split: SplitName,
    images: number,
    { augment = false }: BatchManner = {},
  ): AsyncGenerator<DeviceBatch, void, undefined> {
    const source = imagesFor(network, dataset, split);
    const augmentation = augment ? augmentationOf(dataset) : undefined;
    for await (const batch of inTurns(plainBatches({ ...source, images, augmentation, batchSize: BATCH }), signal)) {
      await turn?.();
      yield uploadBatch(batch, source.shape, dataset.classes.length);
    }
  };
}
