/** What a reader decodes, before it is divided into splits: shared by all sources that read files. */
import { DatasetError, splitNames, type Dataset, type Split, type SplitName } from './dataset';
import { datasetId } from './identity';

/** Decoded images in the order of their source. `validation` is null where it is to be cut from the end of `train`. */
export interface Collection extends Omit<Dataset, 'id' | 'splits' | 'name'> {
  /** Short name of the source: `cifar10`, `folder`. First part of the data set's id. */
  readonly source: string;
  readonly title: string;
  readonly pools: { readonly train: Split; readonly validation: Split | null; readonly test: Split };
}

/** Caps asked for by a recipe. `validation` counts images taken from the end of `train`, where that is how it is made. */
export interface Counts {
  readonly train?: number | undefined;
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
}

export const noImages: Split = { count: 0, images: new Uint8Array(), labels: new Uint16Array() };

/** One split out of several batches, in order. */
export function joined(batches: readonly Split[]): Split {
  const images = new Uint8Array(batches.reduce((sum, batch) => sum + batch.images.length, 0));
  const labels = new Uint16Array(batches.reduce((sum, batch) => sum + batch.count, 0));
  let image = 0;
  let byte = 0;
  for (const batch of batches) {
    images.set(batch.images, byte);
    labels.set(batch.labels, image);
    byte += batch.images.length;
    image += batch.count;
  }
  return { count: labels.length, images, labels };
}

/** Images `from` up to, not including, `to`; copies, so that buffers can be handed over. */
function part({ count, images, labels, masks }: Split, from: number, to: number): Split {
  const size = count === 0 ? 0 : images.length / count;
  const end = Math.min(count, to);
  const start = Math.min(from, end);
  return {
    count: end - start,
    images: images.slice(start * size, end * size),
    labels: labels.slice(start, end),
    ...(masks === undefined ? {} : { masks: masks.slice((start * size) / 3, (end * size) / 3) }),
  };
}

/** A tenth of the training images, at least 500, never more than half. */
function defaultValidation(count: number): number {
  return Math.min(Math.max(500, Math.floor(count / 10)), Math.floor(count / 2));
}

/**
 * Splits a collection: validation comes from the end of the training images unless the source brings its own, then the
 * caps apply, always from the start of a split. No image is in two splits.
 * Throws `DatasetError` when the caps leave no training image.
 */
export async function divide(collection: Collection, counts: Counts = {}): Promise<Dataset> {
  const { source, title, pools, ...rest } = collection;
  const own = pools.validation;
  const cut = pools.train.count - (own === null ? (counts.validation ?? defaultValidation(pools.train.count)) : 0);
  if (cut <= 0 && pools.train.count > 0) {
    throw new DatasetError(
      'empty',
      `${counts.validation} validation images were asked for, but there are only ${pools.train.count} images to train ` +
        'and validate on. Ask for fewer.',
    );
  }
  const splits: Record<SplitName, Split> = {
    train: part(pools.train, 0, Math.min(cut, counts.train ?? cut)),
    validation: own === null ? part(pools.train, cut, pools.train.count) : part(own, 0, counts.validation ?? own.count),
    test: part(pools.test, 0, counts.test ?? pools.test.count),
  };
  const notes = [...rest.notes];
  for (const name of splitNames) {
    const asked = counts[name];
    const { count } = splits[name];
    if (asked !== undefined && asked > count) notes.push(`${asked} ${name} images were asked for; there are ${count}.`);
  }
  const counted = `${(splits.train.count + splits.validation.count).toLocaleString('en')} + ${splits.test.count.toLocaleString('en')}`;
  return {
    ...rest,
    notes,
    id: await datasetId(source, rest.classes, splits),
    name: `${title} (${counted} images)`,
    splits,
  };
}
