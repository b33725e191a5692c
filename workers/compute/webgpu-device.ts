/**
 * The WebGPU device: finding an adapter, telling hardware from software, and tfjs's WebGPU backend on a device of ours,
 * so that its loss and its errors are heard from the first operation on.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceHealth } from './device-health';
import { DeviceError } from './executor';
import { stopWgsl } from './wgsl/wgsl-operation';

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /** Runs on the CPU: SwiftShader, llvmpipe, WARP. */
  readonly software: boolean;
  /** "Apple M2", "SwiftShader (software)". */
  readonly description: string;
}

/** The browser's preferred adapter, or a sentence saying why there is none. */
export async function findAdapter(): Promise<FoundAdapter | string> {
  // Absent in old browsers and on insecure origins, whatever the types say.
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (gpu === undefined) return 'This browser offers no WebGPU here';
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return 'The browser found no WebGPU adapter';
  return { adapter, ...describe(adapter.info) };
}

/** Whether the adapter computes on the CPU, and its name for people. */
export function describe(info: GPUAdapterInfo): { software: boolean; description: string } {
  const text = [info.vendor, info.architecture, info.device, info.description].join(' ');
  const software = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software|basic render|\bwarp\b/i.test(text);
  const name = [info.description, info.device, `${info.vendor} ${info.architecture}`]
    .map((part) => part.trim())
    .find((part) => part !== '');
  return { software, description: `${name ?? 'unnamed adapter'}${software ? ' (software)' : ''}` };
}

/**
 * Makes WebGPU tfjs's backend, on a device that has the adapter's full limits and reports to `health`.
 * Throws `DeviceError('unavailable')` when the adapter gives no device.
 */
export async function startWebGpu({ adapter }: FoundAdapter, health: DeviceHealth): Promise<GPUDevice> {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const device = await requestDevice(adapter);
  health.watch(device);
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  // tfjs may compute small operations on the CPU; after a loss they would go on as if nothing had happened.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info), 3);
  if (!(await tf.setBackend('webgpu'))) {
    throw new DeviceError('unavailable', 'tfjs does not start on this GPU. Choose WASM.');
  }
  return device;
}

/** What tfjs's buffer pool leaves out of its types. */
interface Pool {
  readonly freeBuffers: ReadonlyMap<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/**
 * Destroys the buffers nothing uses. tfjs keeps them for ever, by exact size; after a cut no size is asked for again.
 */
export function emptyPool(): void {
  const backend = tf.backend() as WebGPUBackend;
  // Commands not yet submitted may still name a buffer of a tensor that is gone.
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  const pool = backend.bufferManager as unknown as Pool;
  for (const buffers of pool.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      buffer.destroy();
      pool.numFreeBuffers -= 1;
      pool.numBytesAllocated -= buffer.size;
    }
  }
}

/** Takes the backend away and frees the device. */
export function stopWebGpu(device: GPUDevice): void {
  stopWgsl();
  tf.removeBackend('webgpu');
  device.destroy();
}

async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits } = adapter;
  try {
    return await adapter.requestDevice({
      requiredFeatures: (['timestamp-query', 'subgroups'] as const).filter((name) => adapter.features.has(name)),
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      },
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError('unavailable', `The GPU gives no device (${message}). Choose WASM, or restart the browser.`);
  }
}
