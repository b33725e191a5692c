import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { activationGradient } from '../ops/activation';
import { testWindows } from '../ops/windows-invariants';
import { createExecutor } from '../runtime';

describe.each(['own', 'composed'] as const)('%s kernels', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm', kernels });
  });
  afterAll(() => executor.dispose());

  testWindows(1e-5);

  it('goes back through clips, of any number of values', () => {
    tf.tidy(() => {
      const y = tf.tensor2d([[-1, 0, 0.5, 6, 5.9, 3, 7]]);
      const dy = tf.tensor2d([[1, 2, 3, 4, 5, 6, 7]]);
      const layer = { id: 'a', op: 'activation', inputs: ['x'] } as const;
      const gradient = (kind: 'relu' | 'relu6' | 'clip', bounds = {}): number[] => [
        ...activationGradient({ ...layer, kind, ...bounds }, dy, y).dataSync(),
      ];
      expect(gradient('relu')).toEqual([0, 0, 3, 4, 5, 6, 7]);
      expect(gradient('relu6')).toEqual([0, 0, 3, 0, 5, 6, 0]);
      expect(gradient('clip', { min: -2, max: 3 })).toEqual([1, 2, 3, 0, 0, 0, 0]);
    });
  });
});
