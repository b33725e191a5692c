import { dispose, memory, tensor1d, variable, type Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { createAdam } from './adam';
import { ownVariable } from './optimiser';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const gradients = [
  [0.5, -2, 1e-4],
  [0.25, 1, -3e-4],
  [-4, 0, 2e-4],
];

/** The paper's algorithm in float64. */
function expected(start: readonly number[], rate: number): number[] {
  return start.map((value, at) => {
    let [w, m, v] = [value, 0, 0];
    gradients.forEach((gradient, step) => {
      const g = gradient[at] ?? 0;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      w -= (rate * (m / (1 - 0.9 ** (step + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8);
    });
    return w;
  });
}

it('follows the paper, and a restored one goes on with the same bits', async () => {
  const start = [1, -1, 0.5];
  const weights = variable(tensor1d(start), true, 'adam-test.w');
  const untouched = variable(tensor1d([7]), true, 'adam-test.other');
  const adam = createAdam([weights, untouched].map(ownVariable));
  const step = (at: number, optimiser: ReturnType<typeof createAdam>): void => {
    const gradient: Tensor = tensor1d(gradients[at] ?? []);
    optimiser.apply(new Map([['adam-test.w', gradient]]), 0.05);
    gradient.dispose();
  };
  const before = memory().numTensors;
  step(0, adam);
  step(1, adam);
  // Two moments stay; nothing else does.
  expect(memory().numTensors).toBe(before + 2);
  const [state, place] = [await adam.readState(), [...weights.dataSync()]];
  step(2, adam);
  const whole = [...weights.dataSync()];
  expected(start, 0.05).forEach((value, at) => expect(whole[at]).toBeCloseTo(value, 5));
  expect([...untouched.dataSync()]).toEqual([7]);
  weights.assign(tensor1d(place));
  const restored = createAdam([weights, untouched].map(ownVariable));
  restored.writeState(state);
  step(2, restored);
  expect([...weights.dataSync()]).toEqual(whole);
  adam.dispose();
  restored.dispose();
  weights.dispose();
  untouched.dispose();
});

it('shrinks kernels by rate times decay, apart from the gradient, and nothing else', () => {
  const kernel = variable(tensor1d([2, -4]), true, 'adam-test.kernel');
  const bias = variable(tensor1d([2, -4]), true, 'adam-test.bias');
  const trained = [
    { name: 'kernel', value: kernel, decays: true },
    { name: 'bias', value: bias, decays: false },
  ];
  const adam = createAdam(trained, 0.1);
  const gradient = tensor1d([0, 0]);
  adam.apply(
    new Map([
      ['kernel', gradient],
      ['bias', gradient],
    ]),
    0.5,
  );
  // No gradient, no step: what is left is 1 - 0.5 * 0.1 = 0.95 of the kernel.
  expect([...kernel.dataSync()]).toEqual([Math.fround(1.9), Math.fround(-3.8)]);
  expect([...bias.dataSync()]).toEqual([2, -4]);
  expect(() => adam.writeState({ 'kernel/first': { shape: [3], values: new Float32Array(3) } })).toThrow(
    'belongs to another network',
  );
  adam.dispose();
  dispose([kernel, bias, gradient]);
});
