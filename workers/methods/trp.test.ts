/** Trained rank pruning as the loop carries it out: what a step does, against plain training, and over a whole run. */
import { memory, scalar, sub, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor, LoadedNetwork } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { jacobiSvd } from '../linalg/jacobi-reference';
import { networkCosts } from '../network/costs';
import { decomposeLayers } from '../network/decompose';
import type { Network } from '../network/graph';
import { unfoldKernel, type Scheme } from '../network/low-rank';
import { createControl } from '../training/control';
import { train } from '../training/loop';
import { createSgd, trainedParameter } from '../training/optimiser';
import { tinySettings } from '../training/tiny-task';
import type { SettingValues } from './method';
import {
  all,
  begun,
  dataset,
  expectedCut,
  kernelOf,
  largestDifference,
  network,
  trainedOn,
  type Trained,
  type TrainedOptions,
} from './trp/tiny-ranks';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const trained = (settings: SettingValues | undefined, options?: TrainedOptions): Promise<Trained> =>
  trainedOn(executor, settings, options);

describe.each<Scheme>(['channel', 'spatial'])('a %s step', (scheme) => {
  const position = (loaded: LoadedNetwork, step: number, settings: SettingValues) => ({
    step,
    steps: 10,
    epoch: 0,
    learningRate: 0.1,
    parameters: loaded.parameters,
    settings: all(settings),
  });

  it('evaluates the gradient at T and adds it to T: W is gone', async () => {
    const settings = { scheme, energy: 0.2, lambda: 0, period: 3 };
    const from = network();
    const loaded = executor.load(from);
    const hooks = await begun(loaded, settings);
    const at = position(loaded, 0, settings);
    await hooks.beforeStep?.(at);
    const cut = await loaded.readBack();
    const sgd = createSgd({
      trained: loaded.parameters.map((own) => trainedParameter(own)),
      momentum: 0.9,
      weightDecay: 0,
    });
    // f = |W - A|^2 / 2 with A = 1 everywhere: its gradient at W is W - 1.
    const gradients = new Map<string, Tensor>(
      loaded.parameters.map(({ name, value }) => [name, tidy(() => sub(value, 1))]),
    );
    hooks.changeGradients?.({ ...at, gradients, loss: scalar(0) });
    sgd.apply(gradients, 0.1);
    gradients.forEach((gradient) => gradient.dispose());
    const after = await loaded.readBack();
    for (const name of ['a', 'b']) {
      const expected = expectedCut(kernelOf(from.tensors, name), scheme, 0.2);
      const [w, t, next] = [from.tensors, cut, after].map((tensors) => kernelOf(tensors, name).values);
      expect(largestDifference(t ?? [], expected.cut.values)).toBeLessThan(1e-6);
      expect(largestDifference(t ?? [], w ?? [])).toBeGreaterThan(0.01);
      const wanted = Array.from(expected.cut.values, (value) => value - 0.1 * (value - 1));
      expect(largestDifference(next ?? [], wanted)).toBeLessThan(1e-6);
    }
    // Between two cuts nothing is done.
    await hooks.beforeStep?.(position(loaded, 1, settings));
    expect(await loaded.readBack()).toEqual(after);
    sgd.dispose();
    hooks.dispose?.();
    loaded.dispose();
  });

  it.each(['svdSteps', 'everyStep'])('with schedule %s adds lambda U V^T when it should', async (schedule) => {
    const settings = { scheme, energy: 0.2, lambda: 0.05, period: 2, schedule };
    const from = network();
    const loaded = executor.load(from);
    const hooks = await begun(loaded, settings);
    for (const step of [0, 1]) {
      const at = position(loaded, step, settings);
      await hooks.beforeStep?.(at);
      const gradients = new Map<string, Tensor>(
        ['a', 'b'].map((name) => [
          `${name}.kernel`,
          tensor(new Float32Array(kernelOf(from.tensors, name).values.length), [...kernelOf(from.tensors, name).shape]),
        ]),
      );
      hooks.changeGradients?.({ ...at, gradients, loss: scalar(0) });
      for (const name of ['a', 'b']) {
        const { direction } = expectedCut(kernelOf(from.tensors, name), scheme, 0.2);
        const weight = step === 0 || schedule === 'everyStep' ? 0.05 : 0;
        const found = gradients.get(`${name}.kernel`)?.dataSync() ?? [];
        expect(
          largestDifference(
            found,
            direction.values.map((value) => weight * value),
          ),
        ).toBeLessThan(1e-7);
      }
      gradients.forEach((gradient) => gradient.dispose());
    }
    hooks.dispose?.();
    loaded.dispose();
  });

  it('cuts the kernels that are eligible and leaves the rest as it is, byte for byte', async () => {
    const from = network();
    const { tensors, decided } = await trained({ scheme, energy: 0.2 }, { epochs: 0 });
    const changed = Object.keys(tensors).filter(
      (name) => largestDifference(tensors[name]?.values ?? [], from.tensors[name]?.values ?? []) > 0,
    );
    expect(changed).toEqual(['a.kernel', 'b.kernel']);
    const ranks = Object.fromEntries(
      ['a', 'b'].map((name) => [name, expectedCut(kernelOf(from.tensors, name), scheme, 0.2).rank]),
    );
    for (const [name, rank] of Object.entries(decided?.ranks ?? {})) expect(rank).toBe(ranks[name]);
    const with1x1 = await trained({ scheme, energy: 0.2, include1x1: true }, { epochs: 0 });
    expect(with1x1.tensors['point.kernel']).not.toEqual(from.tensors['point.kernel']);
    expect(with1x1.tensors['deep.kernel']).toEqual(from.tensors['deep.kernel']);
  });

  it('trains to kernels whose split answers as they do, at ranks that only a last cut makes exact', async () => {
    const { tensors, decided } = await trained({ scheme, energy: 0.15, period: 2, lambda: 0.02 }, { epochs: 2 });
    if (decided === undefined) throw new Error('TRP must decide ranks.');
    const dense: Network = { ...network(), tensors };
    expect(Object.keys(decided.ranks).length).toBeGreaterThan(0);
    const pair = decomposeLayers(dense, decided);
    expect(networkCosts(pair.graph).macs).toBe(decided.macs);
    const images = tidy(() =>
      tensor(
        Float32Array.from({ length: 4 * 8 * 8 * 3 }, (_, i) => Math.sin(i * i)),
        [4, 8, 8, 3],
      ),
    );
    const logits = [dense, pair].map((own) => {
      const loaded = executor.load(own);
      const output = loaded.forward(images as Parameters<typeof loaded.forward>[0]);
      const values = output.dataSync();
      output.dispose();
      loaded.dispose();
      return values;
    });
    images.dispose();
    expect(largestDifference(logits[0] ?? [], logits[1] ?? [])).toBeLessThan(1e-5);
  });
});

