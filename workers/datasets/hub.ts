/**
 * A data set from a public hub in one click: parquet files, downloaded with progress and resume, checked, decoded.
 *
 * Made for `https://huggingface.co/datasets/uoft-cs/cifar10` (144 MB); reads any set of PNG images of one size in the
 * same form.
 */
import { joined, type Collection } from './collection';
import { DatasetError, type Split, type SplitName } from './dataset';
import { download, type Downloaded, type DownloadOptions } from './hub/download';
import { listHubFiles, repositoryOf, type HubFile } from './hub/listing';
import { decodeParquet, type Shard } from './hub/parquet';
import { measureNormalisation, survivesMirror } from './traits';
import type { WorkOptions } from './work';

export interface HubOptions extends WorkOptions, Omit<DownloadOptions, 'onBytes' | 'signal'> {}

/** What was read, and how to forget the downloaded files once it is stored decoded. */
export interface HubCollection {
  readonly collection: Collection;
  forget(): Promise<void>;
}

/** Share of the work that is download; decoding is the rest. */
const downloadShare = 0.8;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

async function downloadAll(files: readonly HubFile[], options: HubOptions): Promise<readonly Downloaded[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const results: Downloaded[] = [];
  let before = 0;
  for (const file of files) {
    const onBytes = (received: number): void => {
      const done = before + received;
      options.progress?.(
        (downloadShare * done) / total,
        `Downloading ${megabytes(done)} of ${megabytes(total)} MB (${file.path})`,
      );
    };
    results.push(await download(file, { ...options, onBytes }));
    before += file.size;
  }
  return results;
}

/** Shards must agree on size and class names, and labels must have names. */
function checkAlike(shards: readonly Shard[], files: readonly HubFile[]): void {
  const [first] = shards;
  if (first === undefined) return;
  const names = JSON.stringify(first.classes);
  shards.forEach((shard, index) => {
    const file = files[index]?.path ?? '';
    if (shard.size.join() !== first.size.join() || JSON.stringify(shard.classes) !== names) {
      throw new DatasetError(
        'format',
        `${file} has images of another size or other classes than ${files[0]?.path}.`,
        file,
      );
    }
    const largest = shard.split.labels.reduce((most, label) => Math.max(most, label), 0);
    if (shard.classes !== null && largest >= shard.classes.length) {
      throw new DatasetError(
        'labels',
        `${file} has label ${largest}, but names ${shard.classes.length} classes.`,
        file,
      );
    }
  });
}

/** Names of the classes; numbers where the files give none. */
function classesOf(shards: readonly Shard[]): readonly string[] {
  const given = shards[0]?.classes ?? null;
  if (given !== null) return given;
  const largest = shards.reduce((most, { split }) => split.labels.reduce((a, b) => Math.max(a, b), most), 0);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

/**
 * Downloads and decodes the data set whose page is at `address`. Throws `DatasetError`; what was downloaded is kept in
 * `options.store`, so that trying again goes on where it ended.
 */
export async function readHub(address: string, options: HubOptions): Promise<HubCollection> {
  const { signal, progress, fetch } = options;
  const files = await listHubFiles(address, fetch, signal);
  const downloads = await downloadAll(files, options);
  const shards: Shard[] = [];
  for (const [index, { bytes }] of downloads.entries()) {
    const report = (done: number, note: string): void =>
      progress?.(downloadShare + ((1 - downloadShare) * (index + done)) / downloads.length, note);
    shards.push(await decodeParquet(bytes, files[index]?.path ?? address, { signal, progress: report }));
  }
  checkAlike(shards, files);
  const pool = (split: SplitName): Split =>
    joined(shards.flatMap((shard, index) => (files[index]?.split === split ? [shard.split] : [])));
  const pools = { train: pool('train'), validation: pool('validation'), test: pool('test') };
  const [height, width] = shards[0]?.size ?? [0, 0];
  const classes = classesOf(shards);
  const { id } = repositoryOf(address);
  const unverified = files.filter((_, index) => downloads[index]?.verified !== true);
  const collection: Collection = {
    source: 'hub',
    title: id === 'uoft-cs/cifar10' ? 'CIFAR-10' : (id.split('/').at(-1) ?? id),
    classes,
    shape: [height, width, 3],
    normalisation: measureNormalisation(pools.train),
    flip: survivesMirror(classes),
    pools: { ...pools, validation: pools.validation.count > 0 ? pools.validation : null },
    notes:
      unverified.length === 0
        ? []
        : [`The hub gave no checksum for ${unverified.map(({ path }) => path).join(', ')}; only sizes were compared.`],
  };
  return {
    collection,
    async forget() {
      for (const each of downloads) await each.forget();
    },
  };
}
