import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../../compute/executor';
import { createExecutor } from '../../compute/runtime';
import { wasmFiles } from '../../compute/wasm-files';
import { disposeAll } from './bench';
import { invariants } from './invariants';

describe('Dagger on WebGPU', () => {
  let executor: Executor | undefined;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'webgpu', wasmFiles });
  });
  afterEach(disposeAll);
  afterAll(() => executor?.dispose());

  it.each(invariants)('$name', async ({ check }) => {
    if (executor === undefined) throw new Error('There is no device.');
    await check(executor);
    executor.check();
    expect(executor.device.kind).toBe('webgpu');
  });
});