describe('against plain training', () => {
  it('is the same when nothing is dropped and nothing penalised, bit for bit', async () => {
    const plain = await trained(undefined, { epochs: 1 });
    const same = await trained({ energy: 0, lambda: 0, period: 2 }, { epochs: 1 });
    expect(same.tensors).toEqual(plain.tensors);
  });

  it('is plain training from T when the first step alone is cut, bit for bit', async () => {
    const from = network();
    // A stage without steps leaves the truncated kernels.
    const { tensors: cut } = await trained({ energy: 0.2 }, { epochs: 0 });
    const plain = await trained(undefined, { from: { ...from, tensors: cut } });
    const states = await trained({ energy: 0.2, lambda: 0, period: 100 }, { every: 0 });
    // The last cut of the stage comes after its last checkpoint.
    const last = states.checkpoints.at(-1);
    expect(last?.step).toBe(6);
    expect(last?.network).toEqual(plain.tensors);
  });

  it('lowers ranks: the penalty further than the cut alone', async () => {
    const sum = async (settings: SettingValues): Promise<number> => {
      const { tensors } = await trained({ period: 1, ...settings }, { epochs: 3 });
      return ['a', 'b'].reduce((all, name) => {
        const { rows, cols, values } = unfoldKernel(kernelOf(tensors, name), 'channel');
        return all + jacobiSvd(rows, cols, values).s.filter((value) => value > 1e-3).length;
      }, 0);
    };
    const [plain, cut, both] = [
      await sum({ energy: 0, lambda: 0 }),
      await sum({ energy: 0.1, lambda: 0 }),
      await sum({ energy: 0.1, lambda: 0.1 }),
    ];
    expect(plain).toBe(22);
    expect(cut).toBeLessThan(plain);
    expect(both).toBeLessThan(cut);
  });
});

