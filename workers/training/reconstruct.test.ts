import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { createRandom } from '../linalg/random';
import { cutChannels } from '../network/cut';
import type { Network } from '../network/graph';
import { initialTensors } from '../network/initialise';
import { graphFromText } from '../network/text';
import { reconstruct, type ReconstructOptions } from './reconstruct';
import { tinyDataset } from './tiny-task';

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
});
afterAll(() => executor.dispose());

const graph = graphFromText(
  'input 8x8x3 / a = conv 8 3x3 p1 / bn / relu / b = conv 6 3x3 s2 p1 bias / relu / globalPool / fc = dense 3 bias',
);
const original: Network = { graph, tensors: initialTensors(graph, createRandom(3)), meta: { name: 'n', history: [] } };
const { splits, shape, normalisation } = tinyDataset(96, 4);

function options(
  from: Network,
  removed: Record<string, number[]>,
  changes: Partial<ReconstructOptions> = {},
): ReconstructOptions {
  const widths: Record<string, number> = { a: 8, b: 6, fc: 3 };
  return {
    executor,
    original: from,
    cut: cutChannels(from, removed),
    kept: (layer) =>
      Array.from({ length: widths[layer] ?? 0 }, (_, at) => at).filter((at) => removed[layer]?.includes(at) !== true),
    split: splits.train,
    shape,
    normalisation,
    images: 96,
    seed: 1,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** A network whose channels 2 and 5 of "a" say nothing: cutting them loses nothing. */
function withDeadChannels(): Network {
  const tensors = { ...original.tensors };
  const kernel = tensors['b.kernel'];
  if (kernel === undefined) throw new Error('No kernel.');
  const values = kernel.values.slice();
  for (let tap = 0; tap < 9; tap++) {
    for (const channel of [2, 5]) values.fill(0, (tap * 8 + channel) * 6, (tap * 8 + channel + 1) * 6);
  }
  tensors['b.kernel'] = { ...kernel, values };
  return { ...original, tensors };
}

describe('reconstruct', () => {
  it('leaves a lossless cut as it is', async () => {
    const from = withDeadChannels();
    const asked = options(from, { a: [2, 5] });
    const { network, layers } = await reconstruct(asked);
    expect(layers.map(({ layer }) => layer)).toEqual(['a', 'b', 'fc']);
    for (const { before } of layers) expect(before).toBeLessThan(1e-10);
    for (const [name, { values }] of Object.entries(asked.cut.tensors)) {
      values.forEach((value, at) => expect(network.tensors[name]?.values[at]).toBeCloseTo(value, 4));
    }
  });

  it('does no worse on the probe in any layer, and much better where something was lost', async () => {
    const { layers } = await reconstruct(options(original, { a: [0, 3, 6], b: [1] }));
    for (const { before, after } of layers) expect(after).toBeLessThanOrEqual(before * (1 + 1e-6) + 1e-12);
    const [first, second, third] = layers;
    // Nothing was lost before the first layer; the second misses three of its inputs.
    expect(first?.before).toBeLessThan(1e-10);
    expect(second?.before).toBeGreaterThan(1e-4);
    expect(second?.after).toBeLessThan(0.7 * (second?.before ?? 0));
    expect(third?.after).toBeLessThan(third?.before ?? 0);
  });

  it('gives the same again for the same seed, and skips layers whose channels are not known', async () => {
    const asked = options(original, { a: [0] });
    const [one, other] = [await reconstruct(asked), await reconstruct(asked)];
    expect(one.network.tensors['b.kernel']).toEqual(other.network.tensors['b.kernel']);
    const { layers } = await reconstruct({
      ...asked,
      kept: (layer) => (layer === 'b' ? undefined : asked.kept(layer)),
    });
    expect(layers.map(({ layer }) => layer)).toEqual(['a', 'fc']);
  });

  it('stops between layers when cancelled', async () => {
    const abort = new AbortController();
    const asked = options(original, { a: [0] }, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(reconstruct(asked)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
