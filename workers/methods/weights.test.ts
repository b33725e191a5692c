import { describe, expect, it } from 'vitest';
import type { Network, Tensors } from '../network/graph';
import type { FilterScores } from '../network/plan';
import { networkFromText } from '../network/text';
import { bnScale } from './bn-scale';
import { fpgm } from './fpgm';
import { l1 } from './l1';
import { l2 } from './l2';
import type { Method } from './method';
import { random } from './random';
import { testContext, type TestContextOptions } from './test-context';

async function scores(method: Method, network: Network, options: TestContextOptions = {}): Promise<FilterScores> {
  const hooks = await method.begin(testContext(method, network, options));
  if (hooks.score === undefined) throw new Error(`${method.id} does not score.`);
  return hooks.score();
}

function network(text: string, kernels: Readonly<Record<string, { shape: number[]; values: number[] }>>): Network {
  const base = networkFromText(text);
  const own = Object.entries(kernels).map(([name, { shape, values }]) => [
    name,
    { shape, values: Float32Array.from(values) },
  ]);
  return { ...base, tensors: { ...base.tensors, ...(Object.fromEntries(own) as Tensors) } };
}

/** Two 1x2 filters on two channels, `[1, 2, 2, 2]`: filter 0 = 1, -3, 0, 2; filter 1 = -1, 1, 2, 0.5. */
const byHand = network('input 1x2x2 / conv 2 1x2 / globalPool / dense 1', {
  'conv1.kernel': { shape: [1, 2, 2, 2], values: [1, -1, -3, 1, 0, 2, 2, 0.5] },
  'dense1.kernel': { shape: [2, 1], values: [-0.5, 0.25] },
});

