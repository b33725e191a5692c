import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { networkCosts } from '../network/costs';
import { cutGraph } from '../network/cut';
import type { Network } from '../network/graph';
import { openRules } from '../network/planner';
import { networkFromText } from '../network/text';
import { createControl } from '../training/control';
import { train, type Checkpoint, type TrainOptions } from '../training/loop';
import { tinyDataset, tinySettings } from '../training/tiny-task';
import { dagger } from './dagger';
import { tinyResidual } from './dagger/tiny-residual';
import { MethodError, type Goal, type MethodHooks } from './method';
import { testContext, type TestContextOptions } from './test-context';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const half: Goal = { stage: 'prune', rules: { ...openRules, budget: 0.5 } };
const dataset = tinyDataset(160, 30);

async function begin(network: Network, options: TestContextOptions = {}): Promise<MethodHooks> {
  return dagger.begin(testContext(dagger, network, { goal: half, ...options }));
}

async function trained(network: Network, hooks: MethodHooks, changes: Partial<TrainOptions> = {}): Promise<void> {
  const loaded = executor.load(network);
  try {
    const settings = { ...tinySettings, epochs: 3 };
    const { normalisation } = dataset;
    const control = createControl();
    await train({ executor, loaded, dataset, normalisation, settings, seed: 5, control, hooks, ...changes });
  } finally {
    loaded.dispose();
  }
}

/** Bits of the variables and of the state beyond them. */
async function bitsOf(hooks: MethodHooks): Promise<Record<string, number[]>> {
  const state = Object.entries((await hooks.readState?.()) ?? {}).map(([name, { values }]) => [name, values] as const);
  const variables = (hooks.variables ?? []).map((one) => [one.name, one.dataSync<'float32'>()] as const);
  return Object.fromEntries(
    [...state, ...variables].map(([name, values]) => [name, [...new Uint32Array(Float32Array.from(values).buffer)]]),
  );
}

describe('dagger', () => {
  it('resumed from a checkpoint ends with the same bits, and the same cut', async () => {
    const network = tinyResidual(1, 3);
    const whole = await begin(network);
    await trained(network, whole);
    const wanted = await bitsOf(whole);
    const plan = await whole.decideCut?.(half.rules);
    whole.dispose?.();
    expect(Object.keys(wanted).length).toBe(3 * 16 + 1);

    const control = createControl();
    const saved: Checkpoint[] = [];
    const interrupted = await begin(network);
    await trained(network, interrupted, {
      control,
      onSteps: (some) => some.some(({ step }) => step === 13) && control.pause(),
      onState: (state) => state === 'paused' && control.stop(),
      checkpoint: { everySeconds: Infinity, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    expect(await bitsOf(interrupted)).not.toEqual(wanted);
    interrupted.dispose?.();
    const [checkpoint] = saved;
    if (checkpoint === undefined) throw new Error('A pause must save a checkpoint.');
    // Another seed: all that matters comes from the checkpoint.
    const resumed = await begin(network, { seed: 77 });
    await trained(network, resumed, { resume: checkpoint });
    expect(await bitsOf(resumed)).toEqual(wanted);
    expect(await resumed.decideCut?.(half.rules)).toEqual(plan);
    expect(plan?.share).toBeLessThanOrEqual(0.5);
    resumed.dispose?.();
  });

  it('says at its end what the cut comes to: the share, and which filters go', async () => {
    const network = tinyResidual(2, 3);
    const hooks = await begin(network);
    await trained(network, hooks);
    const { values, layers } = (await hooks.telemetry?.()) ?? {};
    const plan = await hooks.decideCut?.(half.rules);
    const macs = networkCosts(cutGraph(network.graph, plan?.removed ?? {})).macs;
    expect(values?.['predictedShare']).toBeCloseTo(macs / networkCosts(network.graph).macs, 12);
    expect(values?.['predictedShare']).toBeLessThanOrEqual(0.5);
    for (const [layer, { open }] of Object.entries(layers ?? {})) {
      const closed = [...(open ?? [])].flatMap((value, filter) => (value === 0 ? [filter] : []));
      expect(closed).toEqual(plan?.removed[layer] ?? []);
    }
    hooks.dispose?.();
  });

  it('hears its live knob: without strength nothing moves the share, with it the share falls', async () => {
    const network = tinyResidual(2, 3);
    const shares = async (strength: number): Promise<readonly [number, number]> => {
      const share = async (): Promise<number> => (await hooks.telemetry?.())?.values['predictedShare'] ?? NaN;
      // What it began with is not what the knob says.
      const settings = { crossEntropy: false, learningRate: 0.05, strength: 4 - strength };
      const hooks = await begin(network, { settings });
      const before = await share();
      // Without the read-out at the end, which meets the budget whatever training came to.
      const { finish: _, ...untilReadOut } = hooks;
      await trained(network, untilReadOut, { methodSettings: () => ({ strength }) });
      const after = await share();
      hooks.dispose?.();
      return [before, after];
    };
    const [before, untouched] = await shares(0);
    expect(untouched).toBe(before);
    expect((await shares(4))[1]).toBeLessThan(before - 0.05);
  });

  it('at a budget of the whole network skips training and closes nothing', async () => {
    const network = tinyResidual(3, 3);
    const hooks = await begin(network, { goal: { stage: 'prune', rules: openRules } });
    const before = hooks.variables?.map((one) => [...one.dataSync()]);
    await trained(network, hooks);
    expect(hooks.variables?.map((one) => [...one.dataSync()])).toEqual(before);
    expect((await hooks.telemetry?.())?.values).toMatchObject({ predictedShare: 1, targetShare: 1, annealedTarget: 1 });
    expect(await hooks.decideCut?.(openRules)).toMatchObject({ removed: {}, share: 1 });
    hooks.dispose?.();
  });

  it('gates nothing in a protected layer, and says so where nothing is left', async () => {
    const network = tinyResidual(4, 3);
    const goal: Goal = { stage: 'prune', rules: { ...openRules, budget: 0.5, protect: ['stem'] } };
    const hooks = await begin(network, { goal });
    expect(Object.keys((await hooks.gateValues?.()) ?? {})).toEqual(['a1', 'b1', 'b2', 'p']);
    hooks.dispose?.();
    const locked = networkFromText('input 8x8x3 / globalPool / dense 3');
    await expect(begin(locked)).rejects.toThrow('no filter it could gate');
  });

  it('normalises by the batch, or where it is told to by running statistics', async () => {
    const network = tinyResidual(5, 3);
    const modes = ['batch', 'running'].map(async (batchNorm) => {
      const hooks = await begin(network, { settings: { batchNorm } });
      hooks.dispose?.();
      return hooks.batchNorm;
    });
    expect(await Promise.all(modes)).toEqual(['batch', 'running']);
  });

  it('asks for the cut it trains for', async () => {
    const network = tinyResidual(5);
    for (const goal of [undefined, { stage: 'truncate', budget: 0.5 } as const]) {
      await expect(dagger.begin(testContext(dagger, network, goal && { goal }))).rejects.toThrow(MethodError);
    }
  });

  it('leaves no tensor behind', async () => {
    const network = tinyResidual(6, 3);
    const before = memory().numTensors;
    for (const settings of [{ module: 'squeeze' }, { module: 'free' }, { crossEntropy: false, penalty: 'log' }]) {
      const hooks = await begin(network, { settings });
      await trained(network, hooks, { settings: { ...tinySettings, epochs: 0.3 } });
      await hooks.telemetry?.();
      await hooks.decideCut?.(half.rules);
      hooks.dispose?.();
    }
    expect(memory().numTensors).toBe(before);
  });
});
