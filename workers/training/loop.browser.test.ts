import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { createExecutor } from '../compute/runtime';
import { wasmFiles } from '../compute/wasm-files';
import type { Tensors } from '../network/graph';
import { createControl } from './control';
import { evaluate } from './evaluate';
import { train, type Checkpoint } from './loop';
import type { StepReport } from './step-window';
import { tinyDataset, tinyNetwork, tinySettings } from './tiny-task';

const dataset = tinyDataset(96, 33);
const settings = { ...tinySettings, epochs: 2 };

interface Trained {
  readonly reports: StepReport[];
  readonly tensors: Tensors;
  readonly accuracy: number;
  readonly checkpoints: Checkpoint[];
  readonly leaked: number;
}

async function trainOn(device: 'wasm' | 'webgpu'): Promise<Trained> {
  const executor = await createExecutor({ device, wasmFiles });
  const loaded = executor.load(tinyNetwork(1));
  const before = memory().numTensors;
  const reports: StepReport[] = [];
  const checkpoints: Checkpoint[] = [];
  const { normalisation, shape, splits } = dataset;
  await train({
    executor,
    loaded,
    dataset,
    normalisation,
    settings,
    seed: 5,
    control: createControl(),
    onSteps: (some) => reports.push(...some),
    checkpoint: { everySeconds: 0, save: async (checkpoint) => void checkpoints.push(checkpoint) },
  });
  const { accuracy } = await evaluate({ loaded, split: splits.validation, shape, normalisation, classes: 3 });
  const leaked = memory().numTensors - before;
  const tensors = await loaded.readBack();
  loaded.dispose();
  executor.dispose();
  return { reports, tensors, accuracy, checkpoints, leaked };
}

it('trains the same network on WebGPU and on WASM', async () => {
  const gpu = await trainOn('webgpu');
  const cpu = await trainOn('wasm');
  for (const { reports, checkpoints, leaked } of [gpu, cpu]) {
    expect(reports.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, step) => step));
    expect(checkpoints.at(-1)?.optimiser['fc.kernel']?.shape).toEqual([5, 3]);
    expect(leaked).toBe(0);
  }
  // Sums in another order: float32 differences that twelve steps carry along.
  cpu.reports.forEach(({ loss }, step) => expect(gpu.reports[step]?.loss).toBeCloseTo(loss, 3));
  for (const [name, { values }] of Object.entries(cpu.tensors)) {
    const other = gpu.tensors[name]?.values ?? [];
    values.forEach((value, at) => expect(Math.abs((other[at] ?? NaN) - value), name).toBeLessThan(5e-3));
  }
  expect(Math.abs(gpu.accuracy - cpu.accuracy)).toBeLessThan(0.1);
});
