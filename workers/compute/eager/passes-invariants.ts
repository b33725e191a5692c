/**
 * Invariants of unrolled, gated networks on a device (section (f) of both methods): what holds of answers, gradients and
 * statistics, for every executor. Tests only; `*.test.ts` and `*.browser.test.ts` beside this run it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Network, TensorName } from '../../network/graph';
import { runReference } from '../../network/reference';
import { nameInPass, passOf, withPasses } from '../../network/unrolled';
import { buildGatedNetwork } from '../../network/zoo/gating';
import { gatedImages, tinyGated, withTensors } from '../../network/zoo/gating/tiny-gated';
import type { Executor, LoadedNetwork, StepOptions } from '../executor';

const SIDE = 8;
const images = gatedImages(2, SIDE);
const lively = (passes: number, routing: 'top' | 'cascade' = 'cascade'): Network =>
  tinyGated({ passes, routing, image: [SIDE, SIDE] });

/** Mean of the squares of the answers of the passes in `which` (all by default): smooth, and different in every pass. */
function squares(which?: readonly number[]): StepOptions['loss'] {
  return (outputs) => {
    const chosen = outputs.filter((_, at) => which === undefined || which.includes(at + 1));
    return tf.mean(tf.stack(chosen.map((output) => tf.mean(tf.square(output)))));
  };
}

