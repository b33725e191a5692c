import { afterEach, describe, expect, it } from 'vitest';
import { serve, type Handlers, type Service } from '../../workers/rpc';
import type { Commands, DatasetView, NetworkView, RunSummary, StudioEvent } from '../../workers/protocol';
import { paramSchemas } from '../../workers/protocol-schema';
import { createStudioClient } from './client';
import type { StudioClient } from './state';

const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;
const device = {
  kind: 'wasm',
  description: '1 thread',
  reason: 'A test.',
  threads: 1,
  simd: true,
  selfCheckError: 0,
} as const;

const view = (network: string): NetworkView => ({
  network,
  graph: { layers: [], outputs: [] },
  meta: { name: network, history: [] },
  hash: '',
  source: { source: 'shipped', id: network },
  notes: [],
});
const data: DatasetView = {
  dataset: 'data-1',
  name: 'Shapes-10',
  task: 'classification',
  classes: [],
  shape: [32, 32, 3],
  normalisation: { mean: [], std: [] },
  counts: { train: 0, validation: 0, test: 0 },
  notes: [],
  source: { source: 'shapes10' },
};

/** One worker as the client sees it: what it was told, and what it will do. */
interface Worker {
  readonly told: string[];
  readonly service: Service<StudioEvent>;
  kill(): void;
}

type Starts = (index: number) => boolean | Promise<boolean>;

