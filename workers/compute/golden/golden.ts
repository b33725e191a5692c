/**
 * Golden vectors: reads `vectors.json` (made by `make.py`) and measures the present backend against it. Tests only.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from '../../network/graph';
import { layerGradients } from '../eager/backward';
import { layerOutput } from '../eager/forward';
import { normaliseBatch } from '../ops/batch-norm';
import vectors from './vectors.json';

/** Arguments of `noise`: seed, shape, and how the values are scaled. */
interface NoiseSource {
  readonly seed: number;
  readonly shape: readonly number[];
  readonly scale?: number | undefined;
  readonly offset?: number | undefined;
  readonly quantum?: number | undefined;
}

export interface GoldenCase {
  readonly name: string;
  readonly layer: Layer;
  readonly inputs: readonly NoiseSource[];
  readonly tensors: Readonly<Record<string, NoiseSource>>;
  readonly gradientSeed: number;
  readonly output: { readonly shape: readonly number[]; readonly values: readonly number[] };
  readonly inputGradients: readonly (readonly number[])[];
  readonly tensorGradients: Readonly<Record<string, readonly number[]>>;
}

export const goldenCases = vectors as unknown as readonly GoldenCase[];

/** One compared tensor: largest |found - expected| / (1e-5 + 1e-3 |expected|); at most 1 passes. */
export interface Comparison {
  readonly what: string;
  readonly excess: number;
}

/** The generator of `make.py`: values in (-scale, scale) + offset, rounded down to multiples of `quantum` if given. */
export function noise({ seed, shape, scale = 1, offset = 0, quantum = 0 }: NoiseSource): Float32Array {
  let state = seed * 7919 + 17;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state * 48271) % 2147483647;
    const value = ((state / 2147483647) * 2 - 1) * scale + offset;
    return quantum === 0 ? value : Math.floor(value / quantum) * quantum;
  });
}

/** Forward and gradient of one case on the present backend, compared. Leaves no tensor behind. */
export async function compareCase(golden: GoldenCase): Promise<Comparison[]> {
  const { layer } = golden;
  interface Pair {
    readonly what: string;
    readonly tensor: tf.Tensor;
    readonly expected: readonly number[];
    readonly shape: readonly number[];
  }
  const found: Pair[] = [];
  tf.tidy(() => {
    const inputs = golden.inputs.map((source) => tf.tensor(noise(source), [...source.shape]));
    const tensors = new Map(
      Object.entries(golden.tensors).map(([name, source]) => [name, tf.tensor(noise(source), [...source.shape])]),
    );
    const weights = (name: string): tf.Tensor => present(tensors.get(name), name);
    const [first] = inputs;
    const normalised =
      layer.op === 'batchNorm' && first !== undefined
        ? normaliseBatch(first, tensors.get('gamma'), tensors.get('beta'), layer.epsilon)
        : undefined;
    const output = normalised?.output ?? layerOutput(layer, inputs, weights);
    const dy = tf.tensor(noise({ seed: golden.gradientSeed, shape: golden.output.shape }), [...golden.output.shape]);
    const gradients = layerGradients(layer, dy, {
      weights,
      inputs,
      inputShapes: inputs.map((input) => input.shape),
      output,
      statistics: normalised,
      wanted: inputs.map(() => true),
      trained: true,
    });
    found.push(
      { what: 'output', tensor: output, expected: golden.output.values, shape: golden.output.shape },
      ...golden.inputGradients.map((expected, index) => ({
        what: `gradient by input ${index}`,
        tensor: present(gradients.inputs[index], `gradient by input ${index}`),
        expected,
        shape: golden.inputs[index]?.shape ?? [],
      })),
      ...Object.entries(golden.tensorGradients).map(([name, expected]) => ({
        what: `gradient by ${name}`,
        tensor: present(gradients.tensors.find(([tensor]) => tensor === name)?.[1], name),
        expected,
        shape: golden.tensors[name]?.shape ?? [],
      })),
    );
    for (const { tensor } of found) tf.keep(tensor);
  });
  const comparisons: Comparison[] = [];
  for (const { what, tensor, expected, shape } of found) {
    const values = await tensor.data();
    const sameShape = tensor.shape.join() === shape.join();
    comparisons.push({ what, excess: sameShape ? largestExcess(values, expected) : Infinity });
    tensor.dispose();
  }
  return comparisons;
}

function largestExcess(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  let largest = 0;
  expected.forEach((value, at) => {
    const excess = Math.abs((found[at] ?? Number.NaN) - value) / (1e-5 + 1e-3 * Math.abs(value));
    // Written so that NaN counts as infinitely wrong.
    largest = excess <= largest ? largest : Number.isNaN(excess) ? Infinity : excess;
  });
  return largest;
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`The golden case lacks its ${what}.`);
  return value;
}
