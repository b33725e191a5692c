import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { DeviceError } from './executor';
import { createExecutor } from './runtime';
import { guardAllocation } from './wasm-device';

it('turns a full WASM heap into an error that says what to do', async () => {
  const executor = await createExecutor({ device: 'wasm' });
  const { wasm } = tf.backend() as unknown as { wasm: BackendWasm['wasm'] & Record<'_malloc', () => number> };
  const name = '_malloc';
  const working = wasm[name];
  // The allocator's answer when nothing is left.
  wasm[name] = () => 0;
  const reported: DeviceError[] = [];
  guardAllocation((error) => reported.push(error));
  try {
    expect(() => tf.zeros([250])).toThrow('The WASM heap is full: 1000 more bytes were asked for. Use a smaller batch');
  } finally {
    wasm[name] = working;
  }
  expect(reported).toMatchObject([{ name: 'DeviceError', kind: 'out-of-memory' }]);
  executor.dispose();
});
