/** Opens networks and data sets from where recipes and people say they are. */
import * as v from 'valibot';
import { taskOf } from '../datasets/dataset';
import { FormatError } from '../formats/format-error';
import { readNetworkFile } from '../formats/network-file';
import { createRandom } from '../linalg/random';
import type { Project } from '../formats/project';
import { buildZooNetwork } from '../network/zoo';
import { buildGatedNetwork } from '../network/zoo/gating';
import type { Network } from '../network/graph';
import { networkHash } from '../network/hash';
import type { DatasetView, DataSource, NetworkSource, RunSummary, ShippedNetwork } from '../protocol';
import { runSummarySchema, shippedSchema } from '../protocol-schema';
import { parseRecord } from './run-record';
import { StudioError, type Engine, type OpenDataset, type OpenNetwork, type WorkOptions } from './engine';

/** Networks the studio ships with weights. Empty where none are served. */
export async function shippedNetworks(engine: Engine): Promise<readonly ShippedNetwork[]> {
  return listFrom(engine, 'networks/index.json', shippedSchema);
}

/** Runs measured by the project's own recipes, served beside the page. */
export async function referenceRuns(engine: Engine): Promise<readonly RunSummary[]> {
  const runs = await listFrom(engine, 'runs/index.json', runSummarySchema);
  return runs.map((run) => ({ ...run, origin: 'reference' }));
}

async function listFrom<S extends v.GenericSchema>(
  engine: Engine,
  path: string,
  entry: S,
): Promise<readonly v.InferOutput<S>[]> {
  const response = await engine.host.fetch(new URL(path, engine.baseUrl)).catch(() => undefined);
  if (response?.ok !== true) return [];
  const list = v.safeParse(v.array(entry), await response.json().catch(() => undefined));
  if (list.success) return list.output;
  const place = v.getDotPath(list.issues[0]) ?? 'its root';
  engine.host.emit({ kind: 'warning', message: `${path} is left out: ${list.issues[0].message} at ${place}.` });
  return [];
}

/** `seed` initialises a network of the zoo. Throws `FormatError`, `NetworkError`, `StorageError` or `StudioError`, each naming what to do. */
export async function openNetworkSource(
  engine: Engine,
  source: NetworkSource,
  files: readonly File[],
  seed: number,
  signal: AbortSignal,
): Promise<OpenNetwork> {
  switch (source.source) {
    case 'zoo': {
      const { source: _source, ...options } = source;
      const ownSeed = createRandom(seed).fork('network').integer(0x1_0000_0000);
      return engine.keepNetwork(buildZooNetwork({ ...options, seed: ownSeed }), source, []);
    }
    case 'gated': {
      const { source: _source, ...options } = source;
      const ownSeed = createRandom(seed).fork('network').integer(0x1_0000_0000);
      return engine.keepNetwork(buildGatedNetwork({ ...options, seed: ownSeed }), source, []);
    }
    case 'shipped': {
      const path = `networks/${encodeURIComponent(source.id)}.safetensors`;
      const response = await engine.host.fetch(new URL(path, engine.baseUrl), { signal }).catch(() => undefined);
      if (response?.ok !== true) {
        throw new StudioError(`The network "${source.id}" is not shipped with this studio; choose one from the menu.`);
      }
      const { network, notes } = await readNetworkFile(await response.blob(), path);
      return engine.keepNetwork(network, source, notes);
    }
    case 'file': {
      if (files.length === 0) {
        throw new FormatError('not-this-format', 'The file itself is missing; open it again.', source.name, 'files');
      }
      const { network, notes, project } = await engine.host.openNetwork(files, signal);
      if (source.sha256 !== undefined) await checkContent(network, source.name, source.sha256);
      if (project !== undefined) await takeInRuns(engine, project);
      return engine.keepNetwork(network, source, notes);
    }
    case 'candidate':
      return engine.keepNetwork(await storedNetwork(engine, source.run, source.candidate), source, []);
  }
}

/** Throws `StudioError` where the file called `name` holds another network than the one that was meant. */
async function checkContent(network: Network, name: string, wanted: string): Promise<void> {
  const found = await networkHash(network);
  if (found === wanted) return;
  throw new StudioError(
    `"${name}" is not the network of the recipe: its SHA-256 begins with ${found.slice(0, 16)}, not ${wanted.slice(0, 16)}. Open the file that was meant, or take "sha256" out of the recipe to use this one.`,
  );
}

/** Runs a project brings join the list, unless they are there already; their networks and telemetry stay behind. */
async function takeInRuns({ host: { store } }: Engine, { runs }: Project): Promise<void> {
  const known = new Set((await store.records()).map(({ run }) => run));
  for (const { record: written } of runs) {
    const record = parseRecord(written);
    if (record === undefined || known.has(record.run)) continue;
    const candidates = record.candidates.map((candidate) => ({ ...candidate, stored: false }));
    await store.commit({ ...record, candidates, blobs: {}, telemetry: null, checkpoint: null });
  }
}

/** A stored network of a run. Throws `StudioError` when the run or the candidate is gone. */
export async function storedNetwork(engine: Engine, run: string, candidate: string): Promise<Network> {
  const { store } = engine.host;
  const record = await store.record(run);
  const blob = record?.blobs[candidate];
  if (blob === undefined) throw new StudioError('This network of the run is not stored; run its recipe again.');
  return networkFromBytes(await store.read(blob), blob.name);
}

export async function networkFromBytes(bytes: Uint8Array, name: string): Promise<Network> {
  const { network } = await readNetworkFile(new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
  return network;
}

/** The open data set of that source, or the source opened now. Throws `DatasetError`. */
export async function openDataSource(
  engine: Engine,
  source: DataSource,
  files: readonly File[],
  options: WorkOptions,
): Promise<OpenDataset> {
  const open = files.length === 0 ? engine.datasetOf(source) : undefined;
  return open ?? engine.keepDataset(await engine.host.openDataset(source, files, options), source);
}

export function datasetView({ id, dataset, source }: OpenDataset): DatasetView {
  const { name, classes, shape, normalisation, splits, notes } = dataset;
  const task = taskOf(dataset);
  const { train, validation, test } = splits;
  const counts = { train: train.count, validation: validation.count, test: test.count };
  return { dataset: id, name, task, classes, shape, normalisation, counts, notes, source };
}
