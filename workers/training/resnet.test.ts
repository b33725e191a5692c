import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Dataset } from '../datasets/dataset';
import { drawShapes } from '../datasets/shapes';
import type { Network, Tensors } from '../network/graph';
import { buildZooNetwork } from '../network/zoo';
import { createControl } from './control';
import { train, type Checkpoint, type TrainOptions, type TrainSettings } from './loop';

let executor: Executor;
let dataset: Dataset;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
  dataset = await drawShapes({ train: 64, validation: 10, test: 10 });
});
afterAll(() => executor.dispose());

const settings: TrainSettings = {
  epochs: 20,
  batchSize: 32,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  warmUp: 1,
  labelSmoothing: 0,
  augment: false,
  distillation: 0,
  temperature: 4,
};

async function run(network: Network, changes: Partial<TrainOptions>): Promise<{ losses: number[]; tensors: Tensors }> {
  const loaded = executor.load(network);
  const losses: number[] = [];
  await train({
    executor,
    loaded,
    dataset,
    normalisation: dataset.normalisation,
    settings,
    seed: 1,
    control: createControl(),
    onSteps: (some) => losses.push(...some.map(({ loss }) => loss)),
    ...changes,
  });
  const tensors = await loaded.readBack();
  loaded.dispose();
  return { losses, tensors };
}

const bits = (tensors: Tensors): number[][] =>
  Object.values(tensors).map(({ values }) => [...new Uint32Array(values.slice().buffer)]);

describe('a residual network on Shapes-10, on WASM', () => {
  it('learns 64 pictures', async () => {
    const { losses } = await run(buildZooNetwork({ architecture: 'resnet8', widths: [8, 16, 32], seed: 1 }), {});
    const mean = (some: number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    expect(losses.length).toBe(40);
    // Ten classes: chance is ln 10 = 2.30.
    expect(mean(losses.slice(0, 3))).toBeGreaterThan(2.1);
    expect(mean(losses.slice(-3))).toBeLessThan(1.5);
  });

  it('equals itself bit for bit when interrupted in the middle of an epoch, augmentation and distillation included', async () => {
    const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', widths: [4, 8, 8], seed: 2 });
    const teacher = executor.load(buildZooNetwork({ architecture: 'resnet8', widths: [4, 4, 4], seed: 3 }));
    const own = { ...settings, epochs: 2, batchSize: 16, augment: true, distillation: 0.3 };
    const whole = await run(network, { settings: own, teacher });
    const control = createControl();
    const saved: Checkpoint[] = [];
    const begun = await run(network, {
      settings: own,
      teacher,
      control,
      onSteps: (some) => some.some(({ step }) => step === 2) && control.pause(),
      onState: (state) => state === 'paused' && control.stop(),
      checkpoint: { everySeconds: Infinity, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    const [checkpoint] = saved;
    if (checkpoint === undefined) throw new Error('A pause must save a checkpoint.');
    expect(checkpoint.step).toBe(3);
    expect(bits(begun.tensors)).not.toEqual(bits(whole.tensors));
    const resumed = await run(
      { ...network, tensors: checkpoint.network },
      { settings: own, teacher, resume: checkpoint },
    );
    expect(bits(resumed.tensors)).toEqual(bits(whole.tensors));
    expect(resumed.losses).toEqual(whole.losses.slice(3));
    teacher.dispose();
  });
});
