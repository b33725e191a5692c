import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise } from '../golden/golden';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { centripetalGradients } from './centripetal';
import { testCentripetalGradients } from './centripetal-invariants';
import { clustersOf } from './clusters';

describe.each(['own', 'composed'] as const)('pulled gradients, %s kernels', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm', kernels });
  });
  afterAll(() => executor.dispose());

  testCentripetalGradients();
});

it('lists clusters in order, and leaves who is alone its own gradient, to the bit', async () => {
  expect(clustersOf([1, 0, 1, 2, 1])).toEqual({ begins: [0, 1, 4, 5], members: [1, 0, 2, 4, 3] });
  const executor = await createExecutor({ device: 'wasm' });
  const draw = (seed: number): tf.Tensor => tf.tensor(noise({ seed, shape: [7, 5], offset: 0 }), [7, 5]);
  const [gradient, weights] = [draw(1), draw(2)];
  const clusters = clustersOf([1, 0, 1, 2, 1]);
  const [pulled] = centripetalGradients([{ gradient, weights, axis: 1, clusters, strength: 0.3 }]);
  const alone = (values: ArrayLike<number>): number[] =>
    Array.from(values).filter((_, at) => at % 5 === 1 || at % 5 === 3);
  expect(alone((await pulled?.data()) ?? [])).toEqual(alone(await gradient.data()));
  executor.dispose();
});
