/**
 * The WASM device: tfjs's WASM backend with SIMD, and with threads where the page is cross-origin isolated.
 */
import { BackendWasm, getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import threadedFactory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';
import * as tf from '@tensorflow/tfjs-core';
import { DeviceError } from './executor';
import { registerWasmKernels } from './kernels/wasm-kernels';
import { startSimd, stopSimd } from './simd/simd-operation';
import type { SpawnThread } from './simd/thread-pool';

/** Addresses of the backend's binaries and of its thread. */
export interface WasmFiles {
  readonly plain: string;
  readonly simd: string;
  readonly threadedSimd: string;
  /** The script each thread runs the binary with. */
  readonly threadMain: string;
  /** `wasm-thread.js`. */
  readonly thread: string;
  /** Starts `simd-thread.worker.ts`. */
  readonly spawnThread: SpawnThread;
}

/** Convolutions by our kernels where SIMD allows, or composed of tfjs's operations: slower, and the reference. */
export type WasmKernels = 'own' | 'composed';

export interface WasmDevice {
  readonly threads: number;
  readonly simd: boolean;
  /** Bytes of heap the backend may grow to. */
  readonly heapBytes: number;
}

/** Emscripten's name of the C library's malloc. */
const allocator = '_malloc';

type TfjsModule = ConstructorParameters<typeof BackendWasm>[0];
/** The parts of Emscripten's instance that tfjs's types leave out. */
type WasmModule = TfjsModule & {
  [allocator]: (bytes: number) => number;
  cwrap(name: string, result: 'number' | null, parameters: readonly 'number'[]): (...values: number[]) => number;
};
/** Settings go in, the instance comes out. */
type WasmFactory = (settings: object) => Promise<WasmModule>;

/** Threads the backend's build prepares. */
const maximalThreads = 8;

/** Emscripten's own limit of the build: 4 GB less one page. */
const heapBytes = 4_294_901_760;

/**
 * Makes WASM tfjs's backend. `files` are needed in a browser; in Node the installed package finds its own.
 * Throws `DeviceError('unavailable')` when the binary cannot be loaded.
 */
export async function startWasm(
  files: WasmFiles | undefined,
  threads = defaultThreads(),
  kernels: WasmKernels = 'own',
): Promise<WasmDevice> {
  setThreadsCount(threads);
  const flag = async (name: string): Promise<boolean> => (await tf.env().getAsync(name)) === true;
  const simd = await flag('WASM_HAS_SIMD_SUPPORT');
  const threaded = simd && (await flag('WASM_HAS_MULTITHREAD_SUPPORT'));
  try {
    if (threaded && files !== undefined) await registerThreaded(files, threads);
    else registerStock(files);
    registerWasmKernels();
    if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start it');
    if (kernels === 'own') {
      const spawn = files?.spawnThread;
      const ours = spawn === undefined ? undefined : { count: getThreadsCount(), spawn };
      await startSimd(tf.backend() as BackendWasm, ours);
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String((cause as { message?: unknown }).message ?? cause);
    throw new DeviceError(
      'unavailable',
      `The WASM backend does not start (${message}). Check that the site's .wasm files are served.`,
    );
  }
  return { threads: getThreadsCount(), simd, heapBytes };
}

/**
 * Turns a full heap into an error: the backend ignores a failed allocation and writes to address 0. To be called after
 * the first operations, since Emscripten replaces its allocator on first use.
 */
export function guardAllocation(report: (error: DeviceError) => void): void {
  const wasm = (tf.backend() as BackendWasm).wasm as WasmModule;
  const allocate = wasm[allocator];
  wasm[allocator] = (bytes) => {
    const address = allocate(bytes);
    if (address !== 0 || bytes === 0) return address;
    const error = new DeviceError(
      'out-of-memory',
      `The WASM heap is full: ${bytes} more bytes were asked for. Use a smaller batch or a smaller network.`,
    );
    report(error);
    throw error;
  };
}

/** Takes the backend away; a later `startWasm` makes a new one. */
export function stopWasm(): void {
  stopSimd();
  tf.removeBackend('wasm');
}

/** tfjs's own way of starting its backend, needed again after a `removeBackend`. */
const stockFactory = tf.findBackendFactory('wasm');

function registerStock(files: WasmFiles | undefined): void {
  if (files !== undefined) {
    setWasmPaths({
      'tfjs-backend-wasm.wasm': files.plain,
      'tfjs-backend-wasm-simd.wasm': files.simd,
      'tfjs-backend-wasm-threaded-simd.wasm': files.threadedSimd,
    });
  }
  register(stockFactory);
}

/** As tfjs starts it, but with the thread's script from the site's own origin (see `wasm-thread.js`). */
async function registerThreaded(files: WasmFiles, threads: number): Promise<void> {
  const createModule = threadedFactory as unknown as WasmFactory;
  const wasm = await withCores(2 * threads, () =>
    createModule({
      locateFile: (path: string) => (path.endsWith('.wasm') ? files.threadedSimd : files.thread),
      mainScriptUrlOrBlob: files.threadMain,
    }),
  );
  wasm.tfjs = {
    init: wasm.cwrap('init', null, []),
    initWithThreadsCount: wasm.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: wasm.cwrap('get_threads_count', 'number', []),
    registerTensor: wasm.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: wasm.cwrap('dispose_data', null, ['number']),
    dispose: wasm.cwrap('dispose', null, []),
  };
  register(() => new BackendWasm(wasm));
}

/**
 * Runs `start` with the browser claiming `cores` cores. The backend's binary uses at most half of what it is told, one
 * thread on a machine with two cores, and has no setting for it.
 */
async function withCores<T>(cores: number, start: () => Promise<T>): Promise<T> {
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores, configurable: true });
  try {
    return await start();
  } finally {
    // The true number is a getter of the prototype.
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
  }
}

/** All cores of a small machine; half of a larger one's, which counts most cores twice (hyper-threads). */
function defaultThreads(): number {
  const cores = (globalThis.navigator as Partial<Navigator> | undefined)?.hardwareConcurrency ?? 1;
  return Math.min(maximalThreads, cores <= 4 ? cores : Math.ceil(cores / 2));
}

function register(factory: ReturnType<typeof tf.findBackendFactory>): void {
  if (tf.findBackendFactory('wasm') !== null) tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
}
