/**
 * The WASM device: tfjs's WASM backend with SIMD, and threads where the page is cross-origin isolated.
 */
import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { EagerNetwork } from './eager/loaded-network';
import type { Executor } from './executor';

export async function createWasmExecutor(
  wasmPaths: string | Readonly<Record<string, string>> | undefined,
  reason: string,
): Promise<Executor> {
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  await tf.setBackend('wasm');
  const threads = getThreadsCount();
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true;
  return {
    device: {
      kind: 'wasm',
      description: `${threads} threads${simd ? ', SIMD' : ''}`,
      reason,
      threads,
      simd,
      selfCheckError: 0,
    },
    load: (network) => new EagerNetwork(network, () => {}),
    lost: new Promise(() => {}),
    check: () => {},
    dispose: () => {},
  };
}
