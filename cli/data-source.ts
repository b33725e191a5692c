/**
 * What `--data PATH` means: CIFAR-10's archive or loose batches, a folder of images and masks, else a folder or zip with one
 * subfolder per class.
 */
import { basename } from 'node:path';
import { holdsMasks } from '../workers/datasets/voc/layout';
import type { DataSource } from '../workers/protocol';
import { listFiles, type LocalFile } from './local-files';

export interface NamedData {
  readonly source: DataSource;
  readonly files: readonly LocalFile[];
}

/** Throws where there is nothing at `path`. */
export function dataAt(path: string): NamedData {
  if (path === 'shapes10') return { source: { source: 'shapes10' }, files: [] };
  if (path === 'cuerods') return { source: { source: 'cuerods' }, files: [] };
  if (path === 'cuerods64') return { source: { source: 'cuerods', size: 64 }, files: [] };
  const files = listFiles(path);
  const cifar = files.some(
    ({ name }) => /\.(tar\.gz|tgz)$/i.test(name) || /(^|\/)(data|test)_batch[^/]*\.bin$/.test(name),
  );
  if (cifar) return { source: { source: 'cifar10' }, files };
  const source = holdsMasks(files.map(({ name }) => name)) ? 'voc' : 'folder';
  return { source: { source, name: basename(path) }, files };
}
