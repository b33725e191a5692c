/**
 * For tests: the laws of the centripetal update, for either device. On WebGPU without a GPU a step takes a second, so there
 * they are held to fewer steps.
 */
import { mul, tensor, transpose, variable, type Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../../compute/executor';
import { createRandom } from '../../linalg/random';
import { channelsOfClasses } from '../../network/closure';
import { cutChannels } from '../../network/cut';
import type { Network, Tensors } from '../../network/graph';
import { channelGroups } from '../../network/groups';
import { createControl } from '../../training/control';
import { train, type TrainOptions } from '../../training/loop';
import { tinyDataset, tinySettings } from '../../training/tiny-task';
import { clusteredAxes, mergedClasses, type ClusteredAxis } from './axes';
import { restoredClusters } from './clusters';
import { averageClusters, mergeInputs } from './merge';
import { createPull } from './pull';
import { halfClusters, tinyData, tinyTraining, tinyWide } from './tiny-training';

const wide = tinyWide();
const clusters = halfClusters(wide);
const axes = clusteredAxes(wide, clusters);

/** Whether the slices of every cluster are equal, bit for bit, in all trained tensors. */
function equalMembers(tensors: Tensors): boolean {
  return [...axes.filters.values()].every(({ name, axis, of, stays }) => {
    const { shape, values } = tensors[name] ?? { shape: [], values: new Float32Array() };
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    return values.every((value, at) => {
      const index = Math.floor(at / inner) % of.length;
      return value === values[at + ((stays[of[index] ?? 0] ?? 0) - index) * inner];
    });
  });
}

/** Largest difference of cluster means, over all tensors. */
function meanDifference(a: Tensors, b: Tensors): number {
  const [left, right] = [a, b].map((tensors) => averageClusters({ ...wide, tensors }, axes).tensors);
  return Math.max(
    ...[...axes.filters.keys()].flatMap((name) =>
      Array.from(left?.[name]?.values ?? [], (value, at) => Math.abs(value - (right?.[name]?.values[at] ?? NaN))),
    ),
  );
}

/** Registers the tests. A `slow` device takes fewer steps, and is spared the law of momentum, which needs hundreds. */
export function testLaws(bring: () => Promise<Executor>, { slow }: { readonly slow: boolean }): void {
  let executor: Executor;
  beforeAll(async () => {
    executor = await bring();
  });
  afterAll(() => executor.dispose());
  const steps = (usual: number): number => (slow ? Math.ceil(usual / 5) : usual);

  describe('differences inside a cluster', () => {
    it('shrink by the law (1 - rate (decay + strength)) a step, whatever the data', async () => {
      const strength = 0.3;
      const other = { ...tinyDataset(64, 16), normalisation: { mean: [0, 0, 0], std: [1, 1, 1] } };
      for (const dataset of [tinyData, other]) {
        const { deviations } = await tinyTraining(executor, wide, { clusters, strength, steps: steps(20), dataset });
        const [before, after] = deviations;
        const kernels = (1 - 0.03 * (1e-3 + strength)) ** (2 * steps(20));
        expect((after?.chi ?? NaN) / (before?.chi ?? NaN) / kernels).toBeCloseTo(1, 4);
        // Weight decay is for kernels alone.
        const vectors = (1 - 0.03 * strength) ** (2 * steps(20));
        expect((after?.chiVectors ?? NaN) / (before?.chiVectors ?? NaN) / vectors).toBeCloseTo(1, 4);
      }
    });

    it('stay as they are without strength and decay: equal gradients alone merge nothing', async () => {
      const settings = { weightDecay: 0 };
      const { deviations } = await tinyTraining(executor, wide, { clusters, strength: 0, steps: steps(10), settings });
      expect((deviations[1]?.chi ?? NaN) / (deviations[0]?.chi ?? NaN)).toBeCloseTo(1, 6);
      const decayed = await tinyTraining(executor, wide, { clusters, strength: 0, steps: steps(10) });
      const ratio = (decayed.deviations[1]?.chi ?? NaN) / (decayed.deviations[0]?.chi ?? NaN);
      expect(ratio / (1 - 0.03 * 1e-3) ** (2 * steps(10))).toBeCloseTo(1, 6);
    });

    if (!slow) {
      it('fall steadily under little strength with momentum, and swing through zero under much', async () => {
        const settings = { momentum: 0.9 };
        const rises = (chi: readonly number[]): number =>
          chi.filter((value, at) => value > (chi[at - 1] ?? value)).length;
        const gentle = await tinyTraining(executor, wide, {
          clusters,
          strength: 0.05,
          steps: 60,
          settings,
          watched: true,
        });
        expect(rises(gentle.deviations.map(({ chi }) => chi))).toBe(0);
        const strong = await tinyTraining(executor, wide, {
          clusters,
          strength: 0.2,
          steps: 250,
          settings,
          watched: true,
        });
        const chi = strong.deviations.map((deviation) => deviation.chi);
        expect(rises(chi)).toBeGreaterThan(0);
        expect((chi.at(-1) ?? NaN) / (chi[0] ?? NaN)).toBeLessThan(1e-8);
      });
    }
  });

  describe('the clusters as a whole', () => {
    it('stay bit for bit equal once they are', async () => {
      const equal = averageClusters(wide, axes);
      expect(equalMembers(wide.tensors)).toBe(false);
      expect(equalMembers(equal.tensors)).toBe(true);
      const settings = { momentum: 0.9 };
      const { tensors } = await tinyTraining(executor, equal, { clusters, strength: 0.1, steps: steps(15), settings });
      expect(tensors['conv1.kernel']?.values).not.toEqual(equal.tensors['conv1.kernel']?.values);
      expect(equalMembers(tensors)).toBe(true);
    });

    it('move where their mean gradient takes them, with any strength', async () => {
      const run = (strength: number) => tinyTraining(executor, wide, { clusters, strength, steps: 1 });
      const [none, full] = [await run(0), await run(1)];
      expect(meanDifference(none.tensors, wide.tensors)).toBeGreaterThan(1e-4);
      expect(meanDifference(none.tensors, full.tensors)).toBeLessThan(1e-6);
    });

    it('of one filter each are trained as ever, to the bit', async () => {
      const alone = channelGroups(wide.graph).map((group) => restoredClusters(group, [...Array(group.size).keys()]));
      const settings = { momentum: 0.9 };
      const single = await tinyTraining(executor, wide, { clusters: alone, strength: 1, steps: steps(5), settings });
      const plain = await tinyTraining(executor, wide, { clusters: [], strength: 1, steps: steps(5), settings });
      expect(single.tensors).toEqual(plain.tensors);
    });
  });

  it('equals the matrix form of the paper', async () => {
    const random = createRandom(2);
    const of = Int32Array.from([0, 1, 0, 2, 1, 0, 3]);
    const n = of.length;
    const draw = (): number[] => Array.from({ length: 18 * n }, () => random.normal());
    const [gradient, weights] = [draw(), draw()];
    const strength = 0.4;
    const size = (unit: number): number => of.filter((cluster) => cluster === of[unit]).length;
    const same = (i: number, j: number): boolean => of[i] === of[j];
    // The paper's two matrices, weight decay left to the optimiser.
    const gamma = (i: number, j: number): number => (same(i, j) ? 1 / size(i) : 0);
    const lambda = (i: number, j: number): number =>
      i === j ? strength * (1 - 1 / size(i)) : same(i, j) ? -strength / size(i) : 0;
    const units = [...of.keys()];
    for (const i of units) {
      expect(units.reduce((sum, j) => sum + gamma(i, j), 0)).toBeCloseTo(1, 12);
      expect(units.reduce((sum, j) => sum + lambda(i, j), 0)).toBeCloseTo(0, 12);
      for (const j of units) {
        expect(units.reduce((sum, k) => sum + gamma(i, k) * gamma(k, j), 0)).toBeCloseTo(gamma(i, j), 12);
      }
    }
    const expected = gradient.map((_, at) => {
      const [row, j] = [at - (at % n), at % n];
      return units.reduce(
        (sum, i) => sum + (gradient[row + i] ?? 0) * gamma(i, j) + (weights[row + i] ?? 0) * lambda(i, j),
        0,
      );
    });
    const axis: ClusteredAxis = { name: 'k', role: 'kernel', axis: 3, of, stays: Int32Array.from([0, 1, 3, 6]) };
    const pull = createPull(new Map([['k', axis]]));
    const value = variable(tensor(weights, [3, 3, 2, n]));
    const gradients = new Map<string, Tensor>([['k', tensor(gradient, [3, 3, 2, n])]]);
    pull(gradients, [{ name: 'k', role: 'kernel', layers: ['k'], value }], { kernels: strength, vectors: 0 });
    const found = (await gradients.get('k')?.data()) ?? [];
    expect(Math.max(...expected.map((own, at) => Math.abs(own - (found[at] ?? NaN))))).toBeLessThan(1e-5);
  });

  it('pulls filters that are not the last axis of their kernel as it pulls those that are', async () => {
    const random = createRandom(23);
    const of = Int32Array.from([0, 1, 0, 1, 1]);
    const last: ClusteredAxis = { name: 'k', role: 'kernel', axis: 3, of, stays: Int32Array.from([0, 1]) };
    const draw = (): Tensor =>
      tensor(
        Array.from({ length: 2 * 3 * 4 * 5 }, () => random.normal()),
        [2, 3, 4, 5],
      );
    const [gradient, weights] = [draw(), draw()];
    const pulledBy = async (axis: ClusteredAxis, turn: (x: Tensor) => Tensor): Promise<ArrayLike<number>> => {
      const pull = createPull(new Map([['k', axis]]));
      const value = variable(turn(weights));
      const gradients = new Map<string, Tensor>([['k', turn(gradient)]]);
      pull(gradients, [{ name: 'k', role: 'kernel', layers: ['k'], value }], { kernels: 0.4, vectors: 0 });
      return turn(gradients.get('k') ?? gradient).data();
    };
    const expected = await pulledBy(last, (x) => x.clone());
    const found = await pulledBy({ ...last, axis: 2 }, (x) => transpose(x, [0, 1, 3, 2]));
    expect(Math.max(...Array.from(found, (own, at) => Math.abs(own - (expected[at] ?? NaN))))).toBeLessThan(1e-6);
  });

  describe('a step of equal filters', () => {
    /** One step with `factors` on the gradients, no decay. */
    async function scaledStep(network: Network, factors: (name: string) => number): Promise<Tensors> {
      const loaded = executor.load(network);
      const options: TrainOptions = {
        executor,
        loaded,
        dataset: tinyData,
        normalisation: tinyData.normalisation,
        settings: {
          ...tinySettings,
          epochs: 16 / 64,
          learningRate: 0.03,
          momentum: 0,
          weightDecay: 0,
          schedule: 'constant',
          warmUp: 0,
        },
        seed: 5,
        control: createControl(),
        hooks: {
          changeGradients: ({ gradients }) => {
            for (const [name, gradient] of gradients) {
              gradients.set(name, mul(gradient, factors(name)));
              gradient.dispose();
            }
          },
        },
      };
      try {
        await train(options);
        return await loaded.readBack();
      } finally {
        loaded.dispose();
      }
    }

    it('is a step of the trimmed network, at half the rate for what makes two filters, twice for what reads them', async () => {
      const network = tinyWide(
        'input 8x8x3 / conv 4 3x3 p1 / bn / relu / conv 6 3x3 p1 / bn / relu / globalPool / dense 3 bias',
        4,
      );
      const pairs = halfClusters(network);
      const own = clusteredAxes(network, pairs);
      const trim = (from: Network): Network =>
        cutChannels(mergeInputs(from, own), channelsOfClasses(network.graph, mergedClasses(network.graph, pairs)));
      const equal = averageClusters(network, own);
      const run = { clusters: pairs, strength: 0.5, steps: 1, settings: { weightDecay: 0 } };
      const { tensors } = await tinyTraining(executor, equal, run);
      const expected = trim({ ...equal, tensors }).tensors;
      const factors: Record<string, number> = { 'conv2.kernel': 1, 'dense1.kernel': 2, 'dense1.bias': 1 };
      const found = await scaledStep(trim(equal), (name) => factors[name] ?? 0.5);
      expect(Object.keys(found)).toEqual(Object.keys(expected));
      let moved = 0;
      for (const [name, { values }] of Object.entries(expected)) {
        const before = trim(equal).tensors[name]?.values ?? [];
        values.forEach((value, at) => {
          moved = Math.max(moved, Math.abs(value - (before[at] ?? NaN)));
          expect(Math.abs(value - (found[name]?.values[at] ?? NaN)), name).toBeLessThan(2e-6);
        });
      }
      expect(moved).toBeGreaterThan(1e-3);
    });
  });
}
