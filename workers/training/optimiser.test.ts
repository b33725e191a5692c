import '@tensorflow/tfjs-backend-cpu';
import { memory, setBackend, tensor1d, tidy, variable, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Parameter } from '../compute/executor';
import { createSgd, trainedParameter, type Trained } from './optimiser';

beforeAll(async () => {
  await setBackend('cpu');
});

function trained(name: string, values: number[], decays: boolean): Trained {
  return { name, value: tidy(() => variable(tensor1d(values))), decays };
}

const gradients = (values: Record<string, number[]>): Map<string, Tensor> =>
  new Map(Object.entries(values).map(([name, list]) => [name, tensor1d(list)]));

describe('createSgd', () => {
  it('follows momentum and weight decay by hand', () => {
    const w = trained('w', [1], true);
    const b = trained('b', [1], false);
    const sgd = createSgd({ trained: [w, b], momentum: 0.5, weightDecay: 0.1 });
    sgd.apply(gradients({ w: [2], b: [2] }), 0.1);
    // w: d = 2 + 0.1 = 2.1, v = 2.1, w = 1 - 0.21. b: v = 2, b = 1 - 0.2.
    expect(w.value.dataSync()[0]).toBeCloseTo(0.79, 6);
    expect(b.value.dataSync()[0]).toBeCloseTo(0.8, 6);
    sgd.apply(gradients({ w: [0], b: [-1] }), 0.2);
    // w: d = 0.079, v = 1.05 + 0.079 = 1.129, w = 0.79 - 0.2258. b: v = 1 - 1 = 0.
    expect(w.value.dataSync()[0]).toBeCloseTo(0.5642, 6);
    expect(b.value.dataSync()[0]).toBeCloseTo(0.8, 6);
  });

  it('without momentum is w - rate * gradient and keeps no buffer', async () => {
    const w = trained('w', [3, 4], false);
    const sgd = createSgd({ trained: [w], momentum: 0, weightDecay: 0 });
    sgd.apply(gradients({ w: [1, -1] }), 0.5);
    expect([...w.value.dataSync()]).toEqual([2.5, 4.5]);
    expect(await sgd.readState()).toEqual({});
  });

  it('leaves a variable without a gradient alone, decay included', () => {
    const w = trained('w', [3], true);
    createSgd({ trained: [w], momentum: 0.9, weightDecay: 0.1 }).apply(gradients({}), 1);
    expect(w.value.dataSync()[0]).toBe(3);
  });

  it('goes on from its saved state bit for bit', async () => {
    const make = () => [trained('a', [0.1, 0.2, 0.3], true), trained('b', [1, 2], false)];
    const step = (k: number) => gradients({ a: [0.3 * k, 0.7, -0.1], b: [1 / (k + 1), -0.2] });
    const straight = make();
    const sgd = createSgd({ trained: straight, momentum: 0.9, weightDecay: 5e-4 });
    for (let k = 0; k < 6; k++) sgd.apply(step(k), 0.05);

    const first = make();
    const before = createSgd({ trained: first, momentum: 0.9, weightDecay: 5e-4 });
    for (let k = 0; k < 3; k++) before.apply(step(k), 0.05);
    const state = await before.readState();
    expect(state['a']?.shape).toEqual([3]);
    const resumed = first.map((one) => trained(one.name, [...one.value.dataSync()], one.decays));
    const after = createSgd({ trained: resumed, momentum: 0.9, weightDecay: 5e-4 });
    after.writeState(state);
    for (let k = 3; k < 6; k++) after.apply(step(k), 0.05);
    resumed.forEach((one, i) => expect([...one.value.dataSync()]).toEqual([...(straight[i]?.value.dataSync() ?? [])]));
  });

  it('refuses buffers of another network', () => {
    const sgd = createSgd({ trained: [trained('w', [1, 2], true)], momentum: 0.9, weightDecay: 0 });
    expect(() => sgd.writeState({ w: { shape: [3], values: new Float32Array(3) } })).toThrow(
      'The checkpoint\'s momentum of "w" has shape [3], the network needs [2]: the checkpoint belongs to another network.',
    );
  });

  it('keeps one buffer a variable and returns all memory', () => {
    const before = memory().numTensors;
    const w = trained('w', [1], true);
    const sgd = createSgd({ trained: [w], momentum: 0.9, weightDecay: 0.1 });
    for (let k = 0; k < 5; k++) {
      const step = gradients({ w: [1] });
      sgd.apply(step, 0.1);
      for (const gradient of step.values()) gradient.dispose();
    }
    expect(memory().numTensors).toBe(before + 2);
    sgd.dispose();
    w.value.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

describe('trainedParameter', () => {
  const parameter = (name: string, role: Parameter['role']): Parameter => ({
    name,
    role,
    layers: ['layer'],
    value: variable(tensor1d([1])),
  });

  it('decays kernels, not biases nor batch norm, and not what the method owns', () => {
    const owned = new Set(['k2']);
    const decays = [
      parameter('k1', 'kernel'),
      parameter('k2', 'kernel'),
      parameter('b', 'bias'),
      parameter('g', 'gamma'),
      parameter('o', 'beta'),
    ].map((one) => trainedParameter(one, owned).decays);
    expect(decays).toEqual([true, false, false, false, false]);
  });
});