describe('a run', () => {
  it.each(['svdSteps', 'everyStep'])('resumed from any checkpoint ends with the same bits (%s)', async (schedule) => {
    const settings = { energy: 0.1, period: 4, lambda: 0.03, schedule };
    const whole = await trained(settings, { every: 0 });
    expect(whole.checkpoints.length).toBeGreaterThan(4);
    for (const resume of whole.checkpoints.filter(({ step }) => step === 3 || step === 4)) {
      const { tensors } = await trained(settings, { resume });
      expect(tensors).toEqual(whole.tensors);
    }
    const state = whole.checkpoints.find(({ step }) => step === 3)?.method ?? {};
    expect('trp.a.kernel.direction' in state).toBe(schedule === 'everyStep');
  });

  it('keeps no tensors: their number is the same over 20 steps', async () => {
    const loaded = executor.load(network());
    for (const schedule of ['svdSteps', 'everyStep']) {
      const settings = { energy: 0.1, period: 2, lambda: 0.01, schedule };
      const hooks = await begun(loaded, settings);
      const before = memory().numTensors;
      const counts: number[] = [];
      await train({
        executor,
        loaded,
        dataset,
        normalisation: dataset.normalisation,
        settings: { ...tinySettings, epochs: 20 / 6 },
        seed: 5,
        control: createControl(),
        hooks: { ...hooks, afterStep: () => void counts.push(memory().numTensors) },
        methodSettings: () => all(settings),
      });
      expect(counts.length).toBe(20);
      // After each second step one step more of losses waits to be read at most.
      expect(new Set(counts.slice(2)).size).toBe(1);
      hooks.dispose?.();
      expect(memory().numTensors).toBe(before);
    }
    loaded.dispose();
  });

  it('tells what it found: spectrum now and at first, rank, break-even, and the share if split', async () => {
    const loaded = executor.load(network());
    const settings = { energy: 0.2, lambda: 0 };
    const hooks = await begun(loaded, settings);
    await hooks.finish?.({
      step: 0,
      steps: 0,
      epoch: 0,
      learningRate: 0,
      parameters: loaded.parameters,
      settings: all(settings),
    });
    const { values, layers } = (await hooks.telemetry?.()) ?? { values: {} };
    expect(Object.keys(layers ?? {})).toEqual(['a', 'b']);
    const { spectrum, before, rank, breakEven } = layers?.['a'] ?? {};
    const expected = expectedCut(kernelOf(network().tensors, 'a'), 'channel', 0.2);
    expect(rank).toEqual(Float32Array.of(expected.rank));
    expect(before).toEqual(spectrum);
    const { rows, cols, values: matrix } = unfoldKernel(kernelOf(network().tensors, 'a'), 'channel');
    expect(largestDifference(spectrum ?? [], jacobiSvd(rows, cols, matrix).s)).toBeLessThan(1e-6);
    // 8 inputs, 10 filters: k (72 + 10) < 720, so 8.
    expect(breakEven).toEqual(Float32Array.of(8));
    expect(values['energyKept']).toBeGreaterThan(0.8);
    const decided = await hooks.decideRanks?.(1);
    expect(values['shareIfFactored']).toBeCloseTo(decided?.share ?? NaN, 12);
    expect(decided?.share).toBeLessThan(1);
    hooks.dispose?.();
    loaded.dispose();
  });
});
