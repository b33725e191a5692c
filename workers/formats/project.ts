/**
 * The studio's own project file: a zip of a manifest, the network as safetensors, and the recipe and records of each run.
 *
 * Every entry carries a SHA-256 in the manifest and the whole file a seal in the zip's comment, so any changed byte is found.
 * Recipes and records are plain JSON here; who reads a project checks them against the schemas of their own floor.
 */
import {
  BlobReader,
  configure,
  TextReader,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js';
import * as v from 'valibot';
import type { Network } from '../network/graph';
import type { NetworkReader } from './format';
import { FormatError } from './format-error';
import { readNetworkFile, writeNetworkFile } from './network-file';
import { checkSeal, seal, sealPlaceholder, sha256 } from './seal';
import { kindNames, sniffBlob } from './sniff';
import { parseJsonStrictly } from './strict-json';

// Codec workers would be made from blob URLs, which the content security policy forbids; readers run in a worker anyway.
configure({ useWebWorkers: false });

const version = 1;
const marker = 'espalier sha256 ';
const commentLength = marker.length + sealPlaceholder.length;
const fixedDate = new Date(2026, 0, 1);
const maximumEntries = 2000;
const maximumBytes = 2 ** 31;

const EntrySchema = v.strictObject({
  path: v.string(),
  bytes: v.pipe(v.number(), v.integer()),
  sha256: v.pipe(v.string(), v.length(64)),
});
const ManifestSchema = v.strictObject({
  format: v.literal('espalier-project'),
  version: v.literal(version),
  name: v.string(),
  entries: v.array(EntrySchema),
});

export interface ProjectRun {
  /** A run's record: recipe, candidates, result. */
  readonly record: unknown;
  /** metrics.csv of the run. */
  readonly metrics: string;
}

export interface Project {
  readonly name: string;
  readonly network: Network;
  readonly runs: readonly ProjectRun[];
}

async function pack(
  entries: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  manifest: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = { level: 0, lastModDate: fixedDate, extendedTimestamp: false };
  const writer = new ZipWriter(new Uint8ArrayWriter(), options);
  await writer.add('manifest.json', new TextReader(manifest));
  for (const [path, bytes] of entries) await writer.add(path, new Uint8ArrayReader(bytes));
  return new Uint8Array(await writer.close(new TextEncoder().encode(marker + sealPlaceholder)));
}

/** Writes a project; equal content gives equal bytes. */
export async function writeProject(project: Project): Promise<Uint8Array<ArrayBuffer>> {
  const text = (value: string) => new TextEncoder().encode(value);
  const entries = new Map([['network.safetensors', await writeNetworkFile(project.network)]]);
  project.runs.forEach((run, index) => {
    entries.set(`runs/${index}/record.json`, text(JSON.stringify(run.record)));
    entries.set(`runs/${index}/metrics.csv`, text(run.metrics));
  });
  const listed = [];
  for (const [path, bytes] of entries) listed.push({ path, bytes: bytes.length, sha256: await sha256(bytes) });
  const manifest = { format: 'espalier-project', version, name: project.name, entries: listed };
  const packed = await pack(entries, JSON.stringify(manifest));
  return seal(packed, { marker, from: packed.length - commentLength });
}

function readManifest(bytes: Uint8Array<ArrayBuffer>, file: string): v.InferOutput<typeof ManifestSchema> {
  const json = parseJsonStrictly(bytes.slice().buffer, file);
  const head = v.safeParse(v.object({ format: v.literal('espalier-project'), version: v.number() }), json);
  if (!head.success) {
    throw new FormatError(
      'not-this-format',
      'The archive is no Espalier project: its manifest says something else.',
      file,
      'manifest.json',
    );
  }
  if (head.output.version > version) {
    const problem = `The project has version ${head.output.version}; this program reads up to ${version}. Open it with a newer Espalier.`;
    throw new FormatError('unsupported', problem, file, 'manifest.json');
  }
  const result = v.safeParse(ManifestSchema, json);
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? 'manifest.json';
  throw new FormatError('malformed', `The manifest is wrong at "${place}": ${result.issues[0].message}.`, file, place);
}

async function unpack(blob: Blob, file: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const reader = new ZipReader(new BlobReader(blob), { checkSignature: true });
  try {
    const listed = await reader.getEntries();
    const total = listed.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    if (listed.length > maximumEntries || total > maximumBytes) {
      throw new FormatError(
        'malformed',
        `The archive claims ${listed.length} entries of ${total} bytes; no project is that large.`,
        file,
        'zip',
      );
    }
    const entries = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const entry of listed) {
      if (entry.directory) continue;
      entries.set(entry.filename, new Uint8Array(await entry.getData(new Uint8ArrayWriter())));
    }
    return entries;
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const why = error instanceof Error ? error.message : 'unreadable';
    throw new FormatError(
      'corrupt',
      `The archive cannot be unpacked (${why}). Download or copy it again.`,
      file,
      'zip',
    );
  } finally {
    await reader.close();
  }
}

/**
 * Reads a project. Throws `FormatError`: not a project, a newer version (named), truncated, or any changed byte.
 */
export async function readProject(blob: Blob, file: string): Promise<Project> {
  const kind = await sniffBlob(blob);
  if (kind !== 'zip') {
    throw new FormatError(
      'not-this-format',
      `Expected an Espalier project; this file is ${kindNames[kind]}.`,
      file,
      'byte 0',
    );
  }
  const whole = new Uint8Array(await blob.arrayBuffer());
  const state = await checkSeal(whole, { marker, from: Math.max(0, whole.length - commentLength) });
  const entries = await unpack(blob, file);
  const text = entries.get('manifest.json');
  if (text === undefined) {
    throw new FormatError(
      'not-this-format',
      'The archive has no manifest.json, so it is no Espalier project.',
      file,
      'manifest.json',
    );
  }
  const manifest = readManifest(text, file);
  if (state !== 'fits') {
    throw new FormatError(
      'corrupt',
      'The file was changed or damaged after it was written: its checksum does not fit.',
      file,
      'checksum',
    );
  }
  for (const { path, bytes, sha256: wanted } of manifest.entries) {
    const content = entries.get(path);
    if (content?.length !== bytes || (await sha256(content)) !== wanted) {
      throw new FormatError('corrupt', `"${path}" is missing or was changed: its checksum does not fit.`, file, path);
    }
  }
  const network = entries.get('network.safetensors');
  if (network === undefined)
    throw new FormatError('malformed', 'The project holds no network.', file, 'network.safetensors');
  const runs: ProjectRun[] = [];
  for (let index = 0; entries.has(`runs/${index}/record.json`); index++) {
    const record = entries.get(`runs/${index}/record.json`) ?? new Uint8Array();
    const metrics = entries.get(`runs/${index}/metrics.csv`) ?? new Uint8Array();
    runs.push({ record: parseJsonStrictly(record.slice().buffer, file), metrics: new TextDecoder().decode(metrics) });
  }
  const { network: opened } = await readNetworkFile(new Blob([network]), file);
  return { name: manifest.name, network: opened, runs };
}

export const projectReader: NetworkReader = {
  async read({ file }) {
    const project = await readProject(file, file.name);
    return { network: project.network, notes: [], project };
  },
};
