import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Executor } from '../../compute/executor';
import { createExecutor } from '../../compute/runtime';
import type { Dataset } from '../../datasets/dataset';
import { drawShapes } from '../../datasets/shapes';
import { readNetworkFile } from '../../formats/network-file';
import type { Network } from '../../network/graph';
import { createControl } from '../../training/control';
import { train } from '../../training/loop';
import { tinySettings } from '../../training/tiny-task';
import { beginDagger, disposeAll } from './bench';

let executor: Executor;
let network: Network;
let dataset: Dataset;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
  const name = 'resnet8-shapes10.safetensors';
  const bytes = readFileSync(new URL(`../../../public/networks/${name}`, import.meta.url));
  ({ network } = await readNetworkFile(new Blob([bytes]), name));
  dataset = await drawShapes({ train: 1600, validation: 10, test: 10 });
});
afterAll(() => {
  disposeAll();
  executor.dispose();
});

/** Share of the multiply-adds minus its target after each of 100 steps on real images, towards a half. */
async function gapsWith(penalty: string): Promise<number[]> {
  const loaded = executor.load(network);
  const hooks = await beginDagger(network, { settings: { penalty, learningRate: 0.02 } });
  const gaps: number[] = [];
  await train({
    executor,
    loaded,
    dataset,
    normalisation: dataset.normalisation,
    settings: { ...tinySettings, labelSmoothing: 0, batchSize: 16, epochs: 1 },
    seed: 1,
    control: createControl(),
    hooks: {
      ...hooks,
      async afterStep() {
        const { predictedShare = NaN, annealedTarget = NaN } = (await hooks.telemetry?.())?.values ?? {};
        gaps.push(predictedShare - annealedTarget);
      },
    },
  });
  hooks.dispose?.();
  loaded.dispose();
  return gaps;
}

it('the two-sided term keeps the share near its target at every step, and ends on it', async () => {
  const gaps = await gapsWith('absolute');
  expect(gaps).toHaveLength(100);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(-0.15);
  expect(Math.abs(gaps.at(-1) ?? NaN)).toBeLessThanOrEqual(0.05);
}, 120_000);

it('a one-sided term does not: a damaged network loses confidence, and gates keep closing', async () => {
  const gaps = await gapsWith('hinge');
  // Twice as far as the two-sided term may end from it.
  expect(gaps.at(-1)).toBeLessThanOrEqual(-0.1);
}, 120_000);
