/** The method as the session uses it: trained to equal filters, cut without loss, resumed to the bit. */
import { dispose, memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxAbsDifference } from '../formats/proof';
import type { Executor, LoadedNetwork } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { cutChannels } from '../network/cut';
import { networkCosts } from '../network/costs';
import type { Network, Tensors } from '../network/graph';
import { channelGroups } from '../network/groups';
import { openRules } from '../network/planner';
import { createControl } from '../training/control';
import { uploadBatch } from '../training/device-batch';
import { augmentationOf, plainBatches, type PlainBatchOptions } from '../training/batching';
import { train, type Checkpoint, type TrainOptions } from '../training/loop';
import { tinyDataset, tinySettings } from '../training/tiny-task';
import { csgd } from './csgd';
import { clusteredAxes } from './csgd/axes';
import { restoredClusters } from './csgd/clusters';
import { statisticsSpread } from './csgd/distances';
import { averageClusters } from './csgd/merge';
import { tinyData, tinyWide } from './csgd/tiny-training';
import type { Goal, MethodHooks, SettingValues, Telemetry } from './method';
import { testContext } from './test-context';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const goal = { stage: 'prune', rules: { ...openRules, budget: 0.5 } } as const satisfies Goal;
const wide = tinyWide();
/** Momentum 0.8 and rate times strength past its critical value: 0.8^(t/2) a step, 1e-6 after 130. */
const settings = { ...tinySettings, batchSize: 16, learningRate: 0.03, momentum: 0.8, warmUp: 0 };
const knobs: SettingValues = { strength: 0.5, vectorShare: 1, clustering: 'kmeans', average: true };

interface Acted {
  readonly loaded: LoadedNetwork;
  readonly hooks: MethodHooks;
  readonly telemetry: Telemetry[];
}

async function act(network: Network, change: Partial<TrainOptions>): Promise<Acted> {
  const loaded = executor.load(network);
  const hooks = await csgd.begin(testContext(csgd, network, { loaded, dataset: tinyData, goal, settings: knobs }));
  const telemetry: Telemetry[] = [];
  await trained(loaded, { hooks, onTelemetry: (_step, _total, told) => telemetry.push(told), ...change });
  return { loaded, hooks, telemetry };
}

/** Trains what is loaded, 40 epochs of four steps unless `change` says otherwise. */
async function trained(loaded: LoadedNetwork, change: Partial<TrainOptions>): Promise<void> {
  await train({
    executor,
    loaded,
    dataset: tinyData,
    normalisation: tinyData.normalisation,
    settings: { ...settings, schedule: 'constant', epochs: 40 },
    seed: 5,
    control: createControl(),
    methodSettings: () => knobs,
    ...change,
  });
}

function logitsOf(loaded: LoadedNetwork): number[] {
  const { splits, shape, normalisation } = tinyData;
  const [batch] = plainBatches({ split: splits.test, shape, normalisation, batchSize: 30, images: 30 });
  if (batch === undefined) throw new Error('There are test images.');
  const { images, labels } = uploadBatch(batch, shape, 3);
  const logits = loaded.forward(images);
  const values = [...logits.dataSync()];
  for (const tensor of [images, labels, logits]) tensor.dispose();
  return values;
}

async function cutOf({ loaded, hooks }: Acted): Promise<{ logits: number[]; network: Network }> {
  const plan = await hooks.decideCut?.(goal.rules);
  const now = await loaded.snapshot();
  if (plan === undefined) throw new Error('The method decides the cut.');
  const network = cutChannels(hooks.beforeCut?.(now, plan) ?? now, plan.removed);
  const narrow = executor.load(network);
  const logits = logitsOf(narrow);
  narrow.dispose();
  return { logits, network };
}

const end = ({ loaded, hooks }: Acted): void => {
  hooks.dispose?.();
  loaded.dispose();
};

