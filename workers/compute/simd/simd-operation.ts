/**
 * The engine's kernels as an operation of tfjs's WASM backend: inputs and outputs are tensors like any other's.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { SimdEngine, type Threads } from './simd-engine';

/** Reads tensors at `inputs` and writes every value of those at `outputs`. An absent input is at 0. */
export type SimdWork = (engine: SimdEngine, inputs: readonly number[], outputs: readonly number[]) => void;

interface Attributes {
  readonly count: number;
  readonly shapes: readonly (readonly number[])[];
  readonly work: SimdWork;
}

const operation = 'EspalierSimd';

let engine: SimdEngine | undefined;
let registered = false;

/** Starts the engine in the present backend's memory; undefined where it cannot run. */
export async function startSimd(backend: BackendWasm, threads?: Threads): Promise<SimdEngine | undefined> {
  engine = await SimdEngine.start(backend.wasm, threads);
  // Once per worker: tfjs's registry outlives its backends.
  if (!registered) tf.registerKernel({ kernelName: operation, backendName: 'wasm', kernelFunc: carryOut });
  registered = true;
  return engine;
}

export function stopSimd(): void {
  engine?.dispose();
  engine = undefined;
}

/** Whether `runSimd` may be called: tfjs runs on WASM, and the engine in its memory. */
export function simdRuns(): boolean {
  return engine !== undefined && tf.getBackend() === 'wasm';
}

/** New float32 tensors of `shapes`, made by `work`. */
export function runSimd(
  inputs: readonly (tf.Tensor | undefined)[],
  shapes: readonly (readonly number[])[],
  work: SimdWork,
): tf.Tensor[] {
  const named = Object.fromEntries(inputs.flatMap((input, at) => (input === undefined ? [] : [[String(at), input]])));
  const attributes: Attributes = { count: inputs.length, shapes, work };
  return tf.engine().runKernel<tf.Tensor[]>(operation, named, attributes as unknown as tf.NamedAttrMap);
}

const carryOut: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  if (engine === undefined) throw new RangeError('The SIMD engine is not running.');
  const { count, shapes, work } = attrs as unknown as Attributes;
  const wasm = backend as BackendWasm;
  const outputs = shapes.map((shape) => wasm.makeOutput([...shape], 'float32'));
  const address = (tensor: tf.TensorInfo): number => wasm.getMemoryOffset(tensor.dataId);
  const given = Array.from({ length: count }, (_, at) => {
    const input = inputs[String(at)];
    return input === undefined ? 0 : address(input);
  });
  work(engine, given, outputs.map(address));
  return outputs;
};
