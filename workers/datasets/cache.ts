/**
 * Decoded data sets kept between visits, so that a reload needs neither the files nor the download again.
 *
 * One blob a set: a line that names the format, the length of a JSON header, the header, then images, labels and
 * masks of each pool. Everything is checked against SHA-256 when it is read back; what does not fit is thrown away and decoded anew.
 */
import * as v from 'valibot';
import type { Collection } from './collection';
import type { Split } from './dataset';
import { sha256 } from './identity';
import { nameFor, StorageFullError, type BlobStore } from './storage';

export interface DatasetCache {
  /** Undefined when the set is not there or no longer whole. */
  get(key: string): Promise<Collection | undefined>;
  /** Returns what a person should know when the set could not be kept, else null. Never throws for want of room. */
  put(key: string, collection: Collection): Promise<string | null>;
  /** Where it is kept; unfinished downloads lie beside it. */
  readonly store: BlobStore;
}

const magic = 'espalier data set 1\n';
const extension = '.set';
/** Older sets make room for newer ones. */
const mostSets = 4;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const PoolSchema = v.object({
  count,
  imageBytes: count,
  /** Bytes of the masks; absent where images have labels instead. */
  maskBytes: v.optional(count),
  sha256: v.pipe(v.string(), v.length(64)),
});
const HeaderSchema = v.object({
  key: v.string(),
  source: v.string(),
  title: v.string(),
  classes: v.array(v.string()),
  shape: v.tuple([count, count, count]),
  normalisation: v.object({ mean: v.array(v.number()), std: v.array(v.number()) }),
  flip: v.boolean(),
  augmentation: v.optional(v.object({ padding: count, quarterTurns: v.boolean() })),
  notes: v.array(v.string()),
  pools: v.object({ train: PoolSchema, validation: v.nullable(PoolSchema), test: PoolSchema }),
});
type PoolHeader = v.InferOutput<typeof PoolSchema>;

/** Images, then labels as little-endian 16-bit numbers, or masks. */
function poolBytes({ images, labels, masks = new Uint8Array() }: Split): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(images.length + 2 * labels.length + masks.length);
  bytes.set(images);
  const view = new DataView(bytes.buffer, images.length);
  for (const [at, label] of labels.entries()) view.setUint16(2 * at, label, true);
  bytes.set(masks, images.length + 2 * labels.length);
  return bytes;
}

const poolLength = (pool: PoolHeader): number => pool.imageBytes + (pool.maskBytes ?? 2 * pool.count);

async function readPool(bytes: Uint8Array<ArrayBuffer>, header: PoolHeader): Promise<Split | undefined> {
  if (bytes.length !== poolLength(header) || (await sha256(bytes)) !== header.sha256) return undefined;
  const { count, imageBytes } = header;
  const images = bytes.slice(0, imageBytes);
  if (header.maskBytes !== undefined) {
    return { count, images, labels: new Uint16Array(), masks: bytes.slice(imageBytes) };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + imageBytes);
  return { count, images, labels: Uint16Array.from({ length: count }, (_, at) => view.getUint16(2 * at, true)) };
}

async function encode(key: string, collection: Collection): Promise<BlobPart[]> {
  const { pools, ...rest } = collection;
  const parts = {
    train: poolBytes(pools.train),
    validation: pools.validation === null ? null : poolBytes(pools.validation),
    test: poolBytes(pools.test),
  };
  const headerOf = async (split: Split, bytes: Uint8Array): Promise<PoolHeader> => ({
    count: split.count,
    imageBytes: split.images.length,
    maskBytes: split.masks?.length,
    sha256: await sha256(bytes),
  });
  const header: v.InferInput<typeof HeaderSchema> = {
    ...rest,
    key,
    classes: [...rest.classes],
    shape: [...rest.shape],
    normalisation: { mean: [...rest.normalisation.mean], std: [...rest.normalisation.std] },
    notes: [...rest.notes],
    pools: {
      train: await headerOf(pools.train, parts.train),
      validation:
        pools.validation === null || parts.validation === null
          ? null
          : await headerOf(pools.validation, parts.validation),
      test: await headerOf(pools.test, parts.test),
    },
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, text.length, true);
  return [
    magic,
    length.buffer,
    text,
    parts.train,
    ...(parts.validation === null ? [] : [parts.validation]),
    parts.test,
  ];
}

/** Reads what `encode` wrote; undefined for anything that is not exactly that. */
async function decode(key: string, blob: Blob): Promise<Collection | undefined> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const start = magic.length + 4;
  if (bytes.length < start || new TextDecoder().decode(bytes.subarray(0, magic.length)) !== magic) return undefined;
  const headerEnd = start + new DataView(bytes.buffer, magic.length, 4).getUint32(0, true);
  const parsed = v.safeParse(HeaderSchema, parseJson(new TextDecoder().decode(bytes.subarray(start, headerEnd))));
  if (!parsed.success || parsed.output.key !== key) return undefined;
  const { key: _key, pools, ...rest } = parsed.output;
  let at = headerEnd;
  const next = (pool: PoolHeader): Promise<Split | undefined> => {
    const from = at;
    at += poolLength(pool);
    return readPool(bytes.subarray(from, at), pool);
  };
  const train = await next(pools.train);
  const validation = pools.validation === null ? null : await next(pools.validation);
  const test = await next(pools.test);
  if (train === undefined || validation === undefined || test === undefined || at !== bytes.length) return undefined;
  return { ...rest, pools: { train, validation, test } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A cache in `store`. */
export function datasetCache(store: BlobStore): DatasetCache {
  async function makeRoom(keep: string): Promise<void> {
    const sets = (await store.list()).filter(({ name }) => name.endsWith(extension) && name !== keep);
    const oldest = sets.sort((a, b) => b.written - a.written).slice(mostSets - 1);
    for (const { name } of oldest) await store.remove(name);
  }
  return {
    store,
    async get(key) {
      const name = `${await nameFor(key)}${extension}`;
      const blob = await store.read(name);
      const collection = blob === undefined ? undefined : await decode(key, blob);
      if (blob !== undefined && collection === undefined) await store.remove(name);
      return collection;
    },
    async put(key, collection) {
      const name = `${await nameFor(key)}${extension}`;
      try {
        await makeRoom(name);
        await store.write(name, await encode(key, collection));
      } catch (error) {
        if (!(error instanceof StorageFullError)) throw error;
        return `${collection.title} is not kept for the next visit. ${error.message}`;
      }
      return (await this.get(key)) === undefined
        ? `${collection.title} is not kept for the next visit: this browser did not give back what was stored.`
        : null;
    },
  };
}
