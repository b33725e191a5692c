import { beforeAll, describe, expect, it } from 'vitest';
import { openNetworkFiles } from '../formats';
import { model, node, normal } from '../formats/onnx/model-for-tests';
import { maskChannels } from '../network/mask';
import { networkCosts } from '../network/costs';
import { decomposeLayers } from '../network/decompose';
import { layerOf } from '../network/graph';
import { ranksForBudget } from '../network/rank-plan';
import type { DatasetView, NetworkView } from '../protocol';
import { measure } from './measuring';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

const baseUrl = 'http://localhost/studio/';
const { network: source, data } = tinyRecipe();

describe('commands', () => {
  let studio: Rehearsal;
  let network: NetworkView;
  let dataset: DatasetView;
  beforeAll(async () => {
    studio = rehearse();
    await studio.call('start', { device: 'wasm', baseUrl });
    network = await studio.call('openNetwork', { source, files: [], seed: 4 });
    dataset = await studio.call('openDataset', { source: data, files: [] });
  });
  const ids = () => ({ network: network.network, dataset: dataset.dataset });

  it('preview measures what the masked network would score', async () => {
    const removed = { 'stage1.block1.conv1': [0, 1, 2], 'stage3.block1.conv1': [1, 2, 3, 4, 5] };
    const shares: number[] = [];
    const progress = (done: number): number => shares.push(done);
    const found = await studio.call('preview', { ...ids(), removed, images: 64, recalibrate: true }, { progress });
    const masked = maskChannels(studio.engine.network(network.network).network, removed);
    const { signal } = new AbortController();
    const set = studio.engine.dataset(dataset.dataset).dataset;
    const expected = await measure(studio.engine.executor, masked, set, 'validation', { signal, images: 64 });
    expect(found).toEqual({ accuracy: expected.accuracy, recalibrated: expect.any(Number), images: 64 });
    expect(shares.every((share, at) => share >= (shares[at - 1] ?? 0))).toBe(true);
    expect(shares.at(-1)).toBe(1);
  });

  it('a cancelled command stops at the next batch', async () => {
    const abort = new AbortController();
    const params = { ...ids(), split: 'train', images: null } as const;
    const call = studio.call('evaluate', params, { signal: abort.signal, progress: () => abort.abort() });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect(studio.call('evaluate', { ...params, images: 16 })).resolves.toMatchObject({ images: 16 });
  });

  it('scoring by images lets others have the device between batches, and says how far it is', async () => {
    const params = { ...ids(), method: 'taylor', settings: { images: 320 }, seed: 1 } as const;
    const told: string[] = [];
    let check: Promise<unknown> | undefined;
    const progress = (_: number, note: string): void => {
      told.push(note);
      check ??= studio
        .call('preview', { ...ids(), removed: {}, images: 64, recalibrate: false })
        .then(() => told.push('checked'));
    };
    await studio.call('score', params, { progress });
    await check;
    expect(told).toEqual(['Gradients of 128 images', 'checked', 'Gradients of 256 images', 'Gradients of 320 images']);
  });

  it('scoring by images that is cancelled stops at the next batch', async () => {
    const params = { ...ids(), method: 'taylor', settings: { images: 320 }, seed: 1 } as const;
    const abort = new AbortController();
    const told: string[] = [];
    const progress = (_: number, note: string): void => {
      told.push(note);
      setTimeout(() => abort.abort());
    };
    const call = studio.call('score', params, { signal: abort.signal, progress });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(told.length).toBeLessThan(3);
  });

  it("spectra are those of the method's scheme, and a truncation by them is measured as the factored network", async () => {
    const { network: opened } = studio.engine.network(network.network);
    const spectra = await studio.call('spectra', {
      network: network.network,
      method: 'svd',
      settings: { scheme: 'spatial' },
    });
    expect(spectra.scheme).toBe('spatial');
    for (const { layers, values } of spectra.kernels) {
      const layer = layerOf(opened.graph, layers[0] ?? '');
      const kernel = opened.tensors[layer.op === 'conv' ? layer.kernel : ''];
      // The squares of a matrix's singular values add up to the squares of its entries.
      const squares = (numbers: Float32Array): number => numbers.reduce((sum, value) => sum + value ** 2, 0);
      expect(squares(values) / squares(kernel?.values ?? new Float32Array())).toBeCloseTo(1, 5);
    }
    const truncation = ranksForBudget(opened.graph, spectra, 0.6);
    const { scheme, ranks } = truncation;
    const params = { ...ids(), removed: {}, truncation: { scheme, ranks }, images: 64, recalibrate: false };
    const found = await studio.call('preview', params);
    const set = studio.engine.dataset(dataset.dataset).dataset;
    const { signal } = new AbortController();
    const factored = decomposeLayers(opened, truncation);
    const expected = await measure(studio.engine.executor, factored, set, 'validation', { signal, images: 64 });
    expect(found.accuracy).toBe(expected.accuracy);
    // Decomposed kernels are remembered: asking again gives the same.
    await expect(studio.call('preview', params)).resolves.toEqual(found);
    await expect(
      studio.call('spectra', { network: network.network, method: 'svd', settings: { rank: 1 } }),
    ).rejects.toThrow('no setting "rank"');
  });

  it('counts every reading of the test split', async () => {
    const params = { ...ids(), images: 16 } as const;
    expect((await studio.call('evaluate', { ...params, split: 'validation' })).testUses).toBe(0);
    expect((await studio.call('evaluate', { ...params, split: 'test' })).testUses).toBe(1);
    expect((await studio.call('evaluate', { ...params, split: 'test' })).testUses).toBe(2);
  });

  it('scores, then scans the groups by them', async () => {
    const { scores, normalise } = await studio.call('score', { ...ids(), method: 'l1', settings: {}, seed: 1 });
    const notes: string[] = [];
    const { sensitivity } = await studio.call(
      'sensitivity',
      { ...ids(), scores, normalise, reduction: 'mean', images: 16 },
      { progress: (_, note) => void notes.push(note) },
    );
    expect(Object.keys(sensitivity)).toContain('stage1.block1.conv1');
    for (const { removed, accuracy } of Object.values(sensitivity)) expect(removed.length).toBe(accuracy.length);
    expect(notes.length).toBeGreaterThan(5);
  });

  it('the same content keeps its handle, whatever it was opened from', async () => {
    const again = await studio.call('openNetwork', { source, files: [], seed: 4 });
    expect(again.network).toBe(network.network);
    expect((await studio.call('openNetwork', { source, files: [], seed: 5 })).network).not.toBe(network.network);
    const elsewhere = rehearse();
    await elsewhere.call('start', { device: 'wasm', baseUrl });
    expect((await elsewhere.call('openNetwork', { source, files: [], seed: 4 })).network).toBe(network.network);
    expect((await elsewhere.call('openDataset', { source: data, files: [] })).dataset).toBe(dataset.dataset);
  });
});

