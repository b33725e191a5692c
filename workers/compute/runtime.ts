/**
 * Which device runs, and why: brings up a backend, checks it, and gives an executor on it.
 */
// First, so that in Node the engine comes from the whole package, not from the second copy the next line loads.
import '@tensorflow/tfjs-core';
// tfjs registers no gradients by itself; losses, gates and extra terms are written with its operations.
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { DeviceHealth } from './device-health';
import { EagerNetwork } from './eager/loaded-network';
import { DeviceError, type DeviceKind, type DeviceReport, type Executor } from './executor';
import type { MemoryLimits } from './memory-plan';
import { selfCheck } from './self-check';
import { guardAllocation, startWasm, stopWasm, type WasmFiles, type WasmKernels } from './wasm-device';
import { startTuned } from './wgsl/calibration';
import { emptyPool, findAdapter, startWebGpu, stopWebGpu, type FoundAdapter } from './webgpu-device';

export interface ExecutorOptions {
  /** `auto`: WebGPU where a hardware adapter exists, else WASM. A software adapter is used only when asked for. */
  readonly device: 'auto' | DeviceKind;
  /** Where the WASM device finds its files (`wasm-files.ts`). Needed in a browser; Node takes the installed package's. */
  readonly wasmFiles?: WasmFiles | undefined;
  /** WASM threads, at most 8. Default: every core of a small machine, half of a larger one's. */
  readonly threads?: number | undefined;
  /** `own`: SIMD or WGSL of ours; `composed`: tfjs's alone. Default `own`. */
  readonly kernels?: WasmKernels | undefined;
}

/**
 * Brings a device up and checks it. One executor at a time: tfjs has one backend per worker.
 * Throws `DeviceError`: `unavailable` where the device asked for is not there, `self-check` where it computes wrongly.
 */
export async function createExecutor(options: ExecutorOptions): Promise<Executor> {
  const { device, wasmFiles, threads, kernels } = options;
  if (device === 'wasm') return wasmExecutor('WASM was asked for.', wasmFiles, threads, kernels);
  const found = await findAdapter();
  if (typeof found === 'string') {
    if (device === 'webgpu') throw new DeviceError('unavailable', `${found}. Choose WASM, which runs everywhere.`);
    return wasmExecutor(`${found}, so WASM runs on the CPU.`, wasmFiles, threads, kernels);
  }
  if (device === 'auto' && found.software) {
    const reason = `The only WebGPU adapter is software (${found.description}), many times slower than WASM.`;
    return wasmExecutor(reason, wasmFiles, threads, kernels);
  }
  const asked = device === 'webgpu' ? 'WebGPU was asked for' : 'A hardware WebGPU adapter is there';
  return webGpuExecutor(found, `${asked}.`, kernels);
}

async function wasmExecutor(
  reason: string,
  files?: WasmFiles,
  threadsAsked?: number,
  kernels?: WasmKernels,
): Promise<Executor> {
  const { threads, simd, heapBytes } = await startWasm(files, threadsAsked, kernels);
  const health = new DeviceHealth();
  const selfCheckError = await checked(stopWasm);
  guardAllocation((error) => health.report(error));
  const description = `${threads} ${threads === 1 ? 'thread' : 'threads'}${simd ? ', SIMD' : ''}`;
  const report: DeviceReport = { kind: 'wasm', description, reason, threads, simd, selfCheckError };
  return executor(report, { buffer: heapBytes, total: heapBytes }, health, stopWasm);
}

async function webGpuExecutor(found: FoundAdapter, reason: string, kernels: WasmKernels = 'own'): Promise<Executor> {
  const health = new DeviceHealth();
  const device = await startWebGpu(found, health);
  const stop = (): void => stopWebGpu(device);
  if (kernels === 'own') await startTuned(found);
  const selfCheckError = await checked(stop);
  health.check();
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const report: DeviceReport = {
    kind: 'webgpu',
    description: found.description,
    reason,
    threads: 1,
    simd: false,
    maxBufferBytes: maxBufferSize,
    selfCheckError,
  };
  const limits = { buffer: Math.min(maxBufferSize, maxStorageBufferBindingSize) };
  return executor(report, limits, health, stop, emptyPool);
}

/** Runs the self-check; a device that fails it is stopped. */
async function checked(stop: () => void): Promise<number> {
  try {
    return await selfCheck();
  } catch (error) {
    stop();
    throw error;
  }
}

/** `unloaded` is called after each network's end, while the device still runs. */
function executor(
  device: DeviceReport,
  limits: MemoryLimits,
  health: DeviceHealth,
  stop: () => void,
  unloaded?: () => void,
): Executor {
  const networks = new Set<EagerNetwork>();
  return {
    device,
    lost: health.lost,
    check: () => health.check(),
    load: (network) => {
      const loaded = new EagerNetwork(network, limits, () => {
        networks.delete(loaded);
        unloaded?.();
      });
      networks.add(loaded);
      return loaded;
    },
    dispose: () => {
      for (const network of networks) network.dispose();
      health.retire();
      stop();
    },
  };
}
