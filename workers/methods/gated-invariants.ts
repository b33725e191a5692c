/**
 * For tests: the methods on networks whose passes share their tensors, on either device. What a method promises of a plain network holds in every
 * answer, what is shared goes once, and saves its multiply-adds in every pass.
 */
import { dispose } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor, Gates, LoadedNetwork } from '../compute/executor';
import { drawCueRods } from '../datasets/cue-rods';
import type { Dataset } from '../datasets/dataset';
import { drawShapes } from '../datasets/shapes';
import { networkCosts } from '../network/costs';
import { cutChannels, cutGraph } from '../network/cut';
import { decomposeLayers } from '../network/decompose';
import { isWeighted, type LayerId, type Network, type TensorName, type Tensors } from '../network/graph';
import { openRules } from '../network/planner';
import { buildGatedNetwork, type GatedOptions } from '../network/zoo/gating';
import { plainBatches } from '../training/batching';
import { createControl } from '../training/control';
import { uploadBatch } from '../training/device-batch';
import { train, type TrainSettings } from '../training/loop';
import { tinySettings } from '../training/tiny-task';
import { csgd } from './csgd';
import { dagger } from './dagger';
import { gatesAt } from './dagger/bench';
import { gateLayout } from './dagger/gate-layout';
import type { Goal, Method, MethodHooks, SettingValues } from './method';
import { testContext } from './test-context';
import { trp } from './trp';

let executor: Executor;
let rods: Dataset;
let shapes: Dataset;

const goal = { stage: 'prune', rules: { ...openRules, budget: 0.6 } } as const satisfies Goal;
const settings: TrainSettings = {
  ...tinySettings,
  batchSize: 4,
  learningRate: 0.05,
  momentum: 0,
  schedule: 'constant',
  warmUp: 0,
  labelSmoothing: 0,
};

const dataOf = ({ backbone }: GatedOptions): Dataset => (backbone === 'resnet8' ? shapes : rods);

interface Acted {
  readonly loaded: LoadedNetwork;
  readonly hooks: MethodHooks;
  readonly end: () => void;
}

/** `method` begun on `network` and trained for `steps` steps of 4 images. */
async function act(
  method: Method,
  options: GatedOptions,
  {
    steps,
    learningRate = settings.learningRate,
    knobs = {},
    wanted = goal,
  }: { steps: number; learningRate?: number; knobs?: SettingValues; wanted?: Goal },
): Promise<Acted> {
  const network = buildGatedNetwork({ ...options, seed: 3 });
  const dataset = dataOf(options);
  const loaded = executor.load(network);
  const hooks = await method.begin(testContext(method, network, { loaded, dataset, goal: wanted, settings: knobs }));
  await train({
    executor,
    loaded,
    dataset,
    normalisation: dataset.normalisation,
    settings: { ...settings, learningRate, epochs: steps / 2 },
    seed: 5,
    control: createControl(),
    hooks,
    methodSettings: () =>
      Object.fromEntries(
        Object.entries(method.settings).map(([name, { default: usual }]) => [name, knobs[name] ?? usual]),
      ),
  });
  return {
    loaded,
    hooks,
    end: () => {
      hooks.dispose?.();
      loaded.dispose();
    },
  };
}

/** Answers of all passes to the test images, one row of numbers each. */
async function answersOf(loaded: LoadedNetwork, dataset: Dataset, gates?: Gates): Promise<readonly Float32Array[]> {
  const { splits, shape, normalisation, classes } = dataset;
  const [batch] = plainBatches({ split: splits.test, shape, normalisation, batchSize: 4, images: 4 });
  if (batch === undefined) throw new Error('There are test images.');
  const { images, labels } = uploadBatch(batch, shape, classes.length);
  const outputs = loaded.outputs(images, { gates });
  const values = await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data<'float32'>())));
  dispose([images, labels, ...outputs]);
  return values;
}

async function answersOfNetwork(network: Network, dataset: Dataset): Promise<readonly Float32Array[]> {
  const loaded = executor.load(network);
  const answers = await answersOf(loaded, dataset);
  loaded.dispose();
  return answers;
}

/** Largest difference of any answer of any pass. */
function difference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
  return Math.max(
    ...a.map((own, pass) =>
      own.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[pass]?.[at] ?? NaN))), 0),
    ),
  );
}

/** Kernels that several layers name, and how many do. */
function usersOf({ graph }: Network): ReadonlyMap<TensorName, number> {
  const users = new Map<TensorName, number>();
  for (const layer of graph.layers) if (isWeighted(layer)) users.set(layer.kernel, (users.get(layer.kernel) ?? 0) + 1);
  return users;
}

const sizeOf = (tensors: Tensors): number =>
  Object.entries(tensors).reduce(
    (sum, [name, { values }]) => sum + (/mean|variance/.test(name) ? 0 : values.length),
    0,
  );

const closedAt = (open: ArrayLike<number>): number[] =>
  Array.from(open).flatMap((value, filter) => (value === 0 ? [filter] : []));

