/**
 * What the studio holds while it is open: the device, open networks and data sets, and the runs.
 *
 * Nothing here knows a worker or a page. A `Host` brings what differs between the browser and Node; commands are pure
 * async functions of the engine.
 */
import type { DeviceReport, Executor } from '../compute/executor';
import { sha256 } from '../datasets/identity';
import type { Dataset, SplitName } from '../datasets/dataset';
import type { OpenedFile } from '../formats/format';
import type { ProofAnswer, ProofRequest } from '../formats/proof';
import { networkHash } from '../network/hash';
import { networkToJson } from '../network/json';
import type { Network } from '../network/graph';
import type {
  DatasetId,
  DataSource,
  DeviceChoice,
  NetworkId,
  NetworkSource,
  NetworkView,
  StudioEvent,
} from '../protocol';
import { createDeviceQueue, type DeviceQueue } from './device-queue';
import type { RunStore } from './store';

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly progress: (done: number, note: string) => void;
}

/** What the place the engine runs in provides. */
export interface Host {
  createExecutor(device: DeviceChoice): Promise<Executor>;
  /** Reads and decodes; in the browser inside a worker of its own. */
  openDataset(source: DataSource, files: readonly File[], options: WorkOptions): Promise<Dataset>;
  /** Reads network files; in the browser inside a worker of its own. */
  openNetwork(files: readonly File[], signal: AbortSignal): Promise<OpenedFile>;
  /** Reopens written bytes apart from this engine and compares logits. */
  prove(request: ProofRequest, signal: AbortSignal): Promise<ProofAnswer>;
  fetch(url: URL, init?: { readonly signal?: AbortSignal }): Promise<Response>;
  readonly store: RunStore;
  /** Between checkpoints of a training stage; the runner's own when absent. */
  readonly checkpointSeconds?: number | undefined;
  emit(event: StudioEvent): void;
}

/** A command that does not fit the state of the studio: an unknown handle, a device asked for twice. */
export class StudioError extends Error {
  override readonly name = 'StudioError';
}

export interface OpenNetwork {
  readonly id: NetworkId;
  readonly network: Network;
  readonly view: NetworkView;
}

export interface OpenDataset {
  readonly id: DatasetId;
  readonly dataset: Dataset;
  readonly source: DataSource;
}

export interface Engine {
  readonly host: Host;
  readonly queue: DeviceQueue;
  /** Throws `StudioError` before `start`. */
  readonly executor: Executor;
  readonly baseUrl: URL;
  start(device: DeviceChoice, baseUrl: string): Promise<DeviceReport>;
  /**
   * Takes a network in; the same content gets the same handle, in this worker and in the next one. What came from a file is
   * told from others of that name by its hash.
   */
  keepNetwork(network: Network, source: NetworkSource, notes: readonly string[]): Promise<OpenNetwork>;
  keepDataset(dataset: Dataset, source: DataSource): OpenDataset;
  /** Throw `StudioError` for a handle that is not open. */
  network(id: NetworkId): OpenNetwork;
  dataset(id: DatasetId): OpenDataset;
  datasetOf(source: DataSource): OpenDataset | undefined;
  /** Counts a reading of the test split; returns how often it was read while the studio was open. */
  countUse(dataset: DatasetId, split: SplitName): number;
}

export function createEngine(host: Host): Engine {
  const networks = new Map<NetworkId, OpenNetwork>();
  const datasets = new Map<DatasetId, OpenDataset>();
  const testUses = new Map<DatasetId, number>();
  const queue = createDeviceQueue();
  let started: { device: DeviceChoice; executor: Promise<Executor> } | undefined;
  let executor: Executor | undefined;
  let base: URL | undefined;

  return {
    host,
    queue,
    get executor() {
      if (executor === undefined) throw new StudioError('The studio has not started: send "start" first.');
      return executor;
    },
    get baseUrl() {
      if (base === undefined) throw new StudioError('The studio has not started: send "start" first.');
      return base;
    },
    async start(device, baseUrl) {
      if (started !== undefined && started.device !== device) {
        throw new StudioError('This worker already has a device. Restart it to change the device.');
      }
      base = new URL(baseUrl);
      started ??= { device, executor: host.createExecutor(device) };
      const made = started;
      try {
        executor = await made.executor;
      } catch (error) {
        started = undefined;
        throw error;
      }
      return executor.device;
    },
    async keepNetwork(network, origin, notes) {
      const hash = await networkHash(network);
      const source = origin.source === 'file' ? { ...origin, sha256: hash } : origin;
      const identity = await sha256(new TextEncoder().encode(hash + networkToJson(network)));
      const id = `network-${identity.slice(0, 20)}`;
      const { graph, meta } = network;
      const open: OpenNetwork = { id, network, view: { network: id, graph, meta, hash, source, notes } };
      networks.set(id, open);
      return open;
    },
    keepDataset(dataset, source) {
      const open: OpenDataset = { id: dataset.id, dataset, source };
      datasets.set(open.id, open);
      return open;
    },
    network: (id) => required(networks.get(id), 'network'),
    dataset: (id) => required(datasets.get(id), 'data set'),
    datasetOf: (source) => [...datasets.values()].find((open) => sameSource(open.source, source)),
    countUse(dataset, split) {
      const uses = (testUses.get(dataset) ?? 0) + (split === 'test' ? 1 : 0);
      testUses.set(dataset, uses);
      return uses;
    },
  };
}

function required<T>(open: T | undefined, what: string): T {
  if (open === undefined) throw new StudioError(`This ${what} is not open any more. Open it again.`);
  return open;
}

function sameSource(one: DataSource, other: DataSource): boolean {
  const sorted = (source: DataSource): string =>
    JSON.stringify(Object.entries(source).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
