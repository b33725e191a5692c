import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { buildZooNetwork } from '../../network/zoo';
import { classificationLoss } from '../../training/loss';
import { convolveDepthwise, depthwiseInputGradient, depthwiseKernelGradient } from '../ops/depthwise';
import { maxPool, maxPoolGradient } from '../ops/pooling';
import { createExecutor } from '../runtime';
import { wasmFiles } from '../wasm-files';
import type { WasmKernels } from '../wasm-device';

const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', widths: [13, 8, 37], seed: 1 });

/** Loss, gradients and running statistics of a step, by name. */
async function step(kernels: WasmKernels, threads: number): Promise<Map<string, Float32Array>> {
  const executor = await createExecutor({ device: 'wasm', wasmFiles, kernels, threads });
  expect(executor.device.threads).toBe(threads);
  const loaded = executor.load(network);
  const images: tf.Tensor4D = tf.randomUniform([7, 32, 32, 3], -1, 1, 'float32', 1);
  const labels = tf.tidy(() => tf.cast(tf.oneHot(tf.range(0, 7, 1, 'int32'), 10), 'float32') as tf.Tensor2D);
  const found = new Map<string, Float32Array>();
  for (let times = 0; times < 3; times++) {
    const { loss, outputs, gradients } = loaded.step(images, { loss: classificationLoss({ labels }) });
    found.set('loss', Float32Array.from(loss.dataSync()));
    for (const [name, gradient] of gradients) found.set(name, Float32Array.from(gradient.dataSync()));
    tf.dispose([loss, ...outputs, ...gradients.values()]);
  }
  for (const [name, { values }] of Object.entries(await loaded.readBack())) found.set(`${name} now`, values.slice());
  tf.dispose([images, labels]);
  executor.dispose();
  return found;
}

it('gives the same bits on one, two and three threads', async () => {
  const alone = await step('own', 1);
  expect(alone.size).toBeGreaterThan(40);
  expect(await step('own', 2)).toEqual(alone);
  expect(await step('own', 3)).toEqual(alone);
});

it('sums depthwise windows and their gradients to the same bits on one, two and three threads', async () => {
  const window = { kernelSize: [3, 3], stride: [2, 2], padding: [0, 1, 0, 1], dilation: [1, 1] } as const;
  const run = async (threads: number): Promise<Float32Array[]> => {
    const executor = await createExecutor({ device: 'wasm', wasmFiles, kernels: 'own', threads });
    const found = tf.tidy(() => {
      const x: tf.Tensor4D = tf.randomUniform([45, 12, 10, 37], -1, 1, 'float32', 1);
      const kernel: tf.Tensor4D = tf.randomUniform([3, 3, 37, 1], -1, 1, 'float32', 2);
      const y = convolveDepthwise(x, kernel, window);
      const tensors = [
        y,
        depthwiseInputGradient(y, kernel, x.shape, window),
        depthwiseKernelGradient(x, y, window),
        maxPoolGradient(y, x, maxPool(x, window), window),
      ];
      return tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
    }) as unknown as Float32Array[];
    executor.dispose();
    return found;
  };
  const alone = await run(1);
  expect(await run(2)).toEqual(alone);
  expect(await run(3)).toEqual(alone);
});

it('agrees with the composed step', async () => {
  const [own, composed] = [await step('own', 2), await step('composed', 1)];
  for (const [name, values] of composed) {
    const found = own.get(name) ?? new Float32Array();
    expect(found.length, name).toBe(values.length);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-4);
    const distance = values.reduce((most, value, at) => Math.max(most, Math.abs(value - (found[at] ?? NaN))), 0);
    expect(distance / largest, name).toBeLessThan(1e-3);
  }
});
