import { afterAll, beforeAll, describe } from 'vitest';
import type { Executor } from '../executor';
import { testWindows } from '../ops/windows-invariants';
import { createExecutor } from '../runtime';

describe.each(['own', 'composed'] as const)('windows over single channels on WebGPU, %s kernels', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'webgpu', kernels });
  });
  afterAll(() => {
    executor.check();
    executor.dispose();
  });

  testWindows(1e-4);
});
