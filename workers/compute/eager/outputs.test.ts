/** Networks with several outputs, answers per pixel, and networks that cannot be run. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runReference } from '../../network/reference';
import { networkFromText } from '../../network/text';
import type { Executor } from '../executor';
import { createExecutor } from '../runtime';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const images = { shape: [2, 5, 4, 3], values: Float32Array.from({ length: 120 }, (_, at) => Math.sin(at * 1.3)) };
const upload = (): tf.Tensor4D => tf.tensor4d(images.values, [2, 5, 4, 3]);

const heads = networkFromText(
  'input 5x4x3 / trunk = conv 4 3x3 p1 / relu / map = conv 2 1x1 / globalPool < relu1 / logits = dense 3 / output < map logits map relu1',
);

it('gives every output in order, one named twice as two tensors, and the first alone by forward', () => {
  const loaded = executor.load(heads);
  const x = upload();
  const before = tf.memory().numTensors;
  const found = loaded.outputs(x);
  const expected = runReference(heads, images).outputs;
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  found.forEach((output, at) => {
    output.dataSync().forEach((value, index) => expect(value).toBeCloseTo(expected[at]?.values[index] ?? NaN, 5));
  });
  tf.dispose([...found]);
  const first = loaded.forward(x);
  expect(first.shape).toEqual([2, 5, 4, 2]);
  expect(first.dataSync()[7]).toBeCloseTo(expected[0]?.values[7] ?? NaN, 5);
  first.dispose();
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
  loaded.dispose();
});

it('hands a loss all outputs, returns them, and leaves nothing behind', () => {
  const loaded = executor.load(heads);
  const x = upload();
  const before = tf.memory().numTensors;
  // Only the second output has a say: what only the first depends on gets no gradient but zero.
  const step = loaded.step(x, {
    loss: (outputs) => {
      expect(outputs.map(({ shape }) => shape.length)).toEqual([4, 2, 4, 4]);
      return tf.sum(outputs[1] ?? []);
    },
  });
  expect(step.outputs.map(({ shape }) => shape.length)).toEqual([4, 2, 4, 4]);
  expect([...(step.gradients.get('map.kernel')?.dataSync() ?? [])]).toEqual(new Array(8).fill(0));
  expect(
    step.gradients
      .get('trunk.kernel')
      ?.dataSync()
      .some((value) => value !== 0),
  ).toBe(true);
  tf.dispose([step.loss, ...step.outputs, ...step.gradients.values()]);
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
  loaded.dispose();
});

it('refuses what its reader did not understand, with the reason', () => {
  const network = networkFromText('input 5x4x3 / odd = opaque GridSample 3 reason="It is not known." / dense 2');
  expect(() => executor.load(network)).toThrow('The network cannot be run: layer "odd" (GridSample). It is not known.');
});
