/** The laws of the centripetal update where sums run in another order: on WebGPU. */
import { describe, expect, it } from 'vitest';
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
import { testLaws } from './laws';
import { averageClusters, mergeInputs } from './merge';
import { halfClusters, tinyData, tinyTraining, tinyWide } from './tiny-training';

const bring = (): Promise<Executor> => createExecutor({ device: 'webgpu', wasmFiles });

// In a block of their own: their device goes before the next test brings one up.
describe('the laws', () => testLaws(bring, { slow: true }));

const wide = tinyWide();
const clusters = halfClusters(wide);
const axes = clusteredAxes(wide, clusters);

async function logitsOf(executor: Executor, network: Network): Promise<Float32Array> {
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

it('cuts equal filters without loss, and others with it', async () => {
  const executor = await bring();
  const settings = { momentum: 0.9 };
  const { tensors } = await tinyTraining(executor, wide, { clusters, strength: 0.1, steps: 2, settings });
  const trained = averageClusters({ ...wide, tensors }, axes);
  const cut = cutChannels(
    mergeInputs(trained, axes),
    channelsOfClasses(wide.graph, mergedClasses(wide.graph, clusters)),
  );
  const before = await logitsOf(executor, trained);
  expect(maxAbsDifference(before, await logitsOf(executor, cut))).toBeLessThan(1e-4);
  const early = cutChannels(
    mergeInputs(wide, axes),
    channelsOfClasses(wide.graph, mergedClasses(wide.graph, clusters)),
  );
  expect(maxAbsDifference(await logitsOf(executor, wide), await logitsOf(executor, early))).toBeGreaterThan(0.1);
  executor.dispose();
});
