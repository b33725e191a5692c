/**
 * Addresses of what the WASM device loads, as the bundler serves them from the site's own origin.
 *
 * For entry points in the browser; Node needs none of it.
 */
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import threadMain from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js?url';
import type { WasmFiles } from './wasm-device';
import thread from './wasm-thread.js?url&no-inline';

export const wasmFiles: WasmFiles = {
  plain,
  simd,
  threadedSimd,
  threadMain,
  thread,
  spawnThread: () => new Worker(new URL('../simd-thread.worker.ts', import.meta.url), { type: 'module' }),
};
