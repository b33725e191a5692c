import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

/** 0, 1, 2 ... in the given shape: every value tells where it came from. */
function count(shape: number[]): tf.Tensor {
  return tf.reshape(
    tf.range(
      0,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  );
}

/** Values of a tensor made by `compute`, which leaves nothing else behind. */
function values(compute: () => tf.Tensor): number[] {
  const result = tf.tidy(compute);
  const found = [...result.dataSync()];
  result.dispose();
  return found;
}

describe('slices', () => {
  it('take a box out of a box', () => {
    // Rows 1-2 of 3, columns 0-1 of 3 in an array of [3, 3, 2].
    expect(values(() => tf.slice(count([3, 3, 2]), [1, 0, 0], [2, 2, 2]))).toEqual([6, 7, 8, 9, 12, 13, 14, 15]);
  });

  it('take to the end where the size is -1', () => {
    expect(values(() => tf.slice(count([2, 4]), [0, 2], [-1, -1]))).toEqual([2, 3, 6, 7]);
  });

  it('copy long rows as blocks', () => {
    const found = values(() => tf.slice(count([3, 100]), [1, 10], [2, 80]));
    expect(found.slice(0, 3)).toEqual([110, 111, 112]);
    expect(found.slice(80, 82)).toEqual([210, 211]);
    expect(found).toHaveLength(160);
  });

  it('step', () => {
    expect(values(() => tf.stridedSlice(count([4, 5]), [1, 0], [4, 5], [2, 2]))).toEqual([5, 7, 9, 15, 17, 19]);
  });

  it('leave backward steps and masks to tfjs', () => {
    expect(values(() => tf.stridedSlice(count([4]), [3], [0], [-1]))).toEqual([3, 2, 1]);
    expect(values(() => tf.stridedSlice(count([2, 3]), [0, 1], [0, 3], [1, 1], 0, 1))).toEqual([1, 2, 4, 5]);
  });

  it('leave other types to tfjs', () => {
    expect(values(() => tf.slice(tf.tensor1d([4, 5, 6], 'int32'), [1], [2]))).toEqual([5, 6]);
  });
});

describe('the others', () => {
  it('split along any axis', () => {
    const [first, second] = tf.split(count([2, 3]), [1, 2], 1);
    expect([...(first?.dataSync() ?? [])]).toEqual([0, 3]);
    expect([...(second?.dataSync() ?? [])]).toEqual([1, 2, 4, 5]);
    expect(second?.shape).toEqual([2, 2]);
    const rows = tf.split(count([4, 2]), 2, 0);
    expect(rows.map((row) => [...row.dataSync()])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    tf.dispose([first, second, ...rows].filter((tensor) => tensor !== undefined));
  });

  it('reverse the axes named', () => {
    expect(values(() => tf.reverse(count([2, 3]), 1))).toEqual([2, 1, 0, 5, 4, 3]);
    expect(values(() => tf.reverse(count([2, 2, 2]), [0, 1]))).toEqual([6, 7, 4, 5, 2, 3, 0, 1]);
  });

  it('concatenate along any axis', () => {
    expect(values(() => tf.concat([count([2, 2]), count([2, 1])], 1))).toEqual([0, 1, 0, 2, 3, 1]);
    expect(values(() => tf.concat([count([1, 2]), count([2, 2])], 0))).toEqual([0, 1, 0, 1, 2, 3]);
    expect(values(() => tf.concat([count([2, 70]), count([2, 1])], -1)).slice(69, 72)).toEqual([69, 0, 70]);
  });

  it('leak nothing', () => {
    const before = tf.memory().numTensors;
    values(() => tf.concat([count([2, 2]), tf.reverse(count([2, 2]), 0)], 1));
    expect(tf.memory().numTensors).toBe(before);
  });
});
