/** Every gradient of whole networks against finite differences in float64, on WASM. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { checkedNetwork, checkedNetworks, gradientErrors } from './gradient-check';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

describe.each(Object.keys(checkedNetworks))('%s', (name) => {
  it.each([1, 2, 5])('has the gradients of its loss, batch %i', async (batch) => {
    const network = checkedNetwork(name);
    const errors = await gradientErrors(executor, network, batch);
    expect(errors.length).toBeGreaterThan(3);
    expect(errors.filter(({ error }) => !(error < 1e-3))).toEqual([]);
  });
});
