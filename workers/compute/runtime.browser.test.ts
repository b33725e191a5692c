import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { cutChannels } from '../network/cut';
import type { Graph, Network } from '../network/graph';
import { networkFromText } from '../network/text';
import { EagerNetwork } from './eager/loaded-network';
import { referenceDifference, referenceLoss, tinyImages, tinyNetwork } from './eager/tiny-network';
import type { Executor } from './executor';
import { createExecutor } from './runtime';
import { wasmFiles } from './wasm-files';

let executor: Executor | undefined;
afterEach(() => {
  executor?.dispose();
  executor = undefined;
});

function webGpu(): WebGPUBackend {
  return tf.backend() as WebGPUBackend;
}

/** One pixel blown up to a side of `side` pixels: big on the device, nothing on the host. */
function enormous(side: number): Network {
  const graph: Graph = {
    layers: [
      { id: 'input', inputs: [], op: 'input', shape: [1, 1, 1] },
      { id: 'enlarged', inputs: ['input'], op: 'resize', size: [side, side], mode: 'nearest', grid: 'halfPixel' },
      { id: 'shifted', inputs: ['enlarged'], op: 'activation', kind: 'sigmoid' },
    ],
    outputs: ['shifted'],
  };
  return { graph, tensors: {}, meta: { name: 'enormous', history: [] } };
}

describe('WASM in an isolated page', () => {
  it('runs threads, started from this origin', async () => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    executor = await createExecutor({ device: 'wasm', wasmFiles, threads: 2 });
    expect(executor.device).toMatchObject({ threads: 2, simd: true, description: '2 threads, SIMD' });
    executor.dispose();
    executor = await createExecutor({ device: 'wasm', wasmFiles, threads: 1 });
    expect(executor.device.threads).toBe(1);
  });

  it('says what is wrong when a binary is missing', async () => {
    const broken = createExecutor({ device: 'wasm', wasmFiles: { ...wasmFiles, threadedSimd: '/missing.wasm' } });
    await expect(broken).rejects.toMatchObject({ name: 'DeviceError', kind: 'unavailable' });
  });
});

describe('WebGPU on a software adapter', () => {
  it('keeps no buffer of sizes that a cut has left behind', async () => {
    executor = await createExecutor({ device: 'webgpu' });
    const held = (): number => {
      const { numBytesAllocatedInGPU, numBytesInGPU } = tf.memory() as unknown as Record<string, number>;
      return (numBytesAllocatedInGPU ?? NaN) - (numBytesInGPU ?? NaN);
    };
    const x = tf.randomUniform<tf.Rank.R4>([3, 8, 8, 3], -1, 1, 'float32', 1);
    const network = networkFromText('input 8x8x3 / a = conv 24 3x3 p1 / bn / relu / b = conv 8 3x3 p1 / globalPool');
    for (const [index, width] of [24, 13, 7].entries()) {
      const removed = { a: Array.from({ length: 24 - width }, (_, at) => at) };
      const loaded = executor.load(cutChannels(network, removed));
      const output = loaded.forward(x);
      // The pool is in use while a network is loaded, and tensors that are alive survive its end.
      if (index === 0) expect(held()).toBeGreaterThan(0);
      loaded.dispose();
      expect(held()).toBe(0);
      expect((await output.data()).every(Number.isFinite)).toBe(true);
      output.dispose();
      executor.check();
    }
    x.dispose();
  });

  it('is not chosen by itself', async () => {
    executor = await createExecutor({ device: 'auto', wasmFiles });
    expect(executor.device.kind).toBe('wasm');
    expect(executor.device.reason).toContain('many times slower than WASM');
  });

  it('steps to the gradients of finite differences, leaks nothing and keeps no copies on the host', async () => {
    executor = await createExecutor({ device: 'webgpu' });
    expect(executor.device.maxBufferBytes).toBeGreaterThan(1e8);
    const network = tinyNetwork();
    const images = tinyImages(4);
    const loaded = executor.load(network);
    const x = tf.tensor4d(images.values, [4, 7, 6, 2]);
    const labels = tf.tensor2d(
      images.classes.flatMap((label) => [0, 1, 2].map((at) => (at === label ? 1 : 0))),
      [4, 3],
    );
    const step = () =>
      loaded.step(x, { loss: ([logits]) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits ?? []), labels), -1))) });
    const { loss, outputs, gradients } = step();
    expect((await loss.data())[0]).toBeCloseTo(referenceLoss(network, images), 4);
    for (const { name } of loaded.parameters) {
      const values = (await (gradients.get(name) ?? loss).data()) as Float32Array;
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      const at = values.length - 1;
      const expected = referenceDifference(network, images, name, at);
      expect(Math.abs((values[at] ?? Number.NaN) - expected) / largest, `${name}[${at}]`).toBeLessThan(1e-3);
    }
    tf.dispose([loss, ...outputs, ...gradients.values()]);
    const before = tf.memory().numTensors;
    const again = step();
    tf.dispose([again.loss, ...again.outputs, ...again.gradients.values()]);
    const tensors = await loaded.readBack();
    expect(tf.memory().numTensors).toBe(before);
    expect(tensors['shared']).toEqual(network.tensors['shared']);
    const { tensorMap } = webGpu() as unknown as { tensorMap: { get(id: object): { values: unknown } } };
    for (const { value } of loaded.parameters) expect(tensorMap.get(value.dataId).values).toBeNull();
    executor.check();
  });

  it('refuses a tensor over the device limit before the first operation', async () => {
    executor = await createExecutor({ device: 'webgpu' });
    const limit = executor.device.maxBufferBytes ?? 0;
    const side = Math.ceil(Math.sqrt(limit / 4)) + 100;
    const load = (): unknown => executor?.load(enormous(side));
    expect(load).toThrow(expect.objectContaining({ kind: 'too-large', layer: 'enlarged' }));
    expect(load).toThrow(/Layer "enlarged" needs a buffer of .* GB, but this device allows .* per buffer\./);
    executor.check();
  });

  it('fails the job when an over-limit tensor slips through: no silent zeros', async () => {
    executor = await createExecutor({ device: 'webgpu' });
    const side = Math.ceil(Math.sqrt((executor.device.maxBufferBytes ?? 0) / 4)) + 100;
    const unplanned = new EagerNetwork(enormous(side), { buffer: Infinity }, () => {});
    const x = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
    const output = unplanned.forward(x);
    const corner = tf.slice(output, [0, 0, 0, 0], [1, 1, 1, 1]);
    await corner.data().catch(() => undefined);
    expect(() => executor?.check()).toThrow(expect.objectContaining({ name: 'DeviceError' }));
    tf.dispose([x, output, corner]);
  });

  it('announces a lost device and fails from then on', async () => {
    executor = await createExecutor({ device: 'webgpu' });
    webGpu().device.destroy();
    await expect(executor.lost).resolves.toContain('The GPU device was lost');
    expect(() => executor?.check()).toThrow(expect.objectContaining({ kind: 'lost' }));
  });
});
