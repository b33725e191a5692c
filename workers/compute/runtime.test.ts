import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Executor } from './executor';
import { createExecutor } from './runtime';
import { describe as describeAdapter } from './webgpu-device';

let executor: Executor | undefined;
afterEach(() => {
  executor?.dispose();
  executor = undefined;
  vi.unstubAllGlobals();
});

/** A `navigator` whose only adapter is described by `info`; null = none. */
function stubAdapter(info: Partial<GPUAdapterInfo> | null): void {
  const adapter =
    info === null ? null : { info: { vendor: '', architecture: '', device: '', description: '', ...info } };
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(adapter) } });
}

describe('createExecutor', () => {
  it('runs on WASM when asked, checked and described', async () => {
    executor = await createExecutor({ device: 'wasm' });
    expect(tf.getBackend()).toBe('wasm');
    expect(executor.device).toMatchObject({ kind: 'wasm', description: '1 thread, SIMD', threads: 1, simd: true });
    expect(executor.device.reason).toBe('WASM was asked for.');
    expect(executor.device.selfCheckError).toBeGreaterThan(0);
    expect(executor.device.selfCheckError).toBeLessThan(1e-5);
    expect(() => executor?.check()).not.toThrow();
  });

  it('takes WASM and says so where there is no WebGPU, no adapter, or only a software one', async () => {
    vi.stubGlobal('navigator', {});
    executor = await createExecutor({ device: 'auto' });
    expect(executor.device.reason).toBe('This browser offers no WebGPU here, so WASM runs on the CPU.');
    executor.dispose();
    stubAdapter(null);
    executor = await createExecutor({ device: 'auto' });
    expect(executor.device.reason).toBe('The browser found no WebGPU adapter, so WASM runs on the CPU.');
    executor.dispose();
    stubAdapter({ vendor: 'google', architecture: 'swiftshader' });
    executor = await createExecutor({ device: 'auto' });
    expect(executor.device).toMatchObject({ kind: 'wasm' });
    expect(executor.device.reason).toContain('software (google swiftshader (software)), many times slower than WASM');
  });

  it('does not replace a device that was asked for', async () => {
    stubAdapter(null);
    await expect(createExecutor({ device: 'webgpu' })).rejects.toMatchObject({
      name: 'DeviceError',
      kind: 'unavailable',
    });
  });

  it('refuses a device that computes wrongly, naming the operation', async () => {
    const pooling = tf.getKernel(tf.AvgPool, 'wasm');
    if (pooling === null) throw new Error('The WASM backend has average pooling.');
    const right = pooling.kernelFunc;
    // Strided pooling now gives too many pixels; the means of batch norm, also pooled, stay right.
    pooling.kernelFunc = (args) => right({ ...args, attrs: { ...args.attrs, strides: [1, 1] } });
    try {
      await expect(createExecutor({ device: 'wasm' })).rejects.toMatchObject({ kind: 'self-check' });
      await expect(createExecutor({ device: 'wasm' })).rejects.toThrow(
        /^This device computes wrongly: output of average pooling with no usable numbers\. Update the browser/,
      );
    } finally {
      pooling.kernelFunc = right;
    }
    executor = await createExecutor({ device: 'wasm' });
    expect(executor.device.kind).toBe('wasm');
  });

  it('can be made again after it was disposed, with its networks', async () => {
    const tensors: number[] = [];
    for (let times = 0; times < 3; times++) {
      const again = await createExecutor({ device: 'wasm' });
      tensors.push(tf.memory().numTensors);
      again.load({
        graph: {
          layers: [
            { id: 'input', inputs: [], op: 'input', shape: [3] },
            { id: 'logits', inputs: ['input'], op: 'dense', units: 2, kernel: 'kernel' },
          ],
          outputs: ['logits'],
        },
        tensors: { kernel: { shape: [3, 2], values: new Float32Array(6) } },
        meta: { name: 'dense', history: [] },
      });
      again.dispose();
    }
    expect(tensors).toEqual([0, 0, 0]);
  });
});

describe('adapters', () => {
  it.each([
    [{ vendor: 'apple', architecture: 'metal-3', description: 'Apple M2' }, false, 'Apple M2'],
    [{ vendor: 'nvidia', architecture: 'ampere' }, false, 'nvidia ampere'],
    [{ vendor: 'google', architecture: 'swiftshader' }, true, 'google swiftshader (software)'],
    [{ description: 'llvmpipe (LLVM 17)' }, true, 'llvmpipe (LLVM 17) (software)'],
    [{ description: 'Microsoft Basic Render Driver' }, true, 'Microsoft Basic Render Driver (software)'],
    [{ vendor: 'x', isFallbackAdapter: true }, true, 'x (software)'],
  ])('%j', (info, software, description) => {
    const full = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...info };
    expect(describeAdapter(full as GPUAdapterInfo)).toEqual({ software, description });
  });
});
