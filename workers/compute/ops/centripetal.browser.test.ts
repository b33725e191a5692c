import { afterAll, beforeAll, describe } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';
import { wasmFiles } from '../wasm-files';
import { testCentripetalGradients } from './centripetal-invariants';

describe.each(['own', 'composed'] as const)('pulled gradients on WebGPU, %s kernels', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'webgpu', wasmFiles, kernels });
  });
  afterAll(() => executor.dispose());

  testCentripetalGradients();
});

describe.each([{ threads: 1 }, { threads: 3 }])('pulled gradients on WASM, $threads threads', ({ threads }) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm', wasmFiles, threads });
  });
  afterAll(() => executor.dispose());

  testCentripetalGradients();
});
