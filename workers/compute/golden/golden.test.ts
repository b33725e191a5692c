import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { compareCase, goldenCases } from './golden';

describe('golden vectors on WASM', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm' });
  });
  afterAll(() => executor.dispose());

  it.each(goldenCases)('$name', async (golden) => {
    const before = tf.memory().numTensors;
    for (const { what, excess } of await compareCase(golden)) {
      expect(excess, `${what}: error over tolerance`).toBeLessThanOrEqual(1);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
