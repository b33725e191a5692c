/** Every gradient of whole networks against finite differences in float64, on WebGPU. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { checkedNetwork, checkedNetworks, gradientErrors } from './gradient-check';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'webgpu' });
});
afterAll(() => executor.dispose());

it.each(Object.keys(checkedNetworks))('%s: the gradients of its loss', async (name) => {
  const errors = await gradientErrors(executor, checkedNetwork(name), 3);
  expect(errors.filter(({ error }) => !(error < 1e-3))).toEqual([]);
});
