import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { drawCueRods } from '../datasets/cue-rods';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Network, Tensors } from '../network/graph';
import { initialTensors } from '../network/initialise';
import { graphFromText } from '../network/text';
import { createControl } from './control';
import { evaluate } from './evaluate';
import { train, type Checkpoint, type TrainOptions, type TrainSettings } from './loop';
import { recalibrate } from './recalibrate';

/**
 * Three looks at an image with the same stage: later ones see what the stage read multiplied by a gate that the look
 * before feeds. Each look has batch-norm statistics of its own.
 */
const look = (pass: number): string =>
  [
    ...(pass === 1
      ? []
      : [
          `z${pass} = conv 4 1x1 kernel=gate.kernel bias=gate.bias < r${pass - 1}`,
          `g${pass} = sigmoid`,
          `x${pass} = multiply < a g${pass}`,
        ]),
    `s${pass} = conv 4 3x3 p1 kernel=stage.kernel < ${pass === 1 ? 'a' : `x${pass}`}`,
    `b${pass} = bn gamma=stage.gamma beta=stage.beta`,
    `r${pass} = relu`,
    `y${pass} = conv 4 1x1 kernel=head.kernel bias=head.bias`,
  ].join(' / ');
const graph = graphFromText(
  `input 32x32x3 / stem = conv 4 3x3 p1 / a = relu / ${look(1)} / ${look(2)} / ${look(3)} / output < y1 y2 y3`,
);
const fresh = (): Network => ({
  graph,
  tensors: initialTensors(graph, createRandom(3)),
  meta: { name: 'Three looks', history: [] },
});

const settings: TrainSettings = {
  epochs: 2,
  batchSize: 4,
  optimiser: 'adam',
  learningRate: 0.01,
  momentum: 0.9,
  weightDecay: 1e-4,
  schedule: 'cosine',
  warmUp: 0.2,
  labelSmoothing: 0,
  augment: true,
  distillation: 0,
  temperature: 4,
};

let executor: Executor;
let dataset: Dataset;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
  dataset = await drawCueRods({ train: 20, validation: 8, test: 1 });
});
afterAll(() => executor.dispose());

async function run(
  changes: Partial<TrainOptions> = {},
  network = fresh(),
): Promise<{ tensors: Tensors; losses: number[] }> {
  const loaded = executor.load(network);
  const losses: number[] = [];
  try {
    await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings,
      seed: 5,
      control: createControl(),
      onSteps: (reports) => losses.push(...reports.map(({ loss }) => loss)),
      ...changes,
    });
    return { tensors: await loaded.readBack(), losses };
  } finally {
    loaded.dispose();
  }
}

describe('training on labelled pixels over three passes', () => {
  it('learns; the same seed gives the same losses and bits, another one others', async () => {
    const longer = { settings: { ...settings, epochs: 6 } };
    const [one, same, other] = [await run(longer), await run(longer), await run({ ...longer, seed: 6 })];
    const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    expect(mean(one.losses.slice(-5))).toBeLessThan(0.8 * mean(one.losses.slice(0, 5)));
    expect(same).toEqual(one);
    expect(other.losses).not.toEqual(one.losses);
  });

  it('gives back all memory after 20 steps', async () => {
    await run();
    const before = memory();
    await run({ settings: { ...settings, epochs: 4 } });
    const after = memory();
    expect({ tensors: after.numTensors, bytes: after.numBytes }).toEqual({
      tensors: before.numTensors,
      bytes: before.numBytes,
    });
  });

  it('resumed from a checkpoint equals an undisturbed run bit for bit, moments of Adam included', async () => {
    const whole = await run();
    const control = createControl();
    let saved: Checkpoint | undefined;
    await run({
      control,
      onSteps: (reports) => {
        if (reports.some(({ step }) => step === 3)) control.stop();
      },
      checkpoint: {
        everySeconds: 0,
        save: (checkpoint) => {
          saved ??= checkpoint.step === 3 ? checkpoint : undefined;
          return Promise.resolve();
        },
      },
    });
    expect(saved?.step).toBe(3);
    const resumed = await run({ resume: saved }, { ...fresh(), tensors: saved?.network ?? {} });
    expect(resumed.tensors).toEqual(whole.tensors);
  });

  it('moves the statistics of every pass, and what passes share once', async () => {
    const start = fresh().tensors;
    const { tensors } = await run({ settings: { ...settings, epochs: 0.2 } });
    for (const name of ['b1.mean', 'b2.mean', 'b3.mean', 'stage.kernel', 'stage.gamma', 'gate.kernel', 'head.kernel']) {
      expect(tensors[name]?.values, name).not.toEqual(start[name]?.values);
    }
    expect(tensors['b2.mean']?.values).not.toEqual(tensors['b1.mean']?.values);
  });

  it('leaves the gates alone where the first pass alone is judged', async () => {
    const first = { ...fresh(), graph: { ...graph, outputs: ['y1'] } };
    const { tensors } = await run({ settings: { ...settings, epochs: 0.2, weightDecay: 0 } }, first);
    expect(tensors['gate.kernel']?.values).toEqual(first.tensors['gate.kernel']?.values);
  });

  it('is judged pass by pass, and recalibrated in all of them', async () => {
    const loaded = executor.load(fresh());
    const source = { split: dataset.splits.validation, shape: dataset.shape, normalisation: dataset.normalisation };
    await recalibrate({ ...source, split: dataset.splits.train, loaded, classes: 4, images: 8, seed: 1 });
    const { passes, bands } = {
      ...(await evaluate({ ...source, loaded, classes: 4, bands: dataset.distanceBands })),
      bands: 3,
    };
    const after = await loaded.readBack();
    loaded.dispose();
    expect(passes.map((pass) => pass.bands.length)).toEqual([bands, bands, bands]);
    const objects = dataset.splits.validation.masks?.filter((label) => label > 0).length;
    for (const pass of passes) expect(pass.bands.reduce((sum, { count }) => sum + count, 0)).toBe(objects);
    for (const bank of ['b1.variance', 'b2.variance', 'b3.variance']) {
      expect(after[bank]?.values.every((value) => value === 1)).toBe(false);
    }
  });
});
