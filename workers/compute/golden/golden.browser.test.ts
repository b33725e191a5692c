import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { wasmFiles } from '../wasm-files';
import { compareCase, goldenCases } from './golden';

describe.each(['webgpu', 'wasm'] as const)('golden vectors on %s in the browser', (device) => {
  let executor: Executor | undefined;
  beforeAll(async () => {
    executor = await createExecutor({ device, wasmFiles });
  });
  afterAll(() => executor?.dispose());

  it.each(goldenCases)('$name', async (golden) => {
    const before = tf.memory().numTensors;
    for (const { what, excess } of await compareCase(golden)) {
      expect(excess, `${what}: error over tolerance`).toBeLessThanOrEqual(1);
    }
    executor?.check();
    expect(tf.memory().numTensors).toBe(before);
  });
});
