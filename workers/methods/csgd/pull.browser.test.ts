/** The laws of the centripetal update where sums run in another order: on WebGPU. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Executor } from '../../compute/executor';
import { createExecutor } from '../../compute/runtime';
import { wasmFiles } from '../../compute/wasm-files';
import { channelsOfClasses } from '../../network/closure';
import { cutChannels } from '../../network/cut';
import type { Network } from '../../network/graph';
import { maxAbsDifference } from '../../formats/proof';
import { plainBatches } from '../../training/batching';
import { uploadBatch } from '../../training/device-batch';
import { clusteredAxes, mergedClasses } from './axes';
import { deviationOf } from './distances';
import { averageClusters, mergeInputs } from './merge';
import { halfClusters, tinyData, tinyTraining, tinyWide } from './tiny-training';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'webgpu', wasmFiles });
});
afterAll(() => executor.dispose());

const wide = tinyWide();
const clusters = halfClusters(wide);
const axes = clusteredAxes(wide, clusters);

async function logitsOf(network: Network): Promise<Float32Array> {
  const { splits, shape, normalisation } = tinyData;
  const [batch] = plainBatches({ split: splits.test, shape, normalisation, batchSize: 30, images: 30 });
  if (batch === undefined) throw new Error('There are test images.');
  const loaded = executor.load(network);
  const { images, labels } = uploadBatch(batch, shape, 3);
  const logits = loaded.forward(images);
  const values = Float32Array.from(await logits.data<'float32'>());
  for (const tensor of [images, labels, logits]) tensor.dispose();
  loaded.dispose();
  return values;
}

it('shrinks differences by the law', async () => {
  const strength = 0.3;
  const { deviations } = await tinyTraining(executor, wide, { clusters, strength, steps: 12 });
  const ratio = (deviations[1]?.chi ?? NaN) / (deviations[0]?.chi ?? NaN);
  expect(ratio / (1 - 0.03 * (1e-3 + strength)) ** 24).toBeCloseTo(1, 4);
});

it('keeps equal filters equal to the bit, and the cut lossless', async () => {
  const equal = averageClusters(wide, axes);
  const settings = { momentum: 0.9 };
  const { tensors } = await tinyTraining(executor, equal, { clusters, strength: 0.1, steps: 8, settings });
  const kernel = tensors['conv1.kernel']?.values;
  expect(kernel).not.toEqual(equal.tensors['conv1.kernel']?.values);
  // Means of equal numbers in float64 are those numbers.
  expect(deviationOf(tensors, axes)).toMatchObject({ chi: 0, chiVectors: 0, largest: 0 });
  const trained = averageClusters({ ...wide, tensors }, axes);
  const cut = cutChannels(
    mergeInputs(trained, axes),
    channelsOfClasses(wide.graph, mergedClasses(wide.graph, clusters)),
  );
  const before = await logitsOf(trained);
  expect(maxAbsDifference(before, await logitsOf(cut))).toBeLessThan(1e-4);
  const early = cutChannels(
    mergeInputs(wide, axes),
    channelsOfClasses(wide.graph, mergedClasses(wide.graph, clusters)),
  );
  expect(maxAbsDifference(await logitsOf(wide), await logitsOf(early))).toBeGreaterThan(0.1);
});