/** Registers the tests, on the device that `bring` brings up. */
export function testGatedNetworks(bring: () => Promise<Executor>, networks: readonly GatedOptions[]): void {
  beforeAll(async () => {
    executor = await bring();
    rods = await drawCueRods({ train: 8, validation: 4, test: 4 });
    shapes = await drawShapes({ train: 8, validation: 4, test: 4 });
  });
  afterAll(() => executor.dispose());

  describe.each(networks)('%j', (options) => {
    it('centripetal SGD: filters become equal in all passes at once, and their cut changes no answer', async () => {
      const early = await act(csgd, options, { steps: 1, knobs: { strength: 10 } });
      // Differences inside a cluster shrink by the factor 1 - rate times strength, a tenth, a step.
      const { loaded, hooks, end } = await act(csgd, options, {
        steps: 8,
        learningRate: 0.09,
        knobs: { strength: 10 },
      });
      const gaps = [];
      for (const acted of [early, { loaded, hooks }]) {
        const plan = await acted.hooks.decideCut?.(goal.rules);
        if (plan === undefined) throw new Error('The method decides the cut.');
        const now = await acted.loaded.snapshot();
        const cut = cutChannels(acted.hooks.beforeCut?.(now, plan) ?? now, plan.removed);
        expect(networkCosts(cut.graph)).toMatchObject({ macs: plan.macs, parameters: plan.parameters });
        expect(sizeOf(cut.tensors)).toBe(plan.parameters);
        expect(plan.share).toBeLessThanOrEqual(0.6);
        const data = dataOf(options);
        gaps.push(difference(await answersOf(acted.loaded, data), await answersOfNetwork(cut, data)));
      }
      expect(gaps[0]).toBeGreaterThan(0.01);
      expect(gaps[1]).toBeLessThan(1e-4);
      early.end();
      end();
    });

    it('Dagger: a gate closes its filter in every pass, and the cut costs what the gates said', async () => {
      const { loaded, hooks, end } = await act(dagger, options, {
        steps: 12,
        knobs: { learningRate: 0.1, anneal: 0.2 },
      });
      const network = await loaded.snapshot();
      const { values = {}, layers = {} } = (await hooks.telemetry?.()) ?? {};
      const closed = Object.entries(layers).map(([id, { open }]) => [id, closedAt(open ?? [])] as const);
      const gated = cutGraph(network.graph, Object.fromEntries(closed));
      const share = networkCosts(gated).macs / networkCosts(network.graph).macs;
      expect(values['predictedShare']).toBeCloseTo(share, 12);
      expect(share).toBeLessThan(0.9);

      const plan = await hooks.decideCut?.(goal.rules);
      if (plan === undefined) throw new Error('Dagger decides the cut.');
      const cut = cutChannels(network, plan.removed);
      expect(networkCosts(cut.graph)).toMatchObject({ macs: plan.macs, parameters: plan.parameters });
      expect(sizeOf(cut.tensors)).toBe(plan.parameters);
      expect(plan.share).toBeLessThanOrEqual(0.6);
      const layout = gateLayout(network.graph);
      const open = new Float32Array(layout.count).fill(1);
      for (const [layer, channels] of Object.entries(plan.removed)) {
        for (const at of channels) open[layout.gateOf[layout.table.unitsOf.get(layer)?.[at] ?? -1] ?? -1] = 0;
      }
      const gates = gatesAt(layout, open);
      const data = dataOf(options);
      const narrow = await answersOfNetwork(cut, data);
      expect(difference(await answersOf(loaded, data, gates), narrow)).toBeLessThan(1e-4);
      expect(difference(await answersOf(loaded, data), narrow)).toBeGreaterThan(1e-2);
      dispose([...gates.values()]);
      end();
    });

    it.each(['channel', 'spatial'])(
      'TRP, %s: a shared kernel is split once, exactly, and saves in every pass',
      async (scheme) => {
        const wanted: Goal = { stage: 'truncate', budget: 1 };
        const knobs = { scheme, energy: 0.1, period: 2, lambda: 0.01 };
        const { loaded, hooks, end } = await act(trp, options, { steps: 6, knobs, wanted });
        const network = await loaded.snapshot();
        const plan = await hooks.decideRanks?.(1);
        if (plan === undefined) throw new Error('TRP decides the ranks.');
        const split = decomposeLayers(network, plan);
        const costs = networkCosts(split.graph);
        expect(costs.macs).toBe(plan.macs);
        expect(sizeOf(split.tensors)).toBe(costs.parameters);
        expect(plan.share).toBeLessThan(1);
        // Layers of one kernel have one rank, and share the pair that takes its place.
        const users = usersOf(network);
        const pairs = usersOf(split);
        const shared = new Set<TensorName>();
        for (const layer of network.graph.layers) {
          if (layer.op !== 'conv' || plan.ranks[layer.id] === undefined) continue;
          const name = layer.kernel.replace(/\.kernel$/, '');
          expect([pairs.get(`${name}.0.kernel`), pairs.get(`${name}.1.kernel`)]).toEqual([
            users.get(layer.kernel),
            users.get(layer.kernel),
          ]);
          expect(split.tensors[layer.kernel]).toBeUndefined();
          if ((users.get(layer.kernel) ?? 0) > 1) shared.add(layer.kernel);
        }
        expect(shared.size).toBeGreaterThan(0);
        const [whole, less] = [networkCosts(network.graph).layers, costs.layers];
        const savedBy = (id: LayerId): number =>
          [`${id}.0`, `${id}.1`].reduce(
            (rest, part) => rest - (less.get(part)?.macs ?? NaN),
            whole.get(id)?.macs ?? NaN,
          );
        for (const kernel of shared) {
          const savings = network.graph.layers.flatMap((layer) =>
            layer.op === 'conv' && layer.kernel === kernel ? [savedBy(layer.id)] : [],
          );
          expect(new Set(savings).size, kernel).toBe(1);
          expect(savings[0], kernel).toBeGreaterThan(0);
        }
        const data = dataOf(options);
        expect(difference(await answersOf(loaded, data), await answersOfNetwork(split, data))).toBeLessThan(1e-4);
        end();
      },
    );
  });
}
