import {
  memory,
  scalar,
  mul,
  tensor1d,
  tidy,
  variable,
  type Scalar,
  type Tensor1D,
  type Variable,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import type { Network, Tensors } from '../network/graph';
import { createControl } from './control';
import { DivergedError } from './divergence';
import { evaluate } from './evaluate';
import type { TrainingHooks } from './hooks';
import { train, type Checkpoint, type TrainOptions, type TrainOutcome } from './loop';
import type { StepReport } from './step-window';
import { tinyDataset, tinyNetwork, tinySettings } from './tiny-task';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const dataset = tinyDataset(160, 60);

/** Trains a fresh tiny network and gives back its tensors. */
async function run(
  changes: Partial<TrainOptions> = {},
  network: Network = tinyNetwork(1),
): Promise<{ outcome: TrainOutcome; tensors: Tensors; reports: StepReport[] }> {
  const loaded = executor.load(network);
  const reports: StepReport[] = [];
  try {
    const outcome = await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings: tinySettings,
      seed: 5,
      control: createControl(),
      onSteps: (some) => reports.push(...some),
      ...changes,
    });
    return { outcome, tensors: await loaded.readBack(), reports };
  } finally {
    loaded.dispose();
  }
}

const bits = (tensors: Tensors): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { values }]) => [name, [...new Uint32Array(values.slice().buffer)]]),
  );

