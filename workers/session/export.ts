/** Files a person takes away. A network leaves only after its file was reopened elsewhere and answered the same. */
import { writeMetricsCsv } from '../formats/metrics-csv';
import { writableFormats, writeNetworkFiles } from '../formats';
import type { WrittenFile } from '../formats/format';
import { FormatError } from '../formats/format-error';
import { type CardFile, modelCard } from '../formats/model-card';
import { maxAbsDifference } from '../formats/proof';
import { sha256 } from '../datasets/identity';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import { networkCosts } from '../network/costs';
import { type Network, obstacleOf } from '../network/graph';
import type { CommandParams, CommandResult } from '../protocol';
import { tensor4d } from '@tensorflow/tfjs-core';
import { probeImages, ProofError } from './cutting';
import { StudioError, type Engine } from './engine';
import { onDevice, passLogits } from './measuring';
import type { RunRecord } from './run-record';
import type { Runs } from './runs';
import { storedNetwork } from './sources';

/** Images the reopened file is run on, by a slow interpreter: fewer for large networks. */
const PROBES = 8;
const PROBE_MACS = 2e9;
/** Relative to the largest logit: float32 on a device against float64 in plain loops. */
const TOLERANCE = 1e-3;

/** Throws `ProofError` when the file does not mean the same, `StudioError` when there is nothing to export. */
export async function exportFile(
  engine: Engine,
  runs: Runs,
  { network: id, run, dataset, format }: CommandParams<'exportNetwork'>,
  signal: AbortSignal,
): Promise<CommandResult<'exportNetwork'>> {
  const record = run === null ? undefined : await runs.record(run);
  const slug = (record?.name ?? (id === null ? 'espalier' : engine.network(id).network.meta.name))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  if (format === 'recipe') return plain(`${slug}.recipe.json`, recipeText(required(record)), 'application/json');
  if (format === 'metrics') return plain(`${slug}.metrics.csv`, writeMetricsCsv(required(record).metrics), 'text/csv');

  const network = id === null ? await lastNetwork(engine, required(record)) : engine.network(id).network;
  const data = dataset === null ? null : engine.dataset(dataset).dataset;
  const canRun = obstacleOf(network.graph) === null;
  const prove = async (files: readonly WrittenFile[]) =>
    canRun ? proven(engine, network, files.map(asFile), data, signal) : null;
  if (format === 'everything') {
    const recipe = record === undefined ? null : recipeText(record);
    const { bytes, proof } = await everything(network, slug, recipe, prove);
    return handOver([{ name: `${slug}.zip`, bytes }], slug, proof);
  }
  if (format === 'project') {
    const { writeProject } = await import('../formats/project');
    const bytes = await writeProject({ name: slug, network, runs: await projectRuns(engine, record) });
    const files = [{ name: `${slug}.espalier`, bytes }];
    return handOver(files, slug, await prove(files));
  }
  const files = await writeNetworkFiles(network, format, slug);
  const isSource = writableFormats.find(({ id: own }) => own === format)?.isSource === true;
  return handOver(files, `${slug}.${format}`, isSource ? null : await prove(files));
}

function asFile({ name, bytes }: WrittenFile): File {
  return new File([bytes], name, { type: 'application/octet-stream' });
}

/** One file as it is, several as a zip. */
async function handOver(
  files: readonly WrittenFile[],
  stem: string,
  proof: Proof | null,
): Promise<CommandResult<'exportNetwork'>> {
  const [only, ...more] = files;
  if (only === undefined) throw new StudioError('Nothing was written.');
  const file = more.length === 0 ? only : { name: `${stem}.zip`, bytes: await zipped(files) };
  return { name: file.name, blob: asFile(file), sha256: await sha256(file.bytes), proof };
}

interface Proof {
  readonly maxAbsLogitDifference: number;
  readonly images: number;
}

