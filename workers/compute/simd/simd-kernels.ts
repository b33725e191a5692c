/**
 * The engine's kernels as operations of tfjs's WASM backend: outputs are tensors like any other's.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionWindow } from '../ops/convolution';
import { SimdEngine, type HostModule } from './simd-engine';
import type { ConvolutionShape } from './window-plan';

const names = {
  convolve: 'SimdConvolve',
  inputGradient: 'SimdConvolveInputGradient',
  kernelGradient: 'SimdConvolveKernelGradient',
} as const;

let engine: SimdEngine | undefined;

/** Starts the engine in the present backend's memory. Says whether it runs; without SIMD it does not. */
export async function startSimd(backend: BackendWasm): Promise<SimdEngine | undefined> {
  engine = await SimdEngine.start(backend.wasm as unknown as HostModule);
  if (engine !== undefined) register();
  return engine;
}

export function stopSimd(): void {
  engine = undefined;
}

/** Whether the operations below may be called: tfjs runs on WASM, and the engine in its memory. */
export function simdRuns(): boolean {
  return engine !== undefined && tf.getBackend() === 'wasm';
}

export function simdConvolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  output: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  return run(names.convolve, [x, kernel], output, { input: x.shape, kernel: kernel.shape, output, window, groups });
}

export function simdInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  return run(names.inputGradient, [dy, kernel], input, { input, kernel: kernel.shape, output: dy.shape, window, groups });
}

export function simdKernelGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const kernel = [...window.kernelSize, x.shape[3] / groups, dy.shape[3]];
  return run(names.kernelGradient, [x, dy], kernel, { input: x.shape, kernel, output: dy.shape, window, groups });
}

type Operation = (engine: SimdEngine, shape: ConvolutionShape, first: number, second: number, to: number) => void;

const operations: Readonly<Record<(typeof names)[keyof typeof names], Operation>> = {
  [names.convolve]: (simd, shape, x, kernel, to) => simd.convolve(shape, x, kernel, to),
  [names.inputGradient]: (simd, shape, dy, kernel, to) => simd.convolveInputGradient(shape, dy, kernel, to),
  [names.kernelGradient]: (simd, shape, x, dy, to) => simd.convolveKernelGradient(shape, x, dy, to),
};

function run(
  name: keyof typeof operations,
  [first, second]: readonly [tf.Tensor, tf.Tensor],
  result: readonly number[],
  shape: ConvolutionShape,
): tf.Tensor4D {
  return tf.engine().runKernel(name, { first, second }, { result, shape } as unknown as tf.NamedAttrMap);
}

let registered = false;

/** Once per worker: tfjs's registry outlives its backends. */
function register(): void {
  if (registered) return;
  registered = true;
  for (const [name, operation] of Object.entries(operations)) {
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs, backend }) => {
        const { first, second } = inputs;
        const { result, shape } = attrs as unknown as { result: number[]; shape: ConvolutionShape };
        if (engine === undefined || first === undefined || second === undefined)
          throw new RangeError(`${name} needs a running engine and two inputs.`);
        const wasm = backend as BackendWasm;
        const output = wasm.makeOutput([...result], 'float32');
        const address = ({ dataId }: tf.TensorInfo): number => wasm.getMemoryOffset(dataId);
        operation(engine, shape, address(first), address(second), address(output));
        return output;
      },
    });
  }
}
