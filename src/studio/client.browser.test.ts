import { afterAll, describe, expect, it } from 'vitest';
import type { Recipe, RunEvent, RunId, StudioEvent } from '../../workers/protocol';
import { createStudioClient } from './client';

const start = { device: 'wasm', baseUrl: new URL('/', location.href).href } as const;

const train = {
  stage: 'pretrain',
  epochs: 2,
  batchSize: 16,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  warmUp: 0,
  labelSmoothing: 0,
  augment: true,
  distillation: 0,
  temperature: 4,
} as const;

const recipe: Recipe = {
  version: 1,
  name: 'In the browser',
  seed: 3,
  network: { source: 'zoo', architecture: 'resnet8', widths: [4, 8, 8] },
  data: { source: 'shapes10', train: 128, validation: 32, test: 32 },
  measureOn: 'validation',
  stages: [train, { stage: 'score', method: 'l1', settings: {} }, cut(), { stage: 'recalibrate', images: 64 }],
};

function cut(): Extract<Recipe['stages'][number], { stage: 'prune' }> {
  const rules = { allocation: 'global', reduction: 'mean', floor: 0.1, roundTo: 1 } as const;
  return { stage: 'prune', budget: 0.5, ...rules, protect: [], keep: {}, byHand: {} };
}

const open: { dispose(): void }[] = [];
afterAll(() => open.forEach((client) => client.dispose()));

function studio() {
  const client = createStudioClient();
  open.push(client);
  const events: StudioEvent[] = [];
  client.subscribe((event) => events.push(event));
  const heard = async (run: RunId, wanted: (event: RunEvent) => boolean): Promise<RunEvent> => {
    for (;;) {
      const told = events.flatMap((event) => (event.kind === 'run' && event.event.run === run ? [event.event] : []));
      const failed = told.find(({ event }) => event === 'failed');
      if (failed?.event === 'failed') throw new Error(failed.error.message);
      const found = told.find(wanted);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { client, events, heard };
}

describe('the real studio worker', () => {
  it('carries a run over a reload, cuts it, proves the exported file, and keeps it for the next visit', async () => {
    const first = studio();
    const { device, methods } = await first.client.call('start', start);
    expect(device.kind).toBe('wasm');
    expect(device.selfCheckError).toBeLessThan(1e-3);
    expect(methods.map(({ id }) => id)).toContain('taylor');
    const { run } = await first.client.call('startRun', { recipe, network: null, dataset: null, files: [] });
    await first.heard(run, ({ event }) => event === 'metrics');
    expect(await first.client.call('controlRun', { run, action: 'pause' })).toEqual({ state: 'paused' });
    await first.heard(run, ({ event }) => event === 'saved');
    const { points: before } = await first.client.call('metricsOf', { run });
    first.client.dispose();

    const second = studio();
    const { runs } = await second.client.call('start', start);
    expect(runs.find((summary) => summary.run === run)).toMatchObject({ state: 'interrupted' });
    await second.client.call('controlRun', { run, action: 'resume' });
    const finished = await second.heard(run, ({ event }) => event === 'finished');
    if (finished.event !== 'finished') throw new Error('unreachable');
    expect(finished.result.proof.maxAbsLogitDifference).toBeLessThanOrEqual(1e-4);
    expect(finished.result.trainingSteps).toBe(16);
    const { points } = await second.client.call('metricsOf', { run });
    expect(points.slice(0, before.length)).toEqual(before);
    const params = { network: null, run, dataset: null, format: 'safetensors' } as const;
    const { blob, proof } = await second.client.call('exportNetwork', params);
    expect(blob.size).toBeGreaterThan(1000);
    expect(proof?.maxAbsLogitDifference).toBeLessThanOrEqual(1e-3);
    second.client.dispose();

    const third = studio();
    const kept = (await third.client.call('start', start)).runs.find((summary) => summary.run === run);
    expect(kept).toMatchObject({ state: 'finished', result: finished.result });
    const view = await third.client.call('openCandidate', { run, candidate: kept?.candidates.at(-1)?.id ?? '' });
    expect(view.graph.layers.length).toBeGreaterThan(10);
    await third.client.call('deleteRun', { run });
    expect((await third.client.call('listRuns', null)).runs.some((summary) => summary.run === run)).toBe(false);
    for (const { events } of [first, second, third]) {
      expect(events.filter(({ kind }) => kind === 'storage' || kind === 'device-lost')).toEqual([]);
    }
  });

  it('answers an error with its kind and fields', async () => {
    const { client } = studio();
    await client.call('start', start);
    const source = { source: 'file', name: 'page.html' } as const;
    const files = [new File(['<!doctype html><title>no</title>'], 'page.html')];
    const error = await client.call('openNetwork', { source, files }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'FormatError', data: { file: 'page.html', kind: 'unsupported' } });
  });
});
