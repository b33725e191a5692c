/** Opens a data set from any source. Runs in the data worker in the browser and as it is in Node. */
import type { DatasetCache } from './cache';
import { readCifar10 } from './cifar10';
import { divide, type Collection, type Counts } from './collection';
import { drawCueRods } from './cue-rods';
import type { Dataset } from './dataset';
import { readFolder } from './folder';
import type { DecodeImage, DecodePicture } from './folder/decode';
import { readHub } from './hub';
import type { Fetch } from './hub/listing';
import { drawShapes } from './shapes';
import { readVoc, type VocOptions } from './voc';
import type { WorkOptions } from './work';

/** Where images come from; the recipe's data sources are of this form. */
export type SourceRequest =
  | ({ readonly source: 'shapes10'; readonly seed?: number | undefined } & Counts)
  | ({ readonly source: 'cuerods'; readonly seed?: number | undefined; readonly size?: 32 | 64 | undefined } & Counts)
  | ({ readonly source: 'cifar10' } & Counts)
  | { readonly source: 'folder'; readonly name: string; readonly size?: number | undefined }
  | ({ readonly source: 'voc' } & Pick<VocOptions, 'name' | 'size' | 'classes' | 'others' | 'seed'>)
  | { readonly source: 'hub'; readonly url: string };

export interface OpenOptions extends WorkOptions {
  /** Undefined = none is wanted; null = the browser gives none, which is said in the notes. */
  readonly cache?: DatasetCache | null | undefined;
  /** The platform's own by default. */
  readonly fetch?: Fetch | undefined;
  /** Decodes the images of folders; the browser's decoders by default. */
  readonly decode?: DecodeImage | undefined;
  /** The same for images with masks. */
  readonly picture?: DecodePicture | undefined;
}

type FileRequest = Exclude<SourceRequest, { source: 'shapes10' | 'cuerods' }>;

/** Decoded sets are kept under this: what was read, whatever part of it is used. */
function keyOf(request: FileRequest): string {
  switch (request.source) {
    case 'cifar10':
      return 'cifar10';
    case 'folder':
      return `folder ${request.size ?? 32} ${request.name}`;
    case 'voc': {
      const { name, size = [64, 64], classes = null, others = 'ignore', seed = 1 } = request;
      return `voc ${JSON.stringify([size, classes, others, seed])} ${name}`;
    }
    case 'hub':
      return `hub ${request.url}`;
  }
}

interface Read {
  readonly collection: Collection;
  readonly forget?: () => Promise<void>;
}

async function read(request: FileRequest, files: readonly File[], options: OpenOptions): Promise<Read> {
  const { signal, progress, cache, decode } = options;
  switch (request.source) {
    case 'cifar10':
      return { collection: await readCifar10(files, { signal, progress }) };
    case 'folder': {
      const { name, size } = request;
      return { collection: await readFolder(files, { name, size, decode, signal, progress }) };
    }
    case 'voc': {
      const { source: _source, ...rest } = request;
      return { collection: await readVoc(files, { ...rest, picture: options.picture, signal, progress }) };
    }
    case 'hub': {
      const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
      return readHub(request.url, { fetch, store: cache?.store ?? null, signal, progress });
    }
  }
}

/** Keeps the decoded set for the next visit; answers what a person should know about that. */
async function keep(
  key: string,
  { collection, forget }: Read,
  cache: OpenOptions['cache'],
): Promise<readonly string[]> {
  if (cache === undefined) return [];
  if (cache === null) {
    return ['This browser keeps no files for the page: the images must be opened again after a reload.'];
  }
  const note = await cache.put(key, collection);
  if (note !== null) return [note];
  await forget?.();
  return [];
}

/**
 * Opens a data set: draws a procedural one, reads the given files, or downloads. Without `files`, a set that was opened here
 * before comes out of the cache. Throws `DatasetError`, or the signal's reason when it is cancelled.
 */
export async function openDataset(
  request: SourceRequest,
  files: readonly File[],
  options: OpenOptions = {},
): Promise<Dataset> {
  if (request.source === 'shapes10') return drawShapes(request, options);
  if (request.source === 'cuerods') return drawCueRods(request, options);
  const { cache } = options;
  const key = keyOf(request);
  const counts: Counts = request.source === 'cifar10' ? request : {};
  const cached = files.length === 0 ? await cache?.get(key) : undefined;
  if (cached !== undefined) return divide(cached, counts);
  const result = await read(request, files, options);
  const notes = [...result.collection.notes, ...(await keep(key, result, cache))];
  options.signal?.throwIfAborted();
  return divide({ ...result.collection, notes }, counts);
}
