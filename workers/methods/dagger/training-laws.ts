/** Laws of the training: what the budget term counts and where it pushes, what stays as it is, and what images decide. */
import {
  dispose,
  grad,
  memory,
  mul,
  sum,
  tensor1d,
  tidy,
  variableGrads,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { drawShapes } from '../../datasets/shapes';
import { buildZooNetwork } from '../../network/zoo';
import { createControl } from '../../training/control';
import { train } from '../../training/loop';
import { tinyDataset, tinySettings } from '../../training/tiny-task';
import { activation } from '../activation';
import type { SettingValues } from '../method';
import { testContext } from '../test-context';
import { createCostTerm, openMacs } from './cost-term';
import { gateLayout } from './gate-layout';
import { budgetPenalty } from './penalty';
import { structures, tinyResidual, tinyStructure } from './tiny-residual';
import {
  position,
  stepWithoutImages,
  images,
  mixedScores,
  allGates,
  openOf,
  valuesOf,
  beginDagger,
  type Law,
} from './bench';

export const trainingLaws: readonly Law[] = [
  {
    name: 'the share on the device is the exact count, and its gradient the exact difference of one gate',
    async check() {
      for (const network of [tinyResidual(6), ...structures.map((name) => tinyStructure(name, 6))]) {
        const layout = gateLayout(network.graph);
        const term = createCostTerm(layout);
        const open = openOf(layout, mixedScores(layout, 8));
        const total = openMacs(layout, []);
        const z = tensor1d(open);
        const share = tidy(() => term.share(z));
        expect((await valuesOf(share))[0]).toBeCloseTo(openMacs(layout, open) / total, 6);
        const gradient = await valuesOf(tidy(() => grad((x) => term.share(x as Tensor1D))(z)));
        for (const { index, start, group } of layout.groups) {
          const positions = new Set(layout.table.groups[index]?.occurrences.map(({ position }) => position));
          const both = layout.table.macTerms.some(({ input, output }) => positions.has(input) && positions.has(output));
          // A layer that reads and makes the same group is quadratic in its gates.
          if (both) continue;
          for (let gate = start; gate < start + group.size; gate++) {
            const at = (value: number): number => openMacs(layout, open.with(gate, value));
            expect(gradient[gate], group.id).toBeCloseTo((at(1) - at(0)) / total, 6);
          }
        }
        dispose([z, share]);
        term.dispose();
      }
    },
  },
  {
    name: 'sign: above the target every score is pushed down, below it up, on it not at all',
    async check() {
      const layout = gateLayout(tinyResidual(7).graph);
      const term = createCostTerm(layout);
      const scores = mixedScores(layout, 2);
      const share = openMacs(layout, openOf(layout, scores)) / openMacs(layout, []);
      const s = tensor1d(scores);
      for (const kind of ['absolute', 'square', 'hinge', 'log'] as const) {
        for (const [target, sign] of [
          [share - 0.1, 1],
          [share + 0.1, kind === 'absolute' || kind === 'square' ? -1 : 0],
          [share, 0],
        ] as const) {
          const gradient = tidy(() =>
            grad((x) => budgetPenalty(term.share(allGates(layout, x as Tensor1D)), target, 0.3, kind))(s),
          );
          const signs = new Set([...(await valuesOf(gradient))].map((value) => Math.sign(value) + 0));
          expect([...signs], `${kind} ${target}`).toEqual([sign]);
          gradient.dispose();
        }
      }
      s.dispose();
      term.dispose();
      // And through the method itself: at its end every offset falls towards a budget of a half.
      const hooks = await beginDagger(tinyResidual(7), { settings: { crossEntropy: false } });
      await hooks.beforeStep?.(position(9, 10));
      const { value, grads } = tidy(() =>
        variableGrads(() => {
          hooks.gates();
          return hooks.extraLoss();
        }, [...hooks.variables]),
      );
      const offsets = Object.entries(grads).filter(([name]) => name.endsWith('.offset'));
      expect(offsets.length).toBe(4);
      for (const [, gradient] of offsets) expect((await valuesOf(gradient))[0]).toBeGreaterThan(0);
      dispose([value, grads]);
      hooks.dispose?.();
    },
  },
  {
    name: 'frozen backbone: training gates leaves every weight and statistic as it was, and no tensor behind',
    async check(executor) {
      const network = tinyResidual(10, 3);
      const loaded = executor.load(network);
      const before = memory().numTensors;
      const hooks = await beginDagger(network);
      const dataset = tinyDataset(96, 30);
      const shares: number[] = [];
      await train({
        executor,
        loaded,
        dataset,
        normalisation: dataset.normalisation,
        settings: { ...tinySettings, epochs: 2, batchSize: 16 },
        seed: 5,
        control: createControl(),
        hooks,
      });
      const telemetry = await hooks.telemetry?.();
      shares.push(telemetry?.values['predictedShare'] ?? NaN);
      expect(telemetry?.values['annealedTarget']).toBeCloseTo(0.5, 12);
      expect(telemetry?.values['crossEntropy']).toBeGreaterThan(0);
      expect(telemetry?.values['filters']).toBe(6 * 3 + 8 * 3);
      expect(telemetry?.layers?.['stem']?.['open']).toEqual(telemetry?.layers?.['a2']?.['open']);
      const after = await loaded.readBack();
      for (const [name, { values }] of Object.entries(network.tensors))
        expect(after[name]?.values, name).toEqual(values);
      hooks.dispose?.();
      expect(memory().numTensors).toBe(before);
      loaded.dispose();
    },
  },
  {
    name: 'controls: without cross-entropy images reach no variable, without strength the budget does not',
    async check(executor) {
      const network = tinyResidual(11, 3);
      const loaded = executor.load(network);
      const batch = images(4, [8, 8, 3], 5);
      const gradientSize = async (settings: SettingValues): Promise<number> => {
        const hooks = await beginDagger(network, { settings });
        await hooks.beforeStep?.(position(9, 10));
        const { loss, outputs, gradients } = loaded.step(batch, {
          loss: ([own = []]) => sum(mul(own, own)),
          gates: hooks.gates,
          extraLoss: hooks.extraLoss,
          extraVariables: hooks.variables,
          trainParameters: false,
          statisticsMomentum: 0,
        });
        let size = 0;
        for (const gradient of gradients.values()) {
          size += (await valuesOf(gradient)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        }
        dispose([loss, ...outputs, ...gradients.values()]);
        hooks.dispose?.();
        return size;
      };
      expect(await gradientSize({ strength: 0, crossEntropy: false })).toBe(0);
      expect(await gradientSize({ strength: 0 })).toBeGreaterThan(1e-4);
      expect(await gradientSize({ crossEntropy: false })).toBeGreaterThan(1e-4);
      batch.dispose();
      loaded.dispose();
    },
  },
  {
    name: 'the budget term alone steers to a budget of a half',
    async check() {
      const hooks = await beginDagger(tinyResidual(14), { settings: { crossEntropy: false, learningRate: 0.08 } });
      await stepWithoutImages(hooks, 40);
      const share = (await hooks.telemetry?.())?.values['predictedShare'] ?? NaN;
      hooks.dispose?.();
      // One gate of so small a network is worth up to a tenth.
      expect(Math.abs(share - 0.5)).toBeLessThanOrEqual(0.1);
    },
  },
  {
    name: 'recalibration changes statistics alone, and the same batches give the same ones',
    async check(executor) {
      const network = tinyResidual(12);
      const loaded = executor.load(network);
      async function* batches(): AsyncGenerator<Tensor4D> {
        for (const seed of [1, 2]) yield images(6, [8, 8, 3], seed);
      }
      await loaded.recalibrate(batches());
      const first = await loaded.readBack();
      await loaded.recalibrate(batches());
      expect(await loaded.readBack()).toEqual(first);
      for (const [name, { values }] of Object.entries(network.tensors)) {
        if (/\.(mean|variance)$/.test(name)) expect(first[name]?.values).not.toEqual(values);
        else expect(first[name]?.values).toEqual(values);
      }
      loaded.dispose();
    },
  },
  {
    name: 'the foil: a ranking by feature maps depends on the images, Dagger does not',
    async check(executor) {
      const network = buildZooNetwork({
        architecture: 'resnet8',
        shortcut: 'projection',
        widths: [8, 16, 32],
        seed: 3,
      });
      const loaded = executor.load(network);
      const dataset = await drawShapes({ train: 128, validation: 10, test: 10 });
      const keptBy = async (from: number): Promise<Set<string>> => {
        const settings = { images: 64, from };
        const context = testContext(activation, network, { loaded, dataset, batchSize: 48, settings });
        const scores = await (await activation.begin(context)).score?.();
        const kept = new Set<string>();
        for (const [layer, own] of Object.entries(scores ?? {})) {
          const border = own.toSorted().at(-Math.ceil(own.length / 2)) ?? 0;
          own.forEach((score, filter) => score >= border && kept.add(`${layer} ${filter}`));
        }
        return kept;
      };
      const [a, b, again] = [await keptBy(0), await keptBy(64), await keptBy(0)];
      expect(again).toEqual(a);
      expect([...a].filter((one) => b.has(one)).length).toBeLessThan(a.size);
      loaded.dispose();
    },
  },
];

/** Without images, from the start of a ResNet-8: 310 steps arrive within 5 % of the budget, before any projection. */
export async function steersTo(budget: number, seed = 1): Promise<void> {
  const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', seed });
  const hooks = await beginDagger(network, { budget, seed, settings: { crossEntropy: false } });
  await stepWithoutImages(hooks, 310);
  const share = (await hooks.telemetry?.())?.values['predictedShare'] ?? NaN;
  hooks.dispose?.();
  expect(Math.abs(share - budget)).toBeLessThanOrEqual(0.05);
}
