import { describe, expect, it } from 'vitest';
import { DeviceError, type Executor } from '../compute/executor';
import type { Host } from './engine';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';
import type { BlobShelf } from './store';

const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;
const training = tinyRecipe({
  data: { source: 'shapes10', train: 160, validation: 32, test: 32 },
  stages: [{ stage: 'pretrain', epochs: 6, batchSize: 32, learningRate: 0.05 }],
});
const params = { recipe: training, network: null, dataset: null, files: [] };

const stepsOf = async (studio: Rehearsal, run: string) =>
  (await studio.call('metricsOf', { run })).points.filter(({ split }) => split === null);

/**
 * The host's device, but lost for good once `fails()` says so: from then on every check throws. The loss shows
 * at once as what it is, or as an error before the news of it. */
function losing(host: Host, fails: () => boolean, face: 'loss' | 'some other error'): Partial<Host> {
  return {
    checkpointSeconds: 0,
    async createExecutor(device) {
      const sound = await host.createExecutor(device);
      let tell: (reason: string) => void = () => undefined;
      const lost = new Promise<string>((resolve) => (tell = resolve));
      const executor: Executor = {
        device: sound.device,
        load: (network) => sound.load(network),
        dispose: () => sound.dispose(),
        lost,
        check() {
          if (!fails()) return sound.check();
          if (face === 'loss') tell('unplugged');
          else setTimeout(tell, 50, 'unplugged');
          if (face === 'loss') throw new DeviceError('lost', 'The device was unplugged.');
          throw new DOMException('mapAsync was aborted', 'AbortError');
        },
      };
      return executor;
    },
  };
}

describe('a lost device', () => {
  it.each([
    [1, 'loss'],
    [7, 'some other error'],
    [20, 'loss'],
  ] as const)(
    'at step %i of 30, seen first as %s, costs nothing: the run goes on to the same numbers',
    async (step, face) => {
      const undisturbed = rehearse();
      await undisturbed.call('start', start);
      const whole = await undisturbed.call('startRun', params);
      await undisturbed.heard(whole.run, ({ event }) => event === 'finished');

      const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
      const counted = { metrics: 0 };
      const unlucky = rehearse({
        shelves,
        change: (host) => losing(host, () => counted.metrics >= step, face),
      });
      await unlucky.call('start', start);
      const { run } = await unlucky.call('startRun', params);
      const count = setInterval(() => {
        counted.metrics = unlucky.events.filter(
          (event) => event.kind === 'run' && event.event.event === 'saved',
        ).length;
      }, 1);
      await unlucky.heard(run, (event) => event.event === 'state' && event.state === 'interrupted');
      const interrupted = performance.now();
      while (!unlucky.events.some(({ kind }) => kind === 'device-lost'))
        await new Promise((wait) => setTimeout(wait, 10));
      clearInterval(count);
      expect(performance.now() - interrupted).toBeLessThan(1000);
      const after = unlucky.events.findIndex((event) => event.kind === 'device-lost');
      expect(unlucky.events[after]).toEqual({ kind: 'device-lost', reason: 'unplugged', recovering: true });
      // What a lost device answers is never shown.
      expect(unlucky.events.slice(after).some((event) => event.kind === 'run')).toBe(false);

      const fresh = rehearse({ shelves });
      await fresh.call('start', start);
      await fresh.call('controlRun', { run, action: 'resume' });
      await fresh.heard(run, ({ event }) => event === 'finished');
      expect(await stepsOf(fresh, run)).toEqual(await stepsOf(undisturbed, whole.run));
    },
  );
});

describe('a run that is deleted while it is being opened again', () => {
  it('does not train on unseen', async () => {
    const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
    const before = rehearse({ shelves });
    await before.call('start', start);
    const { run } = await before.call('startRun', params);
    await before.call('controlRun', { run, action: 'pause' });
    const studio = rehearse({ shelves });
    await studio.call('start', start);
    const resuming = studio.call('controlRun', { run, action: 'resume' });
    await studio.call('deleteRun', { run });
    await resuming;
    await studio.runs.settled();
    expect((await studio.call('listRuns', null)).runs).toEqual([]);
    expect(await shelves.records.all()).toEqual([]);
    const told = studio.events.flatMap((event) => (event.kind === 'run' ? [event.event.event] : []));
    expect(told).not.toContain('finished');
  }, 60_000);
});

describe('training that diverges', () => {
  it('fails within a step of the first loss that is no number, and names the step', async () => {
    const studio = rehearse();
    await studio.call('start', start);
    const recipe = tinyRecipe({
      network: { source: 'zoo', architecture: 'resnet8', widths: [4, 4, 4] },
      stages: [{ stage: 'pretrain', epochs: 50, batchSize: 32, learningRate: 10, momentum: 0.99, weightDecay: 1 }],
    });
    const { run } = await studio.call('startRun', { ...params, recipe });
    const failed = await studio.heard(run, ({ event }) => event === 'failed' || event === 'finished');
    if (failed.event !== 'failed') throw new Error('It did not diverge.');
    expect(failed.error.kind).toBe('DivergedError');
    const steps = await stepsOf(studio, run);
    expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(failed.error.data['step']).toBe(steps.length);
    const [summary] = (await studio.call('listRuns', null)).runs;
    expect(summary).toMatchObject({ state: 'failed', error: { kind: 'DivergedError' } });
    await expect(studio.call('controlRun', { run, action: 'resume' })).rejects.toThrow('This run is failed');
  }, 60_000);
});

describe('a full disk', () => {
  it('costs the run nothing while the tab is open, and is said once', async () => {
    const full: BlobShelf = {
      ...memoryBlobs(),
      write: async () => {
        throw new DOMException('No room.', 'QuotaExceededError');
      },
    };
    const studio = rehearse({ shelves: { blobs: full, records: memoryRecords() } });
    await studio.call('start', start);
    const { run } = await studio.call('startRun', params);
    await studio.heard(run, ({ event }) => event === 'finished');
    const said = studio.events.filter(({ kind }) => kind === 'storage');
    expect(said).toEqual([
      { kind: 'storage', message: expect.stringContaining('no room left'), bytesNeeded: expect.any(Number) },
    ]);
    const [summary] = (await studio.call('listRuns', null)).runs;
    const view = await studio.call('openCandidate', { run, candidate: summary?.candidates.at(-1)?.id ?? '' });
    expect(view.graph.layers.length).toBeGreaterThan(10);
  });
});

describe('wrong wishes', () => {
  it('are refused with the cure', async () => {
    const studio = rehearse();
    const evaluate = { network: 'network-1', dataset: 'x', split: 'test', images: null } as const;
    await studio.call('start', start);
    await expect(studio.call('start', { ...start, device: 'webgpu' })).rejects.toThrow('Restart it');
    await expect(studio.call('evaluate', evaluate)).rejects.toThrow(
      'This network is not open any more. Open it again.',
    );
    const { network } = await studio.call('openNetwork', { source: training.network, files: [] });
    const score = { network, dataset: null, method: 'taylor', settings: {}, seed: 1 };
    await expect(studio.call('score', score)).rejects.toThrow('open a data set first');
    await expect(studio.call('controlRun', { run: 'run-0', action: 'resume' })).rejects.toThrow('no such run');
    const missing = { source: 'shipped', id: 'no-such' } as const;
    await expect(studio.call('openNetwork', { source: missing, files: [] })).rejects.toThrow(
      '"no-such" is not shipped',
    );
  });
});
