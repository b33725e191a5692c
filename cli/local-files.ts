/** Files named on the command line. */
import { existsSync, openAsBlob, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/** A file on disk and the name it goes by: its path inside the folder that was named. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
}

/** The file itself, or every file below the folder, by name. Throws where there is nothing. */
export function listFiles(path: string): readonly LocalFile[] {
  if (!existsSync(path)) throw new Error(`There is no file or folder "${path}".`);
  if (!statSync(path).isDirectory()) return [{ path, name: basename(path) }];
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (files.length === 0) throw new Error(`The folder "${path}" is empty.`);
  return files.map((file) => ({ path: file, name: relative(path, file).split(sep).join('/') }));
}

/**
 * A network file and what belongs to it: the JSON of the same name that describes its input, the shards of a TF.js model,
 * the weights that an ONNX model keeps outside.
 */
export function networkFiles(path: string): readonly LocalFile[] {
  if (!existsSync(path) || !statSync(path).isFile()) throw new Error(`There is no file "${path}".`);
  const sidecar = path.replace(/\.[^.\\/]+$/, '.json');
  const beside = sidecar !== path && existsSync(sidecar) ? [{ path: sidecar, name: basename(sidecar) }] : [];
  return [{ path, name: basename(path) }, ...beside, ...shardsOf(path), ...externalWeights(path)];
}

/** The files of weights beside a TF.js model. */
function shardsOf(path: string): readonly LocalFile[] {
  if (!path.endsWith('.json')) return [];
  return [...readFileSync(path, 'utf8').matchAll(/"([^"]+\.bin)"/g)].flatMap(([, named = '']) => {
    const shard = join(dirname(path), named);
    return existsSync(shard) ? [{ path: shard, name: basename(shard) }] : [];
  });
}

/** Weights that ONNX exporters put beside the file: `net.onnx.data`, `net.onnx_data`, `net.data`. */
function externalWeights(path: string): readonly LocalFile[] {
  if (!path.toLowerCase().endsWith('.onnx')) return [];
  const stem = path.replace(/\.[^.\\/]+$/, '');
  const names = [`${path}.data`, `${path}_data`, `${stem}.data`, `${stem}.bin`, `${stem}.weights`];
  return names.filter((name) => existsSync(name)).map((name) => ({ path: name, name: basename(name) }));
}

/** As the readers of `workers/formats` want it. */
export async function asFile({ path, name }: LocalFile): Promise<File> {
  return new File([await openAsBlob(path)], name);
}
