/** Files a person takes away. A network leaves only after its file was reopened elsewhere and answered the same. */
import { writeMetricsCsv } from '../formats/metrics-csv';
import { writeNetworkFiles } from '../formats';
import { writeProject } from '../formats/project';
import { maxAbsDifference } from '../formats/proof';
import { sha256 } from '../datasets/identity';
import type { Dataset } from '../datasets/dataset';
import { createRandom } from '../linalg/random';
import type { Network } from '../network/graph';
import type { CommandParams, CommandResult } from '../protocol';
import { tensor4d } from '@tensorflow/tfjs-core';
import { probeImages, ProofError } from './cutting';
import { StudioError, type Engine } from './engine';
import { onDevice, passLogits } from './measuring';
import type { RunRecord } from './run-record';
import type { Runs } from './runs';
import { storedNetwork } from './sources';

/** Images the reopened file is run on, by a slow interpreter. */
const PROBES = 8;
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
  const [written] =
    format === 'project'
      ? [
          {
            name: `${slug}.espalier`,
            bytes: await writeProject({ name: slug, network, runs: await projectRuns(engine, record) }),
          },
        ]
      : await writeNetworkFiles(network, format, slug);
  if (written === undefined) throw new StudioError('Nothing was written.');
  const { name, bytes } = written;
  const file = new File([bytes], name, { type: 'application/octet-stream' });
  const data = dataset === null ? null : engine.dataset(dataset).dataset;
  const proof = await proven(engine, network, file, data, signal);
  return { name, blob: file, sha256: await sha256(bytes), proof };
}

async function proven(
  engine: Engine,
  network: Network,
  file: File,
  data: Dataset | null,
  signal: AbortSignal,
): Promise<{ readonly maxAbsLogitDifference: number; readonly images: number }> {
  const { shape, values } = data === null ? noise(network) : probeImages(network, data, PROBES);
  const logits = await engine.queue.run(signal, () =>
    onDevice(engine.executor, network, async (loaded) => {
      const images = tensor4d(values, [...shape]);
      const read = await passLogits(loaded, images);
      images.dispose();
      return read;
    }),
  );
  const answer = await engine.host.prove({ files: [file], shape, images: values }, signal);
  const difference = maxAbsDifference(logits, answer.logits);
  const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  if (!(difference <= TOLERANCE * largest)) {
    const text = `The written file does not answer as the network does (logits differ by up to ${difference}), so it was not handed out. Please report this.`;
    throw new ProofError(text, difference);
  }
  return { maxAbsLogitDifference: difference, images: shape[0] };
}

/** Images of the network's input shape where no data set is open. */
function noise({ graph }: Network) {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const [height = 1, width = 1, channels = 1] = input?.shape ?? [];
  const random = createRandom(1).fork('probe');
  const values = Float32Array.from({ length: PROBES * height * width * channels }, () => random.normal());
  return { shape: [PROBES, height, width, channels] as const, values };
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
    record: { ...one, blobs: {}, checkpoint: null },
    metrics: writeMetricsCsv(one.metrics),
  }));
}