/** Workers made on demand; `starts` says of each whether its device comes up. */
function stage(starts: Starts = () => true) {
  const workers: Worker[] = [];
  const ends: MessagePort[] = [];
  const spawn = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    ends.push(port1, port2);
    const told: string[] = [];
    const index = workers.length;
    const known = new Set<string>();
    const never = (): Promise<never> => new Promise(() => undefined);
    const handlers = {
      start: async () => {
        told.push('start');
        if (!(await starts(index))) throw new Error('No device.');
        return { device, methods: [], shipped: [], runs: [] as RunSummary[] };
      },
      openNetwork: async ({ source }) => {
        const id = source.source === 'shipped' ? source.id : 'other';
        told.push(`open ${id}`);
        known.add(id);
        return view(id);
      },
      openDataset: async () => {
        told.push('open data');
        return data;
      },
      kernels: async ({ network }) => {
        if (!known.has(network)) throw new Error(`This worker does not know ${network}.`);
        told.push(`kernels of ${network}`);
        return { filters: 1, size: [1, 1] as const, magnitude: new Float32Array(1), rgb: null };
      },
      timeNetworks: async ({ networks }) => {
        const foreign = networks.find((network) => !known.has(network));
        if (foreign !== undefined) throw new Error(`This worker does not know ${foreign}.`);
        return { times: [] };
      },
      startRun: async () => ({ run: 'run-1' }),
      controlRun: async ({ run, action }) => {
        told.push(`${action} ${run}`);
        return { state: 'waiting' as const };
      },
      describeInput: async ({ network }) => {
        if (!known.has(network)) throw new Error(`This worker does not know ${network}.`);
        told.push(`describe ${network}`);
        known.add(`${network} described`);
        return view(`${network} described`);
      },
      preview: never,
    } satisfies Partial<Handlers<Commands>>;
    const service = serve<Commands, StudioEvent>(port2, handlers as unknown as Handlers<Commands>, paramSchemas);
    workers.push({ told, service, kill: () => port2.close() });
    return port1;
  };
  return { workers, spawn, close: () => ends.forEach((port) => port.close()) };
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function meet(starts?: Starts) {
  const { workers, spawn, close } = stage(starts);
  const client = createStudioClient(spawn);
  const events: StudioEvent[] = [];
  client.subscribe((event) => events.push(event));
  closing.push(() => {
    client.dispose();
    close();
  });
  const heard = async (wanted: (event: StudioEvent) => boolean): Promise<void> => {
    while (!events.some(wanted)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { client, workers, events, heard };
}

const preview = { network: 'a', dataset: 'data-1', removed: {}, images: 8, recalibrate: false };
const lost = { kind: 'device-lost', reason: 'unplugged', recovering: true } as const;

async function withRun(client: StudioClient, workers: readonly Worker[]): Promise<void> {
  await client.call('start', start);
  await client.call('openNetwork', { source: { source: 'shipped', id: 'a' }, files: [] });
  await client.call('openNetwork', { source: { source: 'shipped', id: 'b' }, files: [] });
  const { dataset } = await client.call('openDataset', { source: { source: 'shapes10' }, files: [] });
  const recipe = {
    version: 1 as const,
    name: 'r',
    seed: 1,
    measureOn: 'validation' as const,
    network: { source: 'shipped' as const, id: 'a' },
    data: { source: 'shapes10' as const },
    stages: [{ stage: 'score' as const, method: 'l1', settings: {} }],
  };
  await client.call('startRun', { recipe, network: 'a', dataset, files: [] });
  workers[0]?.service.emit({ kind: 'run', event: { run: 'run-1', event: 'state', state: 'running' } });
}

describe('recovery', () => {
  it.each(['lost device', 'dead worker'])(
    'from a %s: a fresh worker, the run goes on, handles stay valid',
    async (what) => {
      const { client, workers, events, heard } = meet();
      await withRun(client, workers);
      const pending = client.call('preview', preview).catch((error: unknown) => error);
      await heard((event) => event.kind === 'run');
      if (what === 'lost device') workers[0]?.service.emit(lost);
      else workers[0]?.kill();
      expect(await pending).toMatchObject({ name: 'WorkerDiedError' });
      await heard(({ kind }) => kind === 'device-lost');
      await client.call('kernels', { network: 'b', layer: 'stem' });
      expect(workers[1]?.told).toEqual(['start', 'open data', 'resume run-1', 'open b', 'kernels of b']);
      await client.call('kernels', { network: 'b', layer: 'stem' });
      expect(workers[1]?.told.at(-2)).toBe('kernels of b');
      expect(workers.length).toBe(2);
      expect(events.filter(({ kind }) => kind === 'device-lost')).toEqual([{ ...lost, reason: expect.any(String) }]);
    },
  );

  it('opens again every network of a list', async () => {
    const { client, workers, heard } = meet();
    await withRun(client, workers);
    workers[0]?.service.emit(lost);
    await heard(({ kind }) => kind === 'device-lost');
    await expect(client.call('timeNetworks', { networks: ['b', 'a'], batch: 1 })).resolves.toEqual({ times: [] });
    expect(workers[1]?.told).toEqual(expect.arrayContaining(['open a', 'open b']));
  });

  it('opens again a network whose input was described, and what was said of it', async () => {
    const { client, workers, heard } = meet();
    await withRun(client, workers);
    const normalisation = { mean: [0], std: [1] };
    const described = { network: 'a', normalisation, order: 'RGB', classes: null } as const;
    const { network } = await client.call('describeInput', described);
    workers[0]?.service.emit(lost);
    await heard(({ kind }) => kind === 'device-lost');
    await client.call('kernels', { network, layer: 'stem' });
    expect(workers[1]?.told.slice(-3)).toEqual(['open a', 'describe a', `kernels of ${network}`]);
  });

  it('gives way to a person who chooses another device meanwhile', async () => {
    const { client, workers, events, heard } = meet((index) => index !== 1 || new Promise(() => undefined));
    await withRun(client, workers);
    workers[0]?.service.emit(lost);
    await heard(({ kind }) => kind === 'device-lost');
    client.restart();
    await client.call('start', { ...start, device: 'webgpu' });
    expect(workers.length).toBe(3);
    expect(workers[2]?.told).toEqual(['start']);
    expect(events.filter(({ kind }) => kind === 'device-lost' || kind === 'warning')).toHaveLength(1);
  });

  it('leaves paused runs at rest, and says that they lie in storage', async () => {
    const { client, workers, heard } = meet();
    await withRun(client, workers);
    workers[0]?.service.emit({ kind: 'run', event: { run: 'run-1', event: 'state', state: 'paused' } });
    workers[0]?.service.emit(lost);
    await heard(({ kind }) => kind === 'device-lost');
    await client.call('openDataset', { source: { source: 'shapes10' }, files: [] });
    expect(workers[1]?.told).toEqual(['start', 'open data']);
    await heard(
      (event) => event.kind === 'run' && event.event.event === 'state' && event.event.state === 'interrupted',
    );
  });

  it('is tried three times, then says that it is over; a person may try again', async () => {
    const { client, workers, events, heard } = meet((index) => index === 0 || index === 4);
    await withRun(client, workers);
    workers[0]?.service.emit(lost);
    await heard((event) => event.kind === 'device-lost' && !event.recovering);
    const told = events.flatMap((event) => (event.kind === 'device-lost' ? [event.recovering] : []));
    expect(told).toEqual([true, true, true, false]);
    expect(workers.length).toBe(4);
    await expect(client.call('listRuns', null)).rejects.toMatchObject({ name: 'WorkerDiedError' });
    client.restart();
    await expect(client.call('start', start)).resolves.toMatchObject({ device });
    expect(workers.length).toBe(5);
  });
});

describe('restart', () => {
  it('cancels what is pending and is no accident', async () => {
    const { client, workers, events } = meet();
    await withRun(client, workers);
    const pending = client.call('preview', preview).catch((error: unknown) => error);
    client.restart();
    expect(await pending).toMatchObject({ name: 'CancelledError' });
    await client.call('start', start);
    expect(workers.length).toBe(2);
    expect(workers[1]?.told).toEqual(['start']);
    expect(events.some(({ kind }) => kind === 'device-lost')).toBe(false);
  });

  it('a failed start rejects with its reason and starts nothing by itself', async () => {
    const { client, workers } = meet(() => false);
    await expect(client.call('start', start)).rejects.toThrow('No device.');
    expect(workers.length).toBe(1);
  });
});