describe('train', () => {
  it('learns: the loss falls and the network tells the classes apart', async () => {
    const loaded = executor.load(tinyNetwork(1));
    const reports: StepReport[] = [];
    const outcome = await train({
      executor,
      loaded,
      dataset,
      normalisation: dataset.normalisation,
      settings: { ...tinySettings, epochs: 12 },
      seed: 5,
      control: createControl(),
      onSteps: (some) => reports.push(...some),
    });
    expect(outcome).toMatchObject({ ended: 'finished', steps: 120, totalSteps: 120 });
    expect(reports.map((report) => report.step)).toEqual(Array.from({ length: 120 }, (_, step) => step));
    const mean = (some: StepReport[]) => some.reduce((sum, { loss }) => sum + loss, 0) / some.length;
    expect(mean(reports.slice(-10))).toBeLessThan(0.5 * mean(reports.slice(0, 10)));
    const { accuracy } = await evaluate({
      loaded,
      split: dataset.splits.validation,
      shape: dataset.shape,
      normalisation: dataset.normalisation,
      classes: 3,
    });
    expect(accuracy).toBeGreaterThan(0.9);
    loaded.dispose();
  });

  it('gives the same bits twice, and others with another seed', async () => {
    const [first, second, other] = [await run(), await run(), await run({ seed: 6 })];
    expect(bits(second.tensors)).toEqual(bits(first.tensors));
    expect(second.reports).toEqual(first.reports);
    expect(bits(other.tensors)).not.toEqual(bits(first.tensors));
  });

  it('resumed from a checkpoint equals an undisturbed run bit for bit', async () => {
    const whole = await run();
    const control = createControl();
    const saved: Checkpoint[] = [];
    const seen: StepReport[] = [];
    const interrupted = await run({
      control,
      onSteps: (some) => {
        seen.push(...some);
        // Step 13 lies inside the second epoch.
        if (some.some(({ step }) => step === 13)) control.pause();
      },
      onState: (state) => state === 'paused' && control.stop(),
      checkpoint: { everySeconds: Infinity, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    expect(interrupted.outcome).toMatchObject({ ended: 'stopped', steps: 14, totalSteps: 30 });
    const [checkpoint] = saved;
    if (checkpoint === undefined) throw new Error('A pause must save a checkpoint.');
    expect(checkpoint.step).toBe(14);
    const resumed = await run({ resume: checkpoint }, { ...tinyNetwork(1), tensors: checkpoint.network });
    expect(bits(resumed.tensors)).toEqual(bits(whole.tensors));
    expect([...seen, ...resumed.reports]).toEqual(whole.reports);
  });

  it('resumes a method too: its variables, their momentum and its own state', async () => {
    /** A gate on bn1 that a counter of its own scales. */
    const method = (): TrainingHooks & { gate: Variable } => {
      const gate: Variable = tidy(() => variable(tensor1d([1, 1, 1, 1, 1, 1]), true, 'test.gate'));
      let count = 0;
      return {
        gate,
        variables: [gate],
        gates: () => new Map([['bn1', mul(gate, 1 + count / 100) as Tensor1D]]),
        afterStep: () => void count++,
        readState: async () => ({ count: { shape: [1], values: Float32Array.of(count) } }),
        writeState: (state) => (count = state['count']?.values[0] ?? 0),
      };
    };
    const whole = method();
    const first = await run({ hooks: whole });
    const wanted = [...whole.gate.dataSync()];
    whole.gate.dispose();
    const control = createControl();
    const saved: Checkpoint[] = [];
    const interrupted = method();
    await run({
      control,
      hooks: interrupted,
      onSteps: (some) => some.some(({ step }) => step === 13) && control.pause(),
      onState: (state) => state === 'paused' && control.stop(),
      checkpoint: { everySeconds: Infinity, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    const [checkpoint] = saved;
    if (checkpoint === undefined) throw new Error('A pause must save a checkpoint.');
    interrupted.gate.dispose();
    const again = method();
    const resumed = await run({ hooks: again, resume: checkpoint }, { ...tinyNetwork(1), tensors: checkpoint.network });
    expect(bits(resumed.tensors)).toEqual(bits(first.tensors));
    expect([...again.gate.dataSync()]).toEqual(wanted);
    again.gate.dispose();
  });

  it('calls the hooks in the documented order, with the knobs of the moment', async () => {
    const calls: string[] = [];
    let knob = 0;
    const hooks: TrainingHooks = {
      beforeStep: ({ step, steps, settings }) => void calls.push(`before ${step}/${steps} knob ${settings['knob']}`),
      gates: () => {
        calls.push('gates');
        return new Map();
      },
      extraLoss: () => {
        calls.push('extraLoss');
        return scalar(0);
      },
      changeGradients: ({ gradients }) => void calls.push(`gradients ${gradients.has('fc.kernel')}`),
      afterStep: ({ step }) => {
        calls.push(`after ${step}`);
        knob++;
      },
      finish: ({ step }) => void calls.push(`finish ${step}`),
    };
    await run({ hooks, settings: { ...tinySettings, epochs: 0.2 }, methodSettings: () => ({ knob }) });
    expect(calls).toEqual([
      'before 0/2 knob 0',
      'gates',
      'extraLoss',
      'gradients true',
      'after 0',
      'before 1/2 knob 1',
      'gates',
      'extraLoss',
      'gradients true',
      'after 1',
      'finish 2',
    ]);
  });

  it('trains on the gradients a hook leaves, and decays only what the hook does not own', async () => {
    const start = tinyNetwork(1);
    const { tensors } = await run(
      {
        settings: {
          ...tinySettings,
          epochs: 0.1,
          warmUp: 0,
          schedule: 'constant',
          learningRate: 0.5,
          weightDecay: 0.1,
        },
        hooks: {
          ownsDecay: new Set(['conv1.kernel']),
          changeGradients: ({ gradients }) => {
            for (const [name, gradient] of gradients) {
              gradients.set(
                name,
                tidy(() => mul(gradient, 0)),
              );
              gradient.dispose();
            }
          },
        },
      },
      start,
    );
    const of = (from: Tensors, name: string): number => from[name]?.values[0] ?? NaN;
    // One step with gradient 0: a decayed kernel shrinks by 1 - 0.5 * 0.1, everything else stays.
    expect(of(tensors, 'conv2.kernel') / of(start.tensors, 'conv2.kernel')).toBeCloseTo(0.95, 6);
    expect(of(tensors, 'conv1.kernel')).toBe(of(start.tensors, 'conv1.kernel'));
    expect(of(tensors, 'bn1.gamma')).toBe(1);
  });

  it('trains variables of the method alone when the network is frozen', async () => {
    const start = tinyNetwork(1);
    const gate: Variable = tidy(() => variable(tensor1d([1, 1, 1, 1, 1, 1])));
    const before = [...gate.dataSync()];
    const { tensors } = await run(
      {
        settings: { ...tinySettings, epochs: 0.5 },
        hooks: {
          variables: [gate],
          trainParameters: false,
          updateStatistics: false,
          gates: () => new Map([['bn1', gate as Tensor1D]]),
        },
      },
      start,
    );
    expect([...gate.dataSync()]).not.toEqual(before);
    expect(bits(tensors)).toEqual(bits(start.tensors));
    gate.dispose();
  });

  it('stops at the first lost loss, names the step, and keeps the checkpoint before it', async () => {
    const saved: Checkpoint[] = [];
    const steps: number[] = [];
    const failing = run({
      hooks: { extraLoss: () => scalar(steps.length >= 7 ? NaN : 0) as Scalar },
      onSteps: (some) => steps.push(...some.map(({ step }) => step)),
      checkpoint: { everySeconds: 0, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    await expect(failing).rejects.toThrow(DivergedError);
    await expect(failing).rejects.toMatchObject({ step: 7 });
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(saved.at(-1)?.step).toBe(7);
    for (const { network } of saved) {
      for (const { values } of Object.values(network)) expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it('names the first layer that a rate of 1e6 has destroyed, and never saves it', async () => {
    const saved: Checkpoint[] = [];
    const failing = run({
      settings: { ...tinySettings, learningRate: 1e20, warmUp: 0 },
      checkpoint: { everySeconds: 0, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    await expect(failing).rejects.toThrow(/diverged at step \d+: .* Layer "\w+" is the first with such values/);
    for (const { network } of saved) {
      for (const { values } of Object.values(network)) expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it('pauses, steps once, resumes and stops at the next batch edge', async () => {
    const control = createControl();
    const states: { state: string; step: number }[] = [];
    let step = -1;
    const running = run({
      control,
      settings: { ...tinySettings, epochs: 10_000 },
      onSteps: (some) => (step = some.at(-1)?.step ?? step),
      onState: (state) => states.push({ state, step }),
    });
    const until = async (count: number): Promise<void> => {
      while (states.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await new Promise((resolve) => setTimeout(resolve, 100));
    // At most the step under way is still done.
    let asked = step;
    control.pause();
    await until(1);
    expect(states[0]).toMatchObject({ state: 'paused' });
    expect((states[0]?.step ?? Infinity) - asked).toBeLessThanOrEqual(1);
    const pausedAt = step;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(step).toBe(pausedAt);
    control.step();
    await until(3);
    expect(states.map(({ state }) => state)).toEqual(['paused', 'running', 'paused']);
    expect(step).toBe(pausedAt + 1);
    control.resume();
    await until(4);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(step).toBeGreaterThan(pausedAt + 1);
    asked = step;
    control.stop();
    const { outcome } = await running;
    expect(step - asked).toBeLessThanOrEqual(1);
    expect(outcome.ended).toBe('stopped');
    expect(outcome.steps).toBe(step + 1);
  });

  it('reports monotone progress with a constant total, measured rates and the epochs', async () => {
    const done: number[] = [];
    const totals = new Set<number>();
    const epochs: number[] = [];
    const { outcome } = await run({
      onProgress: (progress) => {
        done.push(progress.done);
        totals.add(progress.total);
      },
      onEpoch: async (epoch) => void epochs.push(epoch),
    });
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(30);
    expect([...totals]).toEqual([30]);
    expect(epochs).toEqual([0, 1, 2]);
    // conv1 8*8*3*3*3*6, conv2 4*4*3*3*6*5, dense 5*3; forward and two gradients.
    const macs = 10_368 + 4_320 + 15;
    expect(outcome.imagesPerSecond).toBeGreaterThan(0);
    expect(outcome.multiplyAddsPerSecond).toBeCloseTo(3 * macs * (outcome.imagesPerSecond ?? NaN), 0);
  });

  it('reads a GPU back in windows, without losing or doubling a step', async () => {
    // A device that claims to be a GPU: only the reading changes.
    const gpu: Executor = {
      device: { ...executor.device, kind: 'webgpu' },
      load: (network) => executor.load(network),
      lost: executor.lost,
      check: () => executor.check(),
      dispose: () => undefined,
    };
    const sizes: number[] = [];
    const whole = await run();
    const windowed = await run({ executor: gpu, onProgress: ({ done }) => sizes.push(done) });
    expect(bits(windowed.tensors)).toEqual(bits(whole.tensors));
    expect(windowed.outcome.steps).toBe(30);
    expect(sizes.length).toBeLessThan(30);
  });

  it('distils: with all weight on the teacher the student comes to answer like it', async () => {
    const teacher = executor.load(tinyNetwork(3));
    const settings = { ...tinySettings, distillation: 1, epochs: 8 };
    const { reports } = await run({ teacher, settings });
    expect(reports.at(-1)?.loss).toBeLessThan(0.3 * (reports[0]?.loss ?? NaN));
    teacher.dispose();
    await expect(run({ settings })).rejects.toThrow('Distillation needs the unpruned network as its teacher');
  });

  it('refuses data that do not fit the network', async () => {
    await expect(run({ dataset: { ...dataset, classes: ['a', 'b'] } })).rejects.toThrow(
      'The network tells 3 classes apart, the data set has 2.',
    );
    await expect(run({ dataset: { ...dataset, shape: [4, 16, 3] } })).rejects.toThrow('takes 8x8x3 images');
  });

  it('does nothing in 0 epochs', async () => {
    const { outcome, tensors } = await run({ settings: { ...tinySettings, epochs: 0 } });
    expect(outcome).toMatchObject({ ended: 'finished', steps: 0, totalSteps: 0, loss: null, imagesPerSecond: null });
    expect(bits(tensors)).toEqual(bits(tinyNetwork(1).tensors));
  });

  it('returns all device memory', async () => {
    await run();
    const before = memory().numTensors;
    await run();
    expect(memory().numTensors).toBe(before);
  });
});
