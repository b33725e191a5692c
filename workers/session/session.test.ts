import { beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';
import { networkCosts } from '../network/costs';
import type { MetricPoint } from '../protocol';

const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;

describe('a whole run', () => {
  let studio: Rehearsal;
  let run: string;
  beforeAll(async () => {
    studio = rehearse();
    await studio.call('start', start);
    ({ run } = await studio.call('startRun', { recipe: tinyRecipe(), network: null, dataset: null, files: [] }));
    await studio.heard(run, ({ event }) => event === 'finished' || event === 'failed');
  }, 120_000);

  it('ends with figures for every stage, a proven cut, and candidates that can be opened', async () => {
    const finished = await studio.heard(run, ({ event }) => event === 'finished' || event === 'failed');
    if (finished.event !== 'finished') throw new Error(JSON.stringify(finished));
    const { result } = finished;
    expect(result.macs.share).toBeLessThanOrEqual(0.5);
    expect(result.macs.share).toBeGreaterThan(0.4);
    expect(result.macs.kept).toBe(result.macs.original * result.macs.share);
    expect(result.proof.maxAbsLogitDifference).toBeLessThanOrEqual(1e-4);
    expect(Object.values(result.accuracy).every((value) => value !== null && value >= 0 && value <= 1)).toBe(true);
    // 320 images in batches of 32, twice.
    expect(result.trainingSteps).toBe(20);
    expect(result.testUses).toBe(1);
    expect(result.method).toBe('l1');
    expect(result.evaluations).toEqual([expect.objectContaining({ stage: 5, split: 'test', images: 64 })]);
    expect(result.imagesPerSecond).toBeGreaterThan(0);

    const { runs } = await studio.call('listRuns', null);
    const kinds = runs[0]?.candidates.map(({ kind }) => kind);
    expect(kinds).toEqual(['original', 'cut', 'recalibrated', 'final']);
    for (const candidate of runs[0]?.candidates ?? []) {
      const view = await studio.call('openCandidate', { run, candidate: candidate.id });
      expect(networkCosts(view.graph).macs).toBe(candidate.macs);
      const again = await studio.call('openCandidate', { run, candidate: candidate.id });
      expect(again.network).toBe(view.network);
    }
  });

  it('tells its story in order: stages, monotone progress, every step once', async () => {
    const told = studio.events.flatMap((event) =>
      event.kind === 'run' && event.event.run === run ? [event.event] : [],
    );
    const stages = told.flatMap((event) => (event.event === 'stage' ? [`${event.stageName} ${event.state}`] : []));
    const names = tinyRecipe().stages.map(({ stage }) => stage);
    expect(stages).toEqual(names.flatMap((name) => [`${name} started`, `${name} finished`]));
    for (const stage of names.keys()) {
      const seen = told.flatMap((event) =>
        event.event === 'progress' && event.progress.stage === stage ? [event.progress] : [],
      );
      expect(new Set(seen.map(({ total }) => total)).size).toBe(1);
      expect(seen.every(({ done }, index) => done >= (seen[index - 1]?.done ?? 0))).toBe(true);
      expect(seen.at(-1)?.done).toBe(seen.at(-1)?.total);
    }
    const { points } = await studio.call('metricsOf', { run });
    const steps = points.filter(({ split, stage }) => split === null && stage === 4).map(({ step }) => step);
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(told.flatMap((event) => (event.event === 'metrics' ? event.points : []))).toEqual(points);
  });

  it('gives the same numbers again', async () => {
    const { run: second } = await studio.call('startRun', {
      recipe: tinyRecipe(),
      network: null,
      dataset: null,
      files: [],
    });
    await studio.heard(second, ({ event }) => event === 'finished' || event === 'failed');
    const { points } = await studio.call('metricsOf', { run });
    expect((await studio.call('metricsOf', { run: second })).points).toEqual(points);
  }, 120_000);

  it('exports files that were proven, and reopen as the same network', async () => {
    const params = { network: null, run, dataset: null } as const;
    const { blob, proof, name } = await studio.call('exportNetwork', { ...params, format: 'safetensors' });
    expect(name).toBe('tiny-rehearsal.safetensors');
    expect(proof?.maxAbsLogitDifference).toBeLessThanOrEqual(1e-3);
    const reopened = await studio.call('openNetwork', {
      source: { source: 'file', name },
      files: [new File([blob], name)],
    });
    const { runs } = await studio.call('listRuns', null);
    const final = runs[0]?.candidates.at(-1);
    expect(networkCosts(reopened.graph).macs).toBe(final?.macs);
    const stored = await studio.call('openCandidate', { run, candidate: final?.id ?? '' });
    expect(reopened.hash).toBe(stored.hash);
    // The file is known by what it holds: under this hash it opens whatever it is called, under another it is refused.
    expect(reopened.source).toEqual({ source: 'file', name, sha256: stored.hash });
    const renamed = new File([blob], 'renamed.safetensors');
    const asked = { source: 'file', name: renamed.name, sha256: stored.hash } as const;
    expect((await studio.call('openNetwork', { source: asked, files: [renamed] })).hash).toBe(stored.hash);
    const other = { ...asked, sha256: '0'.repeat(64) };
    await expect(studio.call('openNetwork', { source: other, files: [renamed] })).rejects.toThrow(
      /"renamed\.safetensors" is not the network of the recipe: its SHA-256 begins with [0-9a-f]{16}, not 0{16}/,
    );
    const metrics = await studio.call('exportNetwork', { ...params, format: 'metrics' });
    const { points } = await studio.call('metricsOf', { run });
    expect((await metrics.blob.text()).trim().split('\r\n').length).toBe(points.length + 1);
    const recipe = await studio.call('exportNetwork', { ...params, format: 'recipe' });
    expect(JSON.parse(await recipe.blob.text())).toEqual(tinyRecipe());

    const project = await studio.call('exportNetwork', { ...params, format: 'project' });
    const elsewhere = rehearse();
    await elsewhere.call('start', start);
    const opened = await elsewhere.call('openNetwork', {
      source: { source: 'file', name: project.name },
      files: [new File([project.blob], project.name)],
    });
    expect(opened.hash).toBe(stored.hash);
    expect(await elsewhere.call('telemetryOf', { run })).toEqual({ samples: [] });
    const brought = (await elsewhere.call('listRuns', null)).runs;
    expect(brought.map(({ run: id, state, result }) => ({ id, state, result }))).toEqual([
      { id: run, state: 'finished', result: runs[0]?.result },
    ]);
  }, 60_000);
});

describe('control', () => {
  const long = tinyRecipe({
    stages: [{ stage: 'pretrain', epochs: 50, batchSize: 16 }],
  });
  /** Epochs report validation points too. */
  const trained = (points: readonly MetricPoint[]): number => points.filter(({ split }) => split === null).length;
  const stepsOf = (studio: Rehearsal): number =>
    studio.events.reduce(
      (sum, event) => sum + (event.kind === 'run' && event.event.event === 'metrics' ? trained(event.event.points) : 0),
      0,
    );

  it('pauses and stops within 250 ms, steps once, resumes, and answers commands while it trains', async () => {
    const studio = rehearse();
    await studio.call('start', start);
    const data = await studio.call('openDataset', { source: long.data, files: [] });
    const net = await studio.call('openNetwork', { source: long.network, files: [], seed: 5 });
    const { run } = await studio.call('startRun', {
      recipe: long,
      network: net.network,
      dataset: data.dataset,
      files: [],
    });
    await studio.heard(run, ({ event }) => event === 'metrics');

    // Other programs on the machine only ever add time: the least disturbed of a few tries counts.
    const waits: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const began = performance.now();
      expect(await studio.call('controlRun', { run, action: 'pause' })).toEqual({ state: 'paused' });
      waits.push(performance.now() - began);
      if (turn < 4) expect(await studio.call('controlRun', { run, action: 'resume' })).toEqual({ state: 'running' });
    }
    expect(Math.min(...waits)).toBeLessThan(250);
    const before = stepsOf(studio);
    await studio.call('controlRun', { run, action: 'step' });
    await vi.waitFor(() => expect(stepsOf(studio)).toBeGreaterThan(before), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { points } = await studio.call('metricsOf', { run });
    expect(trained(points)).toBe(before + 1);

    expect(await studio.call('controlRun', { run, action: 'resume' })).toEqual({ state: 'running' });
    const answer = await studio.call('evaluate', { ...ids(net, data), split: 'validation', images: 32 });
    expect(answer.images).toBe(32);
    const { scores } = await studio.call('score', { ...ids(net, data), method: 'l1', settings: {}, seed: 1 });
    expect(scores['stem']?.length).toBe(4);
    expect((await studio.call('listRuns', null)).runs[0]?.state).toBe('running');

    expect(await studio.call('controlRun', { run, action: 'stop' })).toEqual({ state: 'stopped' });
    // What has stopped trains no further.
    const done = trained((await studio.call('metricsOf', { run })).points);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(trained((await studio.call('metricsOf', { run })).points)).toBe(done);
    expect(stepsOf(studio)).toBe(done);
    const [summary] = (await studio.call('listRuns', null)).runs;
    expect(summary?.candidates.map(({ kind, stored }) => ({ kind, stored }))).toEqual([
      { kind: 'checkpoint', stored: true },
    ]);
    expect(summary?.result?.accuracy.final).toBeNull();
  }, 60_000);

  it('works on one run at a time; a paused one makes room', async () => {
    const studio = rehearse();
    await studio.call('start', start);
    const params = { recipe: long, network: null, dataset: null, files: [] };
    const { run: first } = await studio.call('startRun', params);
    await studio.heard(first, ({ event }) => event === 'metrics');
    const { run: second } = await studio.call('startRun', params);
    await studio.heard(second, (event) => event.event === 'state' && event.state === 'waiting');
    await studio.call('controlRun', { run: first, action: 'pause' });
    await studio.heard(second, ({ event }) => event === 'metrics');
    const states = (await studio.call('listRuns', null)).runs.map(({ state }) => state);
    expect(states).toEqual(['paused', 'running']);
    await studio.call('deleteRun', { run: second });
    await studio.call('deleteRun', { run: first });
    expect((await studio.call('listRuns', null)).runs).toEqual([]);
  }, 60_000);
});

describe('resume', () => {
  it('goes on after a reload where it stopped and ends with the very same bits', async () => {
    const recipe = tinyRecipe({
      stages: [
        { stage: 'pretrain', epochs: 1.5, batchSize: 32, learningRate: 0.05 },
        { stage: 'score', method: 'l1' },
        { stage: 'prune', budget: 0.6 },
        { stage: 'fine-tune', epochs: 1, batchSize: 32, learningRate: 0.02, distillation: 0.5 },
      ],
    });
    const params = { recipe, network: null, dataset: null, files: [] };
    const undisturbed = rehearse();
    await undisturbed.call('start', start);
    const whole = await undisturbed.call('startRun', params);
    await undisturbed.heard(whole.run, ({ event }) => event === 'finished');
    const { points } = await undisturbed.call('metricsOf', whole);

    const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
    let studio = rehearse({ shelves });
    await studio.call('start', start);
    const { run } = await studio.call('startRun', params);
    // Two reloads: one in each training stage.
    for (const [stage, steps] of [
      [0, 6],
      [3, 4],
    ] as const) {
      await studio.heard(
        run,
        (event) => event.event === 'progress' && event.progress.stage === stage && event.progress.done >= steps,
      );
      await studio.call('controlRun', { run, action: 'pause' });
      studio = rehearse({ shelves });
      const { runs } = await studio.call('start', start);
      expect(runs[0]).toMatchObject({ run, state: 'interrupted' });
      await studio.call('controlRun', { run, action: 'resume' });
    }
    await studio.heard(run, ({ event }) => event === 'finished');
    expect((await studio.call('metricsOf', { run })).points).toEqual(points);
    const [summary] = (await studio.call('listRuns', null)).runs;
    const [expected] = (await undisturbed.call('listRuns', null)).runs;
    expect(summary?.result?.accuracy).toEqual(expected?.result?.accuracy);
    const last = await studio.call('openCandidate', { run, candidate: summary?.candidates.at(-1)?.id ?? '' });
    const same = await undisturbed.call('openCandidate', {
      run: whole.run,
      candidate: expected?.candidates.at(-1)?.id ?? '',
    });
    expect(last.hash).toBe(same.hash);
  }, 120_000);
});

function ids(net: { network: string }, data: { dataset: string }) {
  return { network: net.network, dataset: data.dataset };
}
