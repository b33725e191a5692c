/** Laws of the module: its scores come from weights alone, by its formula, and the gates from the scores. */
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
} from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { createRandom } from '../../linalg/random';
import { withRandomTensors } from '../../network/hazard-networks';
import { graphFromText } from '../../network/text';
import { createAdam } from '../../training/adam';
import { ownVariable } from '../../training/optimiser';
import { describeWeights, type Descriptor } from './descriptor';
import { gateLayout } from './gate-layout';
import { openUnits, probabilities, straightThrough } from './gates';
import { createDaggerModule, type ModuleKind } from './module';
import { tinyResidual } from './tiny-residual';
import {
  presentGates,
  stepWithoutImages,
  images,
  largestDifference,
  valuesOf,
  logitsOf,
  allValues,
  withTensors,
  reordered,
  tensorOf,
  beginDagger,
  type Law,
} from './bench';

export const moduleLaws: readonly Law[] = [
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
    name: 'the scores move at the pace of free logits, whatever the widths',
    async check() {
      // Free logits move by the rate a step: 60 steps of 0.02 are 1.2.
      expect(await movementWith('free', 8)).toBeCloseTo(1.2, 1);
      for (const inputs of [8, 256]) {
        const moved = await movementWith('mlp', inputs);
        expect(moved, `${inputs}`).toBeGreaterThan(1.2 / 4);
        expect(moved, `${inputs}`).toBeLessThan(1.2 * 4);
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
];

/** How far 60 steps of 0.02 against a fixed wish take the scores of 12 filters of `inputs` inputs: root mean square. */
async function movementWith(kind: ModuleKind, inputs: number): Promise<number> {
  const text = `input 4x4x3 / p = conv ${inputs} 1x1 / p.bn = bn / relu / q = conv 12 3x3 p1 / q.bn = bn / globalPool / fc = dense 2`;
  const network = withRandomTensors(graphFromText(text), 21);
  const groups = gateLayout(network.graph).groups.filter(({ group }) => group.id === 'q');
  const random = createRandom(5);
  const options = {
    network,
    groups,
    kind,
    hidden: 16,
    prior: 1,
    offset: 2,
    random: () => random.next(),
  };
  const module = createDaggerModule(options);
  const adam = createAdam(module.variables.map(ownVariable));
  const wish = tensor1d(Float32Array.from({ length: 12 }, (_, unit) => (unit % 2 === 0 ? 1 : -1)));
  const scores = async (): Promise<Float32Array> => valuesOf(tidy(() => concat1d(module.scores())));
  const before = await scores();
  for (let step = 0; step < 60; step++) {
    const { value, grads } = tidy(() =>
      variableGrads(() => sum(mul(concat1d(module.scores()), wish)), [...module.variables]),
    );
    adam.apply(new Map(Object.entries(grads)), 0.02);
    dispose([value, grads]);
  }
  const after = await scores();
  module.dispose();
  adam.dispose();
  wish.dispose();
  return Math.sqrt(after.reduce((total, value, unit) => total + (value - (before[unit] ?? NaN)) ** 2, 0) / 12);
}

/** The formulas of `module.ts` in float64. */
function referenceScores(
  kind: ModuleKind,
  { width, values, prior }: Descriptor,
  part: (name: string) => Float32Array,
  alpha: number,
): number[] {
  const units = prior.length;
  /** relu(row W1 / d + b1) W2 / sqrt(h) */
  const through = (row: ArrayLike<number>, outputs: number): number[] => {
    const [w1, b1, w2] = [part('w1'), part('b1'), part('w2')];
    const hidden = [...b1].map((bias, at) => {
      const total = Array.from(row).reduce(
        (sum, value, input) => sum + (value * (w1[input * b1.length + at] ?? NaN)) / row.length,
        bias,
      );
      return Math.max(0, total);
    });
    return Array.from({ length: outputs }, (_, at) =>
      hidden.reduce(
        (total, value, from) => total + (value * (w2[from * outputs + at] ?? NaN)) / Math.sqrt(b1.length),
        0,
      ),
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
