/**
 * From scores to gates: open or closed forward, as soft as their probability backward (Bengio, Leonard & Courville 2013).
 */
import {
  cast,
  customGrad,
  greaterEqual,
  min,
  minimum,
  mul,
  scalar,
  sigmoid,
  sub,
  topk,
  type Tensor,
  type Tensor1D,
} from '@tensorflow/tfjs-core';

/**
 * Gates of one group, `[units]` of 0 and 1: open where `p = sigmoid(s / T)` is at least 1/2, and the `least` highest
 * scores always. Gradient `p (1 - p) / T`, for those forced open too.
 */
export function straightThrough(scores: Tensor1D, least: number, temperature: number): Tensor1D {
  const gates = customGrad((...inputs: unknown[]) => {
    const s = inputs[0] as Tensor1D;
    const save = inputs[1] as (tensors: Tensor[]) => void;
    const p = sigmoid(mul(s, scalar(1 / temperature)));
    save([mul(mul(p, sub(scalar(1), p)), scalar(1 / temperature))]);
    // The lowest of the highest `least`, or 0 where that is lower.
    const border = minimum(min(topk(s, least).values), scalar(0));
    return {
      value: cast(greaterEqual(s, border), 'float32'),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((slope) => mul(dy, slope)),
    };
  });
  return gates(scores) as Tensor1D;
}

/** The same decision on the host, for scores of one group. */
export function openUnits(scores: Float32Array, least: number): Uint8Array {
  const border = Math.min(0, scores.toSorted().at(-least) ?? 0);
  return Uint8Array.from(scores, (score) => (score >= border ? 1 : 0));
}

/** `sigmoid(s / T)`. */
export function probabilities(scores: Float32Array, temperature: number): Float32Array {
  return scores.map((score) => 1 / (1 + Math.exp(-score / temperature)));
}
