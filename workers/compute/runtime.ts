/**
 * Which device runs, and why: brings up a backend and gives an executor on it.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { DeviceKind, Executor } from './executor';
import { createWasmExecutor } from './wasm-device';

export interface ExecutorOptions {
  /** `auto`: WebGPU where a hardware adapter exists, else WASM. */
  readonly device: 'auto' | DeviceKind;
  /** Folder, or address by file name, of tfjs's WASM binaries. Absent in Node: the installed package's own. */
  readonly wasmPaths?: string | Readonly<Record<string, string>> | undefined;
}

export async function createExecutor(options: ExecutorOptions): Promise<Executor> {
  return createWasmExecutor(options.wasmPaths, 'Asked for.');
}
