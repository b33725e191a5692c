/** A cut that is proven: the network with the filters removed answers as the one with the filters masked. */
import { tensor4d } from '@tensorflow/tfjs-core';
import type { Executor } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import { maxAbsDifference } from '../formats/proof';
import { cutChannels } from '../network/cut';
import type { Graph, Network, SurgeryRecord } from '../network/graph';
import { maskChannels } from '../network/mask';
import type { RemovedChannels } from '../network/plan';
import { channelsOf, inferShapes } from '../network/shapes';
import { plainBatches } from '../training/batching';
import { imagesFor, onDevice, passLogits } from './measuring';

/** A cut changed what the network computes. Nothing was committed. */
export class ProofError extends Error {
  override readonly name = 'ProofError';
  constructor(
    message: string,
    readonly maxAbsLogitDifference: number,
  ) {
    super(message);
  }
}

/** Images the proof looks at. */
const PROBES = 32;
/** Largest difference, relative to the largest logit, that float32 rounding in another order can explain. */
const TOLERANCE = 1e-3;

export interface Proven {
  readonly network: Network;
  readonly maxAbsLogitDifference: number;
}

/** Removes the filters and proves it on validation images. Throws `ProofError`, and as `cutChannels`. */
export async function provenCut(
  executor: Executor,
  network: Network,
  removed: RemovedChannels,
  dataset: Dataset,
): Promise<Proven> {
  const cut = cutChannels(network, removed);
  return prove(executor, maskChannels(network, removed), cut, dataset);
}

/** A cut whose filters were merged before it. */
export interface ProvenMerge extends Proven {
  /** Largest change of a logit by making each cluster one filter: what training left of the differences. */
  readonly merging: number;
  /** Largest change by removing the filters that had gone into another: rounding. */
  readonly cutting: number;
}

/**
 * Removes the filters from `merged`, which is `network` with what reads them reading others. The removal is proven as
 * any cut; the difference told is the whole one, between `network` and what is left. It may be large: where filters had
 * not become equal, merging changes the answers, and that is for people to judge. Throws as `provenCut`.
 */
export async function provenMerge(
  executor: Executor,
  network: Network,
  merged: Network,
  removed: RemovedChannels,
  dataset: Dataset,
): Promise<ProvenMerge> {
  const { network: cut } = await provenCut(executor, merged, removed, dataset);
  const before = await probeLogits(executor, network, dataset);
  const between = await probeLogits(executor, merged, dataset);
  const after = await probeLogits(executor, cut, dataset);
  return {
    network: cut,
    maxAbsLogitDifference: maxAbsDifference(before, after),
    merging: maxAbsDifference(before, between),
    cutting: maxAbsDifference(between, after),
  };
}

/** `after` must answer as `before` does. */
export async function prove(executor: Executor, before: Network, after: Network, dataset: Dataset): Promise<Proven> {
  const expected = await probeLogits(executor, before, dataset);
  const logits = await probeLogits(executor, after, dataset);
  const difference = maxAbsDifference(expected, logits);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  if (!(difference <= TOLERANCE * largest)) {
    const text = `The smaller network does not answer as before: its logits differ by up to ${difference}. Nothing was cut.`;
    throw new ProofError(text, difference);
  }
  return { network: after, maxAbsLogitDifference: difference };
}

/** The first validation images (or others, where there are none), normalised for `network`. */
export function probeImages(
  network: Network,
  dataset: Dataset,
  count: number,
): { readonly shape: readonly [number, number, number, number]; readonly values: Float32Array } {
  const split = (['validation', 'train', 'test'] as const).find((name) => dataset.splits[name].count > 0);
  const source = imagesFor(network, dataset, split ?? 'validation');
  const [batch] = plainBatches({ ...source, images: count, batchSize: count });
  return { shape: [batch?.count ?? 0, ...dataset.shape], values: batch?.images ?? new Float32Array() };
}

/** Logits of the probe images, pass after pass, row-major. */
export function probeLogits(
  executor: Executor,
  network: Network,
  dataset: Dataset,
  count = PROBES,
): Promise<Float32Array> {
  return onDevice(executor, network, async (loaded) => {
    const { shape, values } = probeImages(network, dataset, count);
    const images = tensor4d(values, [...shape]);
    const logits = await passLogits(loaded, images);
    images.dispose();
    return logits;
  });
}

/**
 * Channels of `original` that all cuts of `history` together removed, in the numbering of `original`. Undefined when
 * nothing was cut, or when layers were factored: their numbering is another one.
 */
export function removedSince(original: Graph, history: readonly SurgeryRecord[]): RemovedChannels | undefined {
  if (history.length === 0 || history.some(({ kind }) => kind !== 'cut')) return undefined;
  const shapes = inferShapes(original);
  const removed: Record<string, readonly number[]> = {};
  const kept = new Map<string, number[]>();
  for (const record of history) {
    if (record.kind !== 'cut') continue;
    for (const [layer, channels] of Object.entries(record.removed)) {
      const shape = shapes.get(layer);
      const left =
        kept.get(layer) ?? Array.from({ length: shape === undefined ? 0 : channelsOf(shape) }, (_, at) => at);
      const gone = new Set(channels);
      removed[layer] = [...(removed[layer] ?? []), ...left.filter((_, at) => gone.has(at))].toSorted((a, b) => a - b);
      kept.set(
        layer,
        left.filter((_, at) => !gone.has(at)),
      );
    }
  }
  return removed;
}
