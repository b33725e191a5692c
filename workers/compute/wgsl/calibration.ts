/** Which tiles an adapter gets. */
import * as tf from '@tensorflow/tfjs-core';
import { wgslConvolve, wgslKernelGradient } from './wgsl-kernels';
import { startWgsl, type Tiling } from './wgsl-operation';

/** By the adapter's name; a session meets few. */
const measured = new Map<string, Tiling>();

const repeats = 3;

/**
 * Starts our kernels on the present WebGPU backend. A software adapter gets register tiles: barriers cost it more than
 * anything else does. Elsewhere both kinds run a convolution and its kernel gradient, once a session, and the faster stays.
 */
export async function startTuned(adapter: { readonly software: boolean; readonly description: string }): Promise<void> {
  const known = adapter.software ? 'registers' : measured.get(adapter.description);
  if (known !== undefined) return startWgsl(known);
  const shared = await milliseconds('shared');
  const registers = await milliseconds('registers');
  const faster = registers < shared ? 'registers' : 'shared';
  measured.set(adapter.description, faster);
  startWgsl(faster);
}

async function milliseconds(tiling: Tiling): Promise<number> {
  startWgsl(tiling);
  const x: tf.Tensor4D = tf.randomUniform([32, 16, 16, 32], -1, 1, 'float32', 1);
  const kernel: tf.Tensor4D = tf.randomUniform([3, 3, 32, 32], -1, 1, 'float32', 2);
  const window = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;
  const run = async (count: number): Promise<void> => {
    const ends = Array.from({ length: count }, () => {
      const y = wgslConvolve(x, kernel, x.shape, window, 1);
      const gradient = wgslKernelGradient(x, y, window, 1);
      y.dispose();
      return gradient;
    });
    // The last value ends the work of all.
    await ends.at(-1)?.data();
    tf.dispose(ends);
  };
  await run(1);
  const began = performance.now();
  await run(repeats);
  const spent = performance.now() - began;
  tf.dispose([x, kernel]);
  return spent;
}
