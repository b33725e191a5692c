/** Networks on disk: opened with what lies beside them, written in the format that the name asks for, and proven. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { openNetworkFiles, writableFormats, writeNetworkFiles } from '../workers/formats';
import type { OpenedFile } from '../workers/formats/format';
import { maxAbsDifference } from '../workers/formats/proof';
import { createRandom } from '../workers/linalg/random';
import { networkCosts } from '../workers/network/costs';
import { type Network, obstacleOf } from '../workers/network/graph';
import { runReference } from '../workers/network/reference';
import { sizeOf } from '../workers/network/shapes';
import { asFile, networkFiles } from './local-files';
import { readInThread } from './read-in-thread';
import { UsageError } from './usage';

/** The interpreter runs about 3e8 multiply-adds a second; a proof should not take minutes. */
const mostMacs = 5e9;

const threadProgram = new URL('./reading-thread.js', import.meta.url);

/** Opens a network file. Throws `FormatError`, and `Error` where there is no file. */
export async function openNetwork(path: string): Promise<OpenedFile> {
  const files = networkFiles(path);
  // The thread's program exists where the command line is built; its tests run from source, without one.
  if (existsSync(threadProgram)) return readInThread(threadProgram, files);
  return openNetworkFiles(await Promise.all(files.map(asFile)));
}

export interface Saved {
  readonly files: readonly string[];
  /** Largest difference of any output of the reopened file; null where the network cannot be run, or not in time. */
  readonly maxAbsDifference: number | null;
}

/**
 * Writes a network in the format of the path's extension, reopens it, and compares its outputs. Throws `UsageError` for
 * an extension that nothing is written as, `FormatError` for what the format cannot hold, and `Error` for a file that
 * does not mean the same; then nothing is left on disk.
 */
export async function saveNetwork(network: Network, path: string): Promise<Saved> {
  const format = writableFormats.find(({ extension }) => extension === extname(path).toLowerCase());
  if (format === undefined) {
    const known = writableFormats.map(({ extension }) => extension).join(', ');
    throw new UsageError(`Networks are written as ${known}, not as "${extname(path)}".`);
  }
  const written = await writeNetworkFiles(network, format.id, basename(path, extname(path)));
  const files = written.map(({ name, bytes }) => new File([bytes], name));
  const difference = await proven(network, files);
  const places = written.map(({ name }) => join(dirname(path), name));
  written.forEach(({ bytes }, at) => writeFileSync(places[at] ?? path, bytes));
  return { files: places, maxAbsDifference: difference };
}

async function proven(network: Network, files: readonly File[]): Promise<number | null> {
  const { network: back } = await openNetworkFiles(files);
  if (obstacleOf(network.graph) !== null || networkCosts(network.graph).macs > mostMacs) return null;
  const inputs = network.graph.layers.filter((layer) => layer.op === 'input');
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) return null;
  const random = createRandom(1);
  const shape = [1, ...input.shape];
  const images = { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
  const [before, after] = [runReference(network, images).outputs, runReference(back, images).outputs];
  let difference = before.length === after.length ? 0 : Infinity;
  before.forEach(({ values }, at) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const apart = maxAbsDifference(values, after[at]?.values ?? []);
    difference = Math.max(difference, apart);
    if (apart > 1e-4 * largest) difference = Infinity;
  });
  if (difference === Infinity)
    throw new Error('The written file does not answer as the network does. Please report this.');
  return difference;
}

/** "written: net.onnx, outputs differ by at most 2.1e-8": what a command says last. */
export function savedText({ files, maxAbsDifference: difference }: Saved): string {
  const proof =
    difference === null
      ? 'reopened; not run, since it cannot be or would take minutes'
      : `reopened and run, outputs differ by at most ${difference.toExponential(1)}`;
  return `written: ${files.join(', ')} (${proof})`;
}