describe('what ships with the page', () => {
  it('is listed and opened from below its address; a damaged list is left out with a word', async () => {
    const maker = rehearse();
    await maker.call('start', { device: 'wasm', baseUrl });
    const made = await maker.call('openNetwork', { source, files: [] });
    const params = { network: made.network, run: null, dataset: null, format: 'safetensors' } as const;
    const { blob } = await maker.call('exportNetwork', params);
    const costs = networkCosts(made.graph);
    const shipped = {
      id: 'tiny',
      title: 'Tiny',
      data,
      accuracy: 0.1,
      macs: costs.macs,
      parameters: costs.parameters,
      recipe: 'tiny.json',
    };
    const served: Record<string, () => Response> = {
      'http://localhost/studio/networks/index.json': () => Response.json([shipped]),
      'http://localhost/studio/networks/tiny.safetensors': () => new Response(blob),
      'http://localhost/studio/runs/index.json': () => Response.json([{ run: 5 }]),
    };
    const fetched = async (url: URL): Promise<Response> => served[url.href]?.() ?? new Response('', { status: 404 });
    const studio = rehearse({ change: () => ({ fetch: fetched }) });
    const started = await studio.call('start', { device: 'wasm', baseUrl });
    expect(started.shipped).toEqual([shipped]);
    expect(started.runs).toEqual([]);
    expect(studio.events.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', message: expect.stringContaining('runs/index.json is left out') },
    ]);
    const opened = await studio.call('openNetwork', { source: { source: 'shipped', id: 'tiny' }, files: [] });
    expect(opened.hash).toBe(made.hash);
  });
});

describe('a network with a part that is not understood', () => {
  it('leaves as ONNX with that part as it was, and it is said that nothing was compared', async () => {
    const studio = rehearse();
    await studio.call('start', { device: 'wasm', baseUrl });
    const bytes = model({
      nodes: [node('Conv', ['x', 'k'], ['c']), node('LRN', ['c'], ['l'], { size: 3 }), node('Conv', ['l', 'm'], ['y'])],
      constants: { k: normal([4, 3, 1, 1]), m: normal([2, 4, 1, 1], 2) },
    });
    const files = [new File([bytes], 'odd.onnx')];
    const { network } = await studio.call('openNetwork', { source: { source: 'file', name: 'odd.onnx' }, files });
    const params = { network, run: null, dataset: null } as const;
    const { blob, proof } = await studio.call('exportNetwork', { ...params, format: 'onnx' });
    expect(proof).toBeNull();
    const { network: back } = await openNetworkFiles([new File([blob], 'back.onnx')]);
    expect(back.graph.layers.find(({ op }) => op === 'opaque')).toMatchObject({ operator: 'LRN', shape: [6, 8, 4] });
    const everything = await studio.call('exportNetwork', { ...params, format: 'everything' });
    expect(everything.proof).toBeNull();
    // Formats that cannot hold it are refused by name.
    await expect(studio.call('exportNetwork', { ...params, format: 'tfjs-layers' })).rejects.toThrow('(LRN)');
  });
});

describe('a run that factors layers', () => {
  it('proves the pairs against the truncated kernels and trains on', async () => {
    const studio = rehearse();
    await studio.call('start', { device: 'wasm', baseUrl });
    const recipe = tinyRecipe({
      network: { source: 'zoo', architecture: 'resnet8', widths: [8, 16, 16] },
      stages: [
        { stage: 'truncate', budget: 0.7 },
        { stage: 'fine-tune', epochs: 0.2, batchSize: 32 },
      ],
    });
    const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
    const finished = await studio.heard(run, ({ event }) => event === 'finished');
    if (finished.event !== 'finished') throw new Error('unreachable');
    const { proof, macs, method } = finished.result;
    expect(method).toBe('svd');
    expect(macs.share).toBeLessThanOrEqual(0.7);
    expect(proof.maxAbsLogitDifference).toBeGreaterThan(0);
    expect(proof.maxAbsLogitDifference).toBeLessThanOrEqual(1e-4);
    const [summary] = (await studio.call('listRuns', null)).runs;
    const cut = summary?.candidates.find(({ kind }) => kind === 'cut');
    expect(cut?.removed).toBeUndefined();
    const view = await studio.call('openCandidate', { run, candidate: cut?.id ?? '' });
    expect(view.graph.layers.some(({ id }) => id.endsWith('.0'))).toBe(true);
  }, 60_000);
});