describe('l1 and l2', () => {
  it('read a transposed kernel by its filters, which are not its last axis', async () => {
    // [kh 1, kw 2, filters 2, cin 3]: filter 0 = 1 2 3 and 7 8 9, filter 1 = -4 5 6 and 1 0 0.
    const kernel = { shape: [1, 2, 2, 3], values: [1, 2, 3, -4, 5, 6, 7, 8, 9, 1, 0, 0] };
    const transposed = network('input 2x2x3 / t = convTranspose 2 1x2 / globalPool / dense 1', { 't.kernel': kernel });
    expect([...((await scores(l1, transposed))['t'] ?? [])]).toEqual([30, 16]);
    expect((await scores(l2, transposed))['t']?.[0]).toBeCloseTo(Math.sqrt(208), 5);
    // Two filters: each is as far from the other.
    const apart = Math.sqrt(25 + 9 + 9 + 36 + 64 + 81);
    for (const score of (await scores(fpgm, transposed))['t'] ?? []) expect(score).toBeCloseTo(apart, 5);
  });

  it('score a filter by its norm', async () => {
    const sums = await scores(l1, byHand);
    expect([...(sums['conv1'] ?? [])]).toEqual([6, 4.5]);
    expect([...(sums['dense1'] ?? [])]).toEqual([0.75]);
    const lengths = await scores(l2, byHand);
    expect(lengths['conv1']?.[0]).toBeCloseTo(Math.sqrt(14), 6);
    expect(lengths['conv1']?.[1]).toBeCloseTo(2.5, 6);
  });

  it('reads depthwise filters along their channel and grouped ones along the last axis', async () => {
    const two = network('input 2x2x2 / depthwise 2x1 / conv 2 1x1 g2', {
      'depthwise1.kernel': { shape: [2, 1, 2, 1], values: [1, -2, 3, 4] },
      'conv1.kernel': { shape: [1, 1, 1, 2], values: [-7, 5] },
    });
    const sums = await scores(l1, two);
    expect([...(sums['depthwise1'] ?? [])]).toEqual([4, 6]);
    expect([...(sums['conv1'] ?? [])]).toEqual([7, 5]);
  });

  it('reports progress to 1 and stops when told to', async () => {
    const done: number[] = [];
    await scores(l1, byHand, { progress: (share) => done.push(share) });
    expect(done).toEqual([0.5, 1]);
    const controller = new AbortController();
    const stopped = scores(l1, byHand, { signal: controller.signal, progress: () => controller.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('fpgm', () => {
  it('adds the distances to the other filters', async () => {
    // One number each: 0, 1, 5. Distances 1 + 5, 1 + 4, 5 + 4.
    const line = network('input 1x1x1 / conv 3 1x1', { 'conv1.kernel': { shape: [1, 1, 1, 3], values: [0, 1, 5] } });
    expect([...((await scores(fpgm, line))['conv1'] ?? [])]).toEqual([6, 5, 9]);
    // A 3-4-5 triangle.
    const plane = network('input 1x1x2 / conv 3 1x1', {
      'conv1.kernel': { shape: [1, 1, 2, 3], values: [0, 3, 0, 0, 0, 4] },
    });
    expect([...((await scores(fpgm, plane))['conv1'] ?? [])]).toEqual([7, 8, 9]);
  });

  it('puts duplicates last, however large they are', async () => {
    // Filters as points of the plane: two at (2, 2), others around them. L1 would keep the duplicates first.
    const points = [
      [2, 2],
      [2, 2],
      [-1, 0.5],
      [0.5, -1],
      [1, 3],
    ];
    const values = [0, 1].flatMap((axis) => points.map((point) => point[axis] ?? NaN));
    const layer = network('input 1x1x2 / conv 5 1x1', { 'conv1.kernel': { shape: [1, 1, 2, 5], values } });
    const distances = [...((await scores(fpgm, layer))['conv1'] ?? [])];
    const others = Math.min(...distances.slice(2));
    expect(distances[0]).toBe(distances[1]);
    expect(distances[0]).toBeLessThan(others);
    const norms = [...((await scores(l1, layer))['conv1'] ?? [])];
    expect(norms[0]).toBe(Math.max(...norms));
  });
});

describe('bn-scale', () => {
  const text = 'input 4x4x3 / conv 2 3x3 p1 / bn / relu / conv 3 3x3 p1 / bn / relu / globalPool / dense 2';
  const scaled = network(text, {
    'bn1.gamma': { shape: [2], values: [-2, 0.5] },
    'bn2.gamma': { shape: [3], values: [0.1, 0, -0.4] },
    'dense1.kernel': { shape: [3, 2], values: [1, 2, -1, 2, 1, -2] },
  });

  it('is the magnitude of gamma', async () => {
    const found = await scores(bnScale, scaled);
    expect([...(found['conv1'] ?? [])]).toEqual([2, 0.5]);
    [0.1, 0, 0.4].forEach((value, filter) => expect(found['conv2']?.[filter]).toBeCloseTo(value, 6));
  });

  it('falls back to norms with the mean gamma of the network', async () => {
    // Norms 3 and 6; mean |gamma| = 3 / 5.
    const found = await scores(bnScale, scaled);
    expect(found['dense1']?.[0]).toBeCloseTo(0.4, 6);
    expect(found['dense1']?.[1]).toBeCloseTo(0.8, 6);
    const bare = await scores(bnScale, byHand);
    // No gamma anywhere: norms with mean 1.
    expect(bare['conv1']?.[0]).toBeCloseTo(6 / 5.25, 6);
  });

  it('averages over the batch norms that read a filter through a concatenation', async () => {
    const dense = network(
      `input 4x4x3 / a = conv 2 3x3 p1 / b = conv 1 3x3 p1 < input / both = concat < a b / bn / relu / c = conv 1 1x1 /
       all = concat < both c / averagePool 2x2 s2 / bn / relu / globalPool / dense 2`,
      {
        'bn1.gamma': { shape: [3], values: [1, -2, 3] },
        'bn2.gamma': { shape: [4], values: [3, 0, 5, -7] },
      },
    );
    const found = await scores(bnScale, dense);
    expect([...(found['a'] ?? [])]).toEqual([2, 1]);
    expect([...(found['c'] ?? [])]).toEqual([7]);
    // Third in both: 3 and 5.
    expect([...(found['b'] ?? [])]).toEqual([4]);
  });

  it('does not trust a batch norm when something else reads the filter too', async () => {
    const residual = network('input 2x2x1 / conv 2 1x1 / bn / add < bn1 conv1 / globalPool / dense 2', {
      'bn1.gamma': { shape: [2], values: [1, 3] },
      'conv1.kernel': { shape: [1, 1, 1, 2], values: [3, 1] },
    });
    // No layer has a batch norm of its own: norms 3 and 1, with mean 1.
    expect([...((await scores(bnScale, residual))['conv1'] ?? [])]).toEqual([1.5, 0.5]);
  });
});

describe('random', () => {
  const wide: Network = networkFromText('input 4x4x3 / conv 300 1x1 / relu / conv 200 1x1');

  it('is uniform, reproducible, and another chance for another seed', async () => {
    const first = await scores(random, wide, { seed: 4 });
    expect(await scores(random, wide, { seed: 4 })).toEqual(first);
    expect(await scores(random, wide, { seed: 5 })).not.toEqual(first);
    const all = Object.values(first).flatMap((values) => [...values]);
    expect(all.length).toBe(500);
    expect(all.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    // Standard deviation of the mean: 0.289 / sqrt(500) = 0.013.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.052);
  });
});