/** `tolerance`: what two equal runs may differ by, as a share. 0 where a device repeats bit for bit. */
export function passesInvariants(createExecutor: () => Promise<Executor>, tolerance = 0): void {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor();
  });
  afterAll(() => executor.dispose());

  async function withLoaded<T>(
    network: Network,
    work: (loaded: LoadedNetwork, x: tf.Tensor4D) => Promise<T>,
  ): Promise<T> {
    const loaded = executor.load(network);
    const x = tf.tensor4d(images.values, [2, SIDE, SIDE, 3]);
    try {
      return await work(loaded, x);
    } finally {
      x.dispose();
      loaded.dispose();
    }
  }

  /** Loss and gradients of one step; parameters and statistics stay. */
  async function gradientsOf(
    network: Network,
    options: Partial<StepOptions> = {},
  ): Promise<{ readonly loss: number; readonly gradients: ReadonlyMap<TensorName, Float32Array> }> {
    return withLoaded(network, async (loaded, x) => {
      const { loss, outputs, gradients } = loaded.step(x, { loss: squares(), statisticsMomentum: 0, ...options });
      const [value = NaN] = await loss.data();
      const read = new Map<TensorName, Float32Array>();
      for (const [name, gradient] of gradients) read.set(name, Float32Array.from(await gradient.data<'float32'>()));
      tf.dispose([loss, ...outputs, ...gradients.values()]);
      return { loss: value, gradients: read };
    });
  }

  const largest = (values: ArrayLike<number> | undefined): number =>
    Array.from(values ?? [], Math.abs).reduce((most, value) => Math.max(most, value), 0);

  describe('answers', () => {
    it('of all passes are those of the reference interpreter', async () => {
      for (const routing of ['top', 'cascade'] as const) {
        const network = lively(3, routing);
        const expected = runReference(network, images).outputs;
        await withLoaded(network, async (loaded, x) => {
          const outputs = loaded.outputs(x);
          expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
          for (const [pass, output] of outputs.entries()) {
            const own = await output.data();
            const scale = Math.max(1, largest(expected[pass]?.values));
            own.forEach((value, at) =>
              expect(Math.abs(value - (expected[pass]?.values[at] ?? NaN)) / scale).toBeLessThan(1e-5),
            );
          }
          tf.dispose([...outputs]);
        });
      }
    });

    it('one look of a network of three is the feed-forward network, bit for bit', async () => {
      const network = lively(3);
      const first = await withLoaded(network, async (loaded, x) => readOnce(loaded.forward(x)));
      const alone = await withLoaded(withPasses(network, 1), async (loaded, x) => readOnce(loaded.forward(x)));
      expect(alone).toEqual(first);
    });
  });

  describe('gradients', () => {
    it('with the loss on the first pass alone none reaches a gate', async () => {
      const { gradients } = await gradientsOf(lively(2), { loss: squares([1]) });
      for (const [name, values] of gradients) if (isGate(name)) expect(largest(values), name).toBe(0);
      expect(largest(gradients.get('stage1.conv1.kernel'))).toBeGreaterThan(0);
    });

    it('at the start modulators have one, the lane below them exactly none; after a step all do', async () => {
      const start = buildGatedNetwork({ backbone: 'shallow', image: [SIDE, SIDE], passes: 2, seed: 4 });
      const { gradients } = await gradientsOf(start);
      const lane = /(feedback|propagator)\.conv\.(kernel|bias)$/;
      for (const [name, values] of gradients) {
        if (lane.test(name)) expect(largest(values), name).toBe(0);
        if (name.endsWith('gate.conv.kernel')) expect(largest(values), name).toBeGreaterThan(0);
      }
      const stepped = withTensors(start, (name, { shape, values }) => ({
        shape,
        values: values.map((value, at) => value - 0.1 * (gradients.get(name)?.[at] ?? 0)),
      }));
      const after = await gradientsOf(stepped);
      for (const [name, values] of after.gradients) {
        if (name.endsWith('conv.kernel') && isGate(name)) expect(largest(values), name).toBeGreaterThan(0);
      }
    });

    it('one entry of every kind of gate kernel agrees with a central difference', async () => {
      const network = lively(2);
      const { gradients } = await gradientsOf(network, { batchNorm: 'running' });
      for (const name of ['stage1.feedback.conv.kernel', 'stage1.propagator.conv.kernel', 'stage2.gate.conv.kernel']) {
        const own = gradients.get(name) ?? new Float32Array();
        const at = own.reduce((best, value, place) => (Math.abs(value) > Math.abs(own[best] ?? 0) ? place : best), 0);
        const step = 1e-4;
        const lossWith = (by: number): number => {
          const moved = withTensors(network, (other, { shape, values }) =>
            other === name
              ? { shape, values: values.map((value, place) => value + (place === at ? by : 0)) }
              : undefined,
          );
          const losses = runReference(moved, images).outputs.map(
            ({ values }) => values.reduce((sum, value) => sum + value ** 2, 0) / values.length,
          );
          return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        };
        // The moved weight is rounded to float32: the steps taken are what it became.
        const present = network.tensors[name]?.values[at] ?? 0;
        const [up, down] = [Math.fround(present + step), Math.fround(present - step)];
        const expected = (lossWith(up - present) - lossWith(down - present)) / (up - down);
        expect(Math.abs((own[at] ?? NaN) - expected) / Math.abs(expected), name).toBeLessThan(1e-2);
      }
    });

    it('of a shared kernel is the sum over a copy for each pass', async () => {
      const network = lively(2);
      const shared = 'stage2.conv1.kernel';
      const untied: Network = {
        ...network,
        graph: {
          ...network.graph,
          layers: network.graph.layers.map((layer) =>
            layer.op === 'conv' && nameInPass(layer.id) === 'stage2.conv1'
              ? { ...layer, kernel: `${shared} of pass ${passOf(layer.id)}` }
              : layer,
          ),
        },
        tensors: {
          ...network.tensors,
          ...Object.fromEntries([1, 2].map((pass) => [`${shared} of pass ${pass}`, network.tensors[shared]])),
        } as Network['tensors'],
      };
      const [tied, copies] = [await gradientsOf(network), await gradientsOf(untied)];
      const [first, second] = [1, 2].map((pass) => copies.gradients.get(`${shared} of pass ${pass}`));
      const scale = largest(tied.gradients.get(shared));
      expect(Math.min(largest(first), largest(second))).toBeGreaterThan(0);
      tied.gradients.get(shared)?.forEach((value, at) => {
        expect(Math.abs(value - (first?.[at] ?? NaN) - (second?.[at] ?? NaN)) / scale).toBeLessThan(1e-5);
      });
    });

    it('stops between passes where it is told to: answers stay, and the second pass says nothing of the first', async () => {
      const network = lively(2, 'top');
      const last = { loss: squares([2]) };
      const free = await gradientsOf(network, last);
      const detached = await gradientsOf(network, {
        ...last,
        stopsGradient: (reader, input) => (passOf(input) ?? 9) < (passOf(reader) ?? 0),
      });
      expect(detached.loss).toBe(free.loss);
      // With the feedback a constant, the kernels act in the second pass alone: a network whose first pass has its own.
      const untied: Network = {
        ...network,
        graph: {
          ...network.graph,
          layers: network.graph.layers.map((layer) =>
            layer.op === 'conv' && passOf(layer.id) === 1 ? { ...layer, kernel: `${layer.kernel} once` } : layer,
          ),
        },
        tensors: {
          ...network.tensors,
          ...Object.fromEntries(Object.entries(network.tensors).map(([name, tensor]) => [`${name} once`, tensor])),
        },
      };
      const expected = (await gradientsOf(untied, last)).gradients;
      for (const name of ['stage1.conv1.kernel', 'stage3.conv1.kernel']) {
        const scale = largest(expected.get(name));
        expect(scale).toBeGreaterThan(0);
        detached.gradients
          .get(name)
          ?.forEach((value, at) =>
            expect(Math.abs(value - (expected.get(name)?.[at] ?? NaN)) / scale).toBeLessThan(1e-5),
          );
        const differs = free.gradients
          .get(name)
          ?.some((value, at) => Math.abs(value - (expected.get(name)?.[at] ?? 0)) > 0.01 * scale);
        expect(differs, name).toBe(true);
      }
    });
  });

  describe('batch norm and memory', () => {
    it('a training step moves the statistics of every pass; an evaluation of one pass reads its own alone', async () => {
      const network = lively(3);
      const tensors = await withLoaded(network, async (loaded, x) => {
        const { loss, outputs, gradients } = loaded.step(x, { loss: squares() });
        tf.dispose([loss, ...outputs, ...gradients.values()]);
        return loaded.readBack();
      });
      const moved = (name: string): boolean =>
        tensors[name]?.values.some((value, at) => value !== network.tensors[name]?.values[at]) === true;
      for (const pass of [1, 2, 3]) {
        expect(moved(`stage2.conv1.bn.mean.pass${pass}`)).toBe(true);
        expect(moved(`stage2.conv1.bn.variance.pass${pass}`)).toBe(true);
      }
      expect(moved('stage2.conv1.bn.gamma')).toBe(false);
      const other = withTensors(network, (name, { shape, values }) =>
        name.endsWith('.mean.pass3') ? { shape, values: values.map((value) => value + 1) } : undefined,
      );
      const answersOf = (of: Network) =>
        withLoaded(of, async (loaded, x) => Promise.all(loaded.outputs(x).map((output) => readOnce(output))));
      const [then, now] = [await answersOf(network), await answersOf(other)];
      expect(now.slice(0, 2)).toEqual(then.slice(0, 2));
      expect(now[2]).not.toEqual(then[2]);
    });

    it('twenty steps of three passes leave no tensor behind, and repeat', async () => {
      const losses = async (): Promise<number[]> =>
        withLoaded(lively(3), async (loaded, x) => {
          const run = async (): Promise<number> => {
            const { loss, outputs, gradients } = loaded.step(x, { loss: squares() });
            const [value = NaN] = await loss.data();
            tf.dispose([loss, ...outputs, ...gradients.values()]);
            return value;
          };
          const values = [await run()];
          const before = tf.memory().numTensors;
          for (let step = 1; step < 20; step++) values.push(await run());
          expect(tf.memory().numTensors).toBe(before);
          return values;
        });
      const [once, again] = [await losses(), await losses()];
      once.forEach((loss, step) => expect(Math.abs((again[step] ?? NaN) / loss - 1)).toBeLessThanOrEqual(tolerance));
    });
  });
}

const isGate = (name: string): boolean => /\.(gate|feedback|propagator)\./.test(name);

async function readOnce(tensor: tf.Tensor): Promise<number[]> {
  const values = [...(await tensor.data())];
  tensor.dispose();
  return values;
}