/** Every format the network can be written in, each proven, with recipe and model card, as one zip. */
async function everything(
  network: Network,
  slug: string,
  recipe: string | null,
  prove: (files: readonly WrittenFile[]) => Promise<Proof | null>,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly proof: Proof | null }> {
  const files: WrittenFile[] = [];
  const listed: CardFile[] = [];
  const leftOut: string[] = [];
  const proofs: Proof[] = [];
  for (const { id, title, isSource } of writableFormats) {
    try {
      const written = await writeNetworkFiles(network, id, slug);
      const proof = isSource === true ? null : await prove(written);
      if (proof !== null) proofs.push(proof);
      for (const file of written) {
        const difference = proof?.maxAbsLogitDifference ?? null;
        listed.push({ name: file.name, sha256: await sha256(file.bytes), difference });
        files.push(file);
      }
    } catch (error) {
      if (!(error instanceof FormatError) || error.kind !== 'unsupported') throw error;
      leftOut.push(`${title}. ${error.message}`);
    }
  }
  const images = proofs[0]?.images ?? 0;
  const card = new TextEncoder().encode(modelCard(network, { files: listed, images, recipe, leftOut }));
  const documents = [{ name: 'model-card.md', bytes: card }];
  if (recipe !== null) documents.push({ name: `${slug}.recipe.json`, bytes: new TextEncoder().encode(recipe) });
  const worst = Math.max(...proofs.map(({ maxAbsLogitDifference }) => maxAbsLogitDifference));
  const proof = proofs.length === 0 ? null : { maxAbsLogitDifference: worst, images };
  return { bytes: await zipped([...documents, ...files]), proof };
}

/** The archive library is loaded with the first archive: training needs none. */
async function zipped(files: readonly WrittenFile[]): Promise<Uint8Array<ArrayBuffer>> {
  const { zipFiles } = await import('../formats/bundle');
  return zipFiles(files);
}

async function proven(
  engine: Engine,
  network: Network,
  files: readonly File[],
  data: Dataset | null,
  signal: AbortSignal,
): Promise<Proof> {
  const { shape, values } =
    data === null ? noise(network, probesFor(network)) : probeImages(network, data, probesFor(network));
  const logits = await engine.queue.run(signal, () =>
    onDevice(engine.executor, network, async (loaded) => {
      const images = tensor4d(values, [...shape]);
      const read = await passLogits(loaded, images);
      images.dispose();
      return read;
    }),
  );
  const answer = await engine.host.prove({ files, shape, images: values }, signal);
  const difference = maxAbsDifference(logits, answer.logits);
  const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  if (!(difference <= TOLERANCE * largest)) {
    const text = `The written file does not answer as the network does (logits differ by up to ${difference}), so it was not handed out. Please report this.`;
    throw new ProofError(text, difference);
  }
  return { maxAbsLogitDifference: difference, images: shape[0] };
}

function probesFor({ graph }: Network): number {
  return Math.max(1, Math.min(PROBES, Math.floor(PROBE_MACS / Math.max(1, networkCosts(graph).macs))));
}

/** Images of the network's input shape where no data set is open. */
function noise({ graph }: Network, images: number) {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const [height = 1, width = 1, channels = 1] = input?.shape ?? [];
  const random = createRandom(1).fork('probe');
  const values = Float32Array.from({ length: images * height * width * channels }, () => random.normal());
  return { shape: [images, height, width, channels] as const, values };
}

async function plain(name: string, text: string, type: string): Promise<CommandResult<'exportNetwork'>> {
  const bytes = new TextEncoder().encode(text);
  return { name, blob: new File([bytes], name, { type }), sha256: await sha256(bytes), proof: null };
}

function recipeText({ recipe }: RunRecord): string {
  return `${JSON.stringify(recipe, undefined, 2)}\n`;
}

function required(record: RunRecord | undefined): RunRecord {
  if (record === undefined) throw new StudioError('Choose a run to export its recipe, metrics or network.');
  return record;
}

function lastNetwork(engine: Engine, { run, candidates }: RunRecord): Promise<Network> {
  const last = candidates.findLast(({ stored }) => stored);
  if (last === undefined) throw new StudioError('The run has no stored network yet.');
  return storedNetwork(engine, run, last.id);
}

/** The run's own record, or those of all runs kept here. */
async function projectRuns({ host }: Engine, record: RunRecord | undefined) {
  const records = record === undefined ? await host.store.records() : [record];
  return records.map((one) => ({
    record: { ...one, blobs: {}, telemetry: null, checkpoint: null },
    metrics: writeMetricsCsv(one.metrics),
  }));
}
