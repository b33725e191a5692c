/**
 * An export, reopened as a stranger would and run by the slow float64 interpreter: neither the reader, the weights
 * in memory nor the device's kernels that made the file can hide a fault in it.
 */
import { networkHash } from '../network/hash';
import { passesOf } from '../network/passes';
import { runReference } from '../network/reference';
import { openNetworkFiles } from './index';

export interface ProofRequest {
  /** What was written: one file in most formats. */
  readonly files: readonly File[];
  /** Probe images, normalised, `[n, h, w, c]`. */
  readonly shape: readonly number[];
  readonly images: Float32Array;
}

export interface ProofAnswer {
  /** Of every pass, one after the other: `[n, classes]` or `[n, height, width, classes]`, row-major. */
  readonly logits: Float64Array;
  /** Content hash of the network read back. */
  readonly hash: string;
}

/** Reopens and runs. Throws `FormatError` when the file cannot be read, `NetworkError` when the images do not fit. */
export async function proveFile({ files, shape, images }: ProofRequest): Promise<ProofAnswer> {
  const { network } = await openNetworkFiles(files);
  const { outputs } = runReference(network, { shape, values: images });
  const passes = passesOf(network.graph).flatMap((id) => outputs[network.graph.outputs.indexOf(id)] ?? []);
  const logits = Float64Array.from(passes.flatMap(({ values }) => [...values]));
  return { logits, hash: await networkHash(network) };
}

/** Largest absolute difference; Infinity where lengths differ or a value is not finite. */
export function maxAbsDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0) return Infinity;
  let largest = 0;
  for (let at = 0; at < a.length; at++) {
    const difference = Math.abs((a[at] ?? NaN) - (b[at] ?? NaN));
    if (!(difference < Infinity)) return Infinity;
    largest = Math.max(largest, difference);
  }
  return largest;
}
