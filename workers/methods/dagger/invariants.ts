/**
 * The laws of Dagger that need a device, each a check that throws where it is broken: run on WASM and on WebGPU alike.
 */
import {
  add,
  concat1d,
  dispose,
  grad,
  memory,
  mul,
  reshape,
  sum,
  tensor1d,
  tidy,
  variableGrads,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { drawShapes } from '../../datasets/shapes';
import type { Executor, Gates } from '../../compute/executor';
import { createRandom } from '../../linalg/random';
import { networkCosts } from '../../network/costs';
import { cutGraph } from '../../network/cut';
import { CouplingError } from '../../network/closure';
import type { Network } from '../../network/graph';
import { buildZooNetwork } from '../../network/zoo';
import { createControl } from '../../training/control';
import { train } from '../../training/loop';
import { tinyDataset, tinySettings } from '../../training/tiny-task';
import { activation } from '../activation';
import type { SettingValues } from '../method';
import { testContext } from '../test-context';
import { createCostTerm, openMacs } from './cost-term';
import { describeWeights, type Descriptor } from './descriptor';
import { gateLayout, type GateLayout } from './gate-layout';
import { openUnits, probabilities, straightThrough } from './gates';
import { createDaggerModule, type ModuleKind } from './module';
import { budgetPenalty } from './penalty';
import { structures, tinyResidual, tinyStructure } from './tiny-residual';
import {
  presentGates,
  position,
  stepWithoutImages,
  images,
  mixedScores,
  allGates,
  openOf,
  largestDifference,
  valuesOf,
  logitsOf,
  allValues,
  withTensors,
  reordered,
  tensorOf,
  gatedAndCut,
  gatesAt,
  beginDagger,
} from './bench';

export const invariants: readonly { readonly name: string; readonly check: (executor: Executor) => Promise<void> }[] = [
  {
    name: 'data-agnostic: gates take no image, and two batches meet the same ones, bit for bit',
    async check(executor) {
      const network = tinyResidual(1);
      const hooks = await beginDagger(network);
      const loaded = executor.load(network);
      expect(hooks.gates.length).toBe(0);
      await stepWithoutImages(hooks, 5);
      const before = await hooks.gateValues?.();
      const met: number[][] = [];
      for (const seed of [1, 2]) {
        const batch = images(8, [8, 8, 3], seed);
        const gates = presentGates(hooks);
        met.push([...(await valuesOf(tidy(() => concat1d([...gates.values()]))))]);
        await logitsOf(loaded, batch, gates);
        dispose([batch, ...gates.values()]);
      }
      expect(met[1]).toEqual(met[0]);
      expect(await hooks.gateValues?.()).toEqual(before);
      hooks.dispose?.();
      loaded.dispose();
    },
  },
  {
    name: 'scale-free: a kernel multiplied by any positive number leaves the gates',
    async check() {
      const network = tinyResidual(2);
      const kernel = tensorOf(network, 'a2.kernel');
      const scaled = withTensors(network, {
        'a2.kernel': { ...kernel, values: kernel.values.map((value) => 37 * value) },
      });
      const values: number[][] = [];
      for (const one of [network, scaled]) {
        const hooks = await beginDagger(one);
        values.push(allValues((await hooks.gateValues?.()) ?? {}));
        hooks.dispose?.();
      }
      expect(values[0]?.length).toBeGreaterThan(30);
      expect(largestDifference(values[0] ?? [], values[1] ?? [])).toBeLessThan(1e-6);
    },
  },
  {
    name: 'equivariant: filters in another order have their gates in that order; inputs in another order, no change',
    async check() {
      const network = tinyResidual(3);
      const order = [3, 0, 5, 1, 4, 2];
      const permuted = withTensors(network, {
        'stem.kernel': reordered(tensorOf(network, 'stem.kernel'), 3, order),
        'a2.kernel': reordered(tensorOf(network, 'a2.kernel'), 3, order),
      });
      const plain = await beginDagger(network);
      const gates = (await plain.gateValues?.()) ?? {};
      plain.dispose?.();
      const other = await beginDagger(permuted);
      const moved = (await other.gateValues?.()) ?? {};
      other.dispose?.();
      const expected = order.map((from) => gates['stem']?.[from] ?? NaN);
      expect(largestDifference(expected, moved['stem'] ?? [])).toBeLessThan(1e-6);
      expect(largestDifference(expected, gates['stem'] ?? [])).toBeGreaterThan(1e-3);
      // The second way: inputs of a1, and the rows of the matrix that reads them.
      const turned = await beginDagger(
        withTensors(network, { 'a1.kernel': reordered(tensorOf(network, 'a1.kernel'), 2, order) }),
      );
      const w1 = turned.variables.find(({ name }) => name === 'dagger.a1.w1');
      if (w1 === undefined) throw new Error('The module of a1 has a first matrix.');
      const rows = reordered({ shape: w1.shape, values: await valuesOf(w1) }, 0, order);
      tidy(() => w1.assign(reshape(tensor1d(rows.values), w1.shape)));
      const same = (await turned.gateValues?.()) ?? {};
      expect(largestDifference(gates['a1'] ?? [], same['a1'] ?? [])).toBeLessThan(1e-6);
      turned.dispose?.();
    },
  },
  {
    name: 'the module follows its formula, whichever module it is',
    async check() {
      const network = tinyResidual(4);
      const { groups } = gateLayout(network.graph);
      for (const kind of ['mlp', 'squeeze', 'free'] satisfies ModuleKind[]) {
        const random = createRandom(3);
        const options = { network, groups, kind, hidden: 5, prior: 1.5, offset: 2, random: () => random.next() };
        const module = createDaggerModule(options);
        const found = new Map<string, Float32Array>();
        for (const own of module.variables) {
          // Larger than they start, so that every part of the formula counts.
          tidy(() => own.assign(add(mul(own, own.name.endsWith('w2') ? 30 : 1), 0.1)));
          found.set(own.name, await valuesOf(own));
        }
        const scores = await Promise.all(tidy(() => module.scores()).map(valuesOf));
        expect(scores).toHaveLength(groups.length);
        groups.forEach(({ group }, at) => {
          const part = (name: string): Float32Array => found.get(`dagger.${group.id}.${name}`) ?? new Float32Array();
          const expected = referenceScores(kind, describeWeights(network, group), part, 1.5);
          expect(largestDifference(expected, scores[at] ?? []), `${kind} ${group.id}`).toBeLessThan(1e-5);
        });
        module.dispose();
      }
    },
  },
  {
    name: 'two may live at once: a paused run keeps its module while another one begins',
    async check() {
      const network = tinyResidual(4);
      const before = memory().numTensors;
      const [first, second] = [await beginDagger(network), await beginDagger(network, { settings: { offset: 0 } })];
      expect(second.variables.map(({ name }) => name)).toEqual(first.variables.map(({ name }) => name));
      await stepWithoutImages(second, 2);
      first.dispose?.();
      expect(allValues((await second.gateValues?.()) ?? {}).length).toBeGreaterThan(30);
      second.dispose?.();
      expect(memory().numTensors).toBe(before);
    },
  },
  {
    name: 'all open = original: multiplying by 1 changes no bit of the logits',
    async check(executor) {
      const network = tinyResidual(5);
      const hooks = await beginDagger(network, { settings: { offset: 5 } });
      const loaded = executor.load(network);
      const batch = images(4, [8, 8, 3], 3);
      const gates = presentGates(hooks);
      for (const [id, gate] of gates) expect(new Set(await valuesOf(gate)), id).toEqual(new Set([1]));
      expect(await logitsOf(loaded, batch, gates)).toEqual(await logitsOf(loaded, batch));
      dispose([batch, ...gates.values()]);
      hooks.dispose?.();
      loaded.dispose();
    },
  },
  {
    name: 'straight through: gates of 0 and 1, gradient a p (1 - p) / T, for closed and forced ones too',
    async check() {
      const scores = Float32Array.from([-3, -0.5, 0, 0.7, -2, -1, 4, -0.1]);
      const weights = [1, -2, 3, 0.5, -1, 2, 1, 4];
      for (const [least, temperature] of [
        [2, 1],
        [5, 0.5],
      ] as const) {
        const s = tensor1d(scores);
        const gates = tidy(() => straightThrough(s, least, temperature));
        expect([...(await valuesOf(gates))]).toEqual([...openUnits(scores, least)]);
        expect((await valuesOf(gates)).reduce((a, b) => a + b, 0)).toBe(Math.max(3, least));
        const gradient = tidy(() =>
          grad((x) => sum(mul(straightThrough(x as Tensor1D, least, temperature), tensor1d(weights))))(s),
        );
        const p = probabilities(scores, temperature);
        const expected = weights.map((a, at) => (a * (p[at] ?? 0) * (1 - (p[at] ?? 0))) / temperature);
        expect(largestDifference(expected, await valuesOf(gradient))).toBeLessThan(1e-6);
        dispose([s, gates, gradient]);
      }
    },
  },
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
    name: 'removal is exact: gated network = cut network, in chain, residual, option A, concatenation, depthwise',
    async check(executor) {
      for (const network of [tinyResidual(8), ...structures.map((name) => tinyStructure(name, 8))]) {
        const { layout, plan, open, cut } = await gatedAndCut(network, 0.5);
        expect(plan.filters.removed).toBeGreaterThan(0);
        expect(networkCosts(cut.graph).macs).toBe(openMacs(layout, open));
        const [whole, small] = [executor.load(network), executor.load(cut)];
        const batch = images(4, [8, 8, 3], 5);
        const gates = gatesAt(layout, open);
        const gated = await logitsOf(whole, batch, gates);
        expect(largestDifference(gated, await logitsOf(small, batch))).toBeLessThan(1e-4);
        dispose([batch, ...gates.values()]);
        whole.dispose();
        small.dispose();
      }
    },
  },
  {
    name: 'the place matters: gates on the convolution, or none behind the depthwise batch norm, are not a removal',
    async check(executor) {
      const gapOf = async (
        network: Network,
        place: (layout: GateLayout, open: Float32Array) => Gates,
      ): Promise<number> => {
        const { layout, open, cut } = await gatedAndCut(network, 0.5);
        const [whole, small] = [executor.load(network), executor.load(cut)];
        const batch = images(4, [8, 8, 3], 5);
        const gates = place(layout, open);
        const gap = largestDifference(await logitsOf(whole, batch, gates), await logitsOf(small, batch));
        dispose([batch, ...gates.values()]);
        whole.dispose();
        small.dispose();
        return gap;
      };
      const beforeNorms = (layout: GateLayout, open: Float32Array): Gates =>
        new Map([...gatesAt(layout, open)].map(([id, gate]) => [id.replace('.bn', ''), gate]));
      expect(await gapOf(tinyResidual(8), beforeNorms)).toBeGreaterThan(1e-2);
      const depthwise = tinyStructure('depthwise', 8);
      expect(await gapOf(depthwise, (layout, open) => gatesAt(layout, open, (id) => id === 'd.bn'))).toBeGreaterThan(
        1e-2,
      );
      expect(await gapOf(depthwise, (layout, open) => gatesAt(layout, open))).toBeLessThan(1e-4);
    },
  },
  {
    name: 'shared groups: all addends meet the very same gates; another choice for one of them is refused',
    async check() {
      const network = tinyResidual(9);
      const hooks = await beginDagger(network);
      tidy(() => {
        const gates = hooks.gates();
        expect(gates.get('stem.bn')).toBe(gates.get('a2.bn'));
        expect(gates.get('b2.bn')).toBe(gates.get('p.bn'));
        expect(gates.get('a1.bn')).not.toBe(gates.get('a2.bn'));
      });
      hooks.dispose?.();
      expect(() => cutGraph(network.graph, { stem: [1], a2: [2] })).toThrow(CouplingError);
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

/** The formulas of `module.ts` in float64. */
function referenceScores(
  kind: ModuleKind,
  { width, values, prior }: Descriptor,
  part: (name: string) => Float32Array,
  alpha: number,
): number[] {
  const units = prior.length;
  /** relu(row W1 + b1) W2 */
  const through = (row: ArrayLike<number>, outputs: number): number[] => {
    const [w1, b1, w2] = [part('w1'), part('b1'), part('w2')];
    const hidden = [...b1].map((bias, at) => {
      const total = Array.from(row).reduce(
        (sum, value, input) => sum + value * (w1[input * b1.length + at] ?? NaN),
        bias,
      );
      return Math.max(0, total);
    });
    return Array.from({ length: outputs }, (_, at) =>
      hidden.reduce((total, value, from) => total + value * (w2[from * outputs + at] ?? NaN), 0),
    );
  };
  const rows = Array.from({ length: units }, (_, unit) => values.subarray(unit * width, (unit + 1) * width));
  const mean = (some: ArrayLike<number>): number => Array.from(some).reduce((a, b) => a + b, 0) / some.length;
  const opinions = {
    mlp: () => rows.map((row) => through(row, 1)[0] ?? NaN),
    squeeze: () => through(rows.map(mean), units).map((value, at) => value + (part('b2')[at] ?? NaN)),
    free: () => [...part('logits')],
  };
  const own = opinions[kind]();
  const centre = mean(own);
  return own.map((value, at) => alpha * (prior[at] ?? NaN) + value - centre + (part('offset')[0] ?? NaN));
}

/** Without images, from the start of a ResNet-8: 310 steps arrive within 5 % of the budget, before any projection. */
export async function steersTo(budget: number, seed = 1): Promise<void> {
  const network = buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', seed });
  const hooks = await beginDagger(network, { budget, seed, settings: { crossEntropy: false } });
  await stepWithoutImages(hooks, 310);
  const share = (await hooks.telemetry?.())?.values['predictedShare'] ?? NaN;
  hooks.dispose?.();
  expect(Math.abs(share - budget)).toBeLessThanOrEqual(0.05);
}