describe('centripetal SGD', () => {
  it('cuts without loss once the filters are equal, and not before', async () => {
    const tensors = memory().numTensors;
    const early = await act(wide, { settings: { ...settings, schedule: 'constant', epochs: 0.25 } });
    const gap = maxAbsDifference(logitsOf(early.loaded), (await cutOf(early)).logits);
    expect(gap).toBeGreaterThan(0.1);
    expect(early.telemetry.at(-1)?.values['logitChangeIfCutNow']).toBeGreaterThan(0.1);
    end(early);

    const late = await act(wide, {});
    const { logits, network } = await cutOf(late);
    expect(maxAbsDifference(logitsOf(late.loaded), logits)).toBeLessThan(1e-4);
    const plan = await late.hooks.decideCut?.(goal.rules);
    expect(plan?.macs).toBe(networkCosts(network.graph).macs);
    expect(plan?.parameters).toBe(networkCosts(network.graph).parameters);
    expect(plan?.share).toBeLessThanOrEqual(0.5);
    expect(plan?.shortfall).toBeUndefined();
    const values = late.telemetry.at(-1)?.values ?? {};
    expect(values['largestShare']).toBeLessThan(1e-5);
    expect(values['logitChangeIfCutNow']).toBeLessThan(1e-4);
    expect(values['accuracyIfCutNow']).toBe(values['accuracyNow']);
    end(late);
    expect(memory().numTensors).toBe(tensors);
  });

  /** The statistics of what `loaded` holds over all training images. */
  async function statisticsOver(
    loaded: LoadedNetwork,
    augmentation: PlainBatchOptions['augmentation'],
  ): Promise<Tensors> {
    const { splits, shape, normalisation } = tinyData;
    const copy = executor.load(await loaded.snapshot());
    async function* images() {
      const source = { split: splits.train, shape, normalisation, augmentation };
      for (const batch of plainBatches({ ...source, batchSize: 16 })) {
        const uploaded = uploadBatch(batch, shape, 3);
        yield uploaded.images;
        dispose([uploaded.images, uploaded.labels]);
      }
    }
    await copy.recalibrate(images());
    const tensors = await copy.readBack();
    copy.dispose();
    return tensors;
  }

  it('measures statistics anew that have not followed equal filters yet, on images moved as in training', async () => {
    const short: Partial<TrainOptions> = { settings: { ...settings, schedule: 'constant', epochs: 0.25 } };
    const first = await act(wide, short);
    const state = (await first.hooks.readState?.()) ?? {};
    const clusters = channelGroups(wide.graph).flatMap((group) => {
      const saved = state[`cluster ${group.id}`];
      return saved === undefined ? [] : [restoredClusters(group, saved.values)];
    });
    end(first);
    const axes = clusteredAxes(wide, clusters);
    const averaged = Object.entries(averageClusters(wide, axes).tensors);
    const statistics = (name: string): boolean => /mean|variance/.test(name);
    const equal = Object.fromEntries(averaged.filter(([name]) => !statistics(name)));
    // k-means finds the filters that are equal, so the clusters are these again.
    const second = await act({ ...wide, tensors: { ...wide.tensors, ...equal } }, short);
    expect(statisticsSpread(wide.tensors, axes)).toBeGreaterThan(0.1);
    expect(statisticsSpread(await second.loaded.readBack(), axes)).toBeLessThan(1e-4);
    expect(maxAbsDifference(logitsOf(second.loaded), (await cutOf(second)).logits)).toBeLessThan(1e-4);
    const found = await second.loaded.readBack();
    const [moved, still] = [
      await statisticsOver(second.loaded, augmentationOf(tinyData)),
      await statisticsOver(second.loaded, undefined),
    ];
    const apart = (other: Tensors): number =>
      Math.max(
        ...Object.entries(found).map(([name, { values }]) =>
          maxAbsDifference([...values], [...(other[name]?.values ?? [])]),
        ),
      );
    expect(apart(moved)).toBeLessThan(1e-5);
    expect(apart(still)).toBeGreaterThan(1e-2);
    end(second);
  });

  it('says so when it is asked for another budget than it trained for', async () => {
    const acted = await act(wide, { settings: { ...settings, schedule: 'constant', epochs: 0.25 } });
    expect((await acted.hooks.decideCut?.({ ...openRules, budget: 0.2 }))?.shortfall).toMatch(/another budget/);
    end(acted);
  });

  it('resumed from a checkpoint equals an undisturbed run bit for bit, clusters and pictures included', async () => {
    const short: Partial<TrainOptions> = { settings: { ...settings, schedule: 'cosine', epochs: 4 } };
    const whole = await act(wide, short);
    const control = createControl();
    const saved: Checkpoint[] = [];
    const interrupted = await act(wide, {
      ...short,
      control,
      onSteps: (some) => some.some(({ step }) => step === 6) && control.pause(),
      onState: (state) => state === 'paused' && control.stop(),
      checkpoint: { everySeconds: Infinity, save: async (checkpoint) => void saved.push(checkpoint) },
    });
    const [checkpoint] = saved;
    if (checkpoint === undefined) throw new Error('A pause must save a checkpoint.');
    const resumed = await act({ ...wide, tensors: checkpoint.network }, { ...short, resume: checkpoint });
    const bits = (tensors: Tensors): unknown =>
      Object.fromEntries(Object.entries(tensors).map(([name, { values }]) => [name, [...values]]));
    expect(bits(await resumed.loaded.readBack())).toEqual(bits(await whole.loaded.readBack()));
    expect((await resumed.hooks.decideCut?.(goal.rules))?.removed).toEqual(
      (await whole.hooks.decideCut?.(goal.rules))?.removed,
    );
    const [picture, other] = [whole, resumed].map(({ telemetry }) => telemetry.at(-1)?.layers?.['conv1']);
    expect(other?.['cluster']).toEqual(picture?.['cluster']);
    picture?.['x']?.forEach((x, at) => expect(other?.['x']?.[at]).toBeCloseTo(x, 5));
    for (const acted of [whole, interrupted, resumed]) end(acted);
  });

  it('is not disturbed by being watched', async () => {
    const settled: Partial<TrainOptions> = { settings: { ...settings, schedule: 'constant', epochs: 1 } };
    const alone = await act(wide, settled);
    const loaded = executor.load(wide);
    const hooks = await csgd.begin(testContext(csgd, wide, { loaded, dataset: tinyData, goal, settings: knobs }));
    await trained(loaded, {
      ...settled,
      hooks: {
        changeGradients: (view) => hooks.changeGradients?.(view),
        afterStep: async () => void (await hooks.telemetry?.()),
      },
    });
    expect(await loaded.readBack()).toEqual(await alone.loaded.readBack());
    end(alone);
    end({ loaded, hooks, telemetry: [] });
  });

  it('pulls harder as soon as the knob is turned', async () => {
    let strength = 0.01;
    const seen: number[] = [];
    const loaded = executor.load(wide);
    const hooks = await csgd.begin(testContext(csgd, wide, { loaded, dataset: tinyData, goal, settings: knobs }));
    await trained(loaded, {
      settings: { ...settings, momentum: 0, weightDecay: 0, schedule: 'constant', epochs: 1 },
      hooks: {
        changeGradients: (view) => hooks.changeGradients?.(view),
        afterStep: async ({ step }) => {
          seen.push((await hooks.telemetry?.())?.values['chi'] ?? NaN);
          if (step === 1) strength = 1;
        },
      },
      methodSettings: () => ({ ...knobs, strength }),
    });
    expect((seen[1] ?? NaN) / (seen[0] ?? NaN)).toBeCloseTo((1 - 0.03 * 0.01) ** 2, 4);
    expect((seen[2] ?? NaN) / (seen[1] ?? NaN)).toBeCloseTo((1 - 0.03 * 1) ** 2, 4);
    end({ loaded, hooks, telemetry: [] });
  });

  it('draws every clustered layer: distances, clusters, who stays, and a plane', async () => {
    const acted = await act(wide, { settings: { ...settings, schedule: 'constant', epochs: 0.25 } });
    const layers = acted.telemetry.at(-1)?.layers ?? {};
    expect(Object.keys(layers)).toEqual(['conv1', 'conv2', 'conv3', 'depthwise1', 'conv4']);
    const plan = await acted.hooks.decideCut?.(goal.rules);
    for (const [layer, { distance, cluster, stays, x, y }] of Object.entries(layers)) {
      const gone = new Set(plan?.removed[layer]);
      expect([...(stays ?? [])].map((_, filter) => (gone.has(filter) ? 0 : 1))).toEqual([...(stays ?? [])]);
      expect([distance, cluster, x, y].map((list) => list?.length)).toEqual(new Array(4).fill(stays?.length));
      expect(new Set(cluster).size).toBe(stays?.reduce((sum, flag) => sum + flag, 0));
    }
    end(acted);
  });

  it('tells no accuracy where there are no images to measure it on', async () => {
    const loaded = executor.load(wide);
    const dataset = tinyDataset(16, 0);
    const hooks = await csgd.begin(testContext(csgd, wide, { loaded, dataset, goal, settings: knobs }));
    const { values } = (await hooks.telemetry?.()) ?? { values: {} };
    expect(Object.keys(values)).toEqual(['chi', 'chiVectors', 'largestDistance', 'largestShare']);
    end({ loaded, hooks, telemetry: [] });
  });

  it('asks for the prune stage it heads for', async () => {
    const loaded = executor.load(wide);
    for (const other of [undefined, { stage: 'truncate', budget: 0.5 } as const]) {
      const context = testContext(csgd, wide, { loaded, dataset: tinyData, ...(other && { goal: other }) });
      await expect(csgd.begin(context)).rejects.toThrow(/"prune" stage/);
    }
    loaded.dispose();
  });
});
