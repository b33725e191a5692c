/**
 * From a split in bytes to normalised float32 batches.
 *
 * Every batch is a pure function of (seed, step): no random state is carried along, so a resumed run, a single step and
 * an undisturbed run see the same pixels bit for bit.
 */
import { DatasetError, type Split } from '../datasets/dataset';
import { createRandom, type Random } from '../linalg/random';
import type { Normalisation } from '../network/graph';

/** Where images are drawn from: a split, its image shape and how bytes become numbers. */
export interface ImageSource {
  readonly split: Split;
  /** `[height, width, channels]`. */
  readonly shape: readonly [number, number, number];
  readonly normalisation: Normalisation;
}

/** A mini-batch on the host. */
export interface HostBatch {
  readonly count: number;
  /** `[count, height, width, channels]`, normalised. */
  readonly images: Float32Array;
  /** `[count]`, class indices. */
  readonly labels: Uint16Array;
}

interface Augmentation {
  /** Pixels of black padding on each side before a crop of the original size is taken (He et al. 2016: 4). */
  readonly padding: number;
  /** Mirror left to right with probability 1/2. */
  readonly flip: boolean;
}

export interface TrainingBatchOptions extends ImageSource {
  readonly batchSize: number;
  readonly seed: number;
  readonly augmentation?: Augmentation | undefined;
  /** Images per epoch, drawn afresh each epoch; all of the split when absent. */
  readonly imagesPerEpoch?: number | undefined;
}

/** Shuffled batches for training. All have `batchSize` images: the rest of an epoch is dropped, not trained on. */
export interface TrainingBatches {
  /** The asked size, or the images of an epoch when those are fewer. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** The batch of global step `step`, from 0. */
  batch(step: number): HostBatch;
}

/** Throws `DatasetError` (kind `empty`) when the split has no image. */
export function createTrainingBatches(options: TrainingBatchOptions): TrainingBatches {
  const { split, augmentation } = options;
  requireImages(split);
  const perEpoch = Math.min(options.imagesPerEpoch ?? split.count, split.count);
  const batchSize = Math.min(options.batchSize, perEpoch);
  const stepsPerEpoch = Math.floor(perEpoch / batchSize);
  const random = createRandom(options.seed);
  const shuffling = random.fork('shuffle');
  const augmenting = random.fork('augment');
  const write = createPixelWriter(options);
  let order = new Uint32Array(0);
  let orderedEpoch = -1;

  return {
    batchSize,
    stepsPerEpoch,
    batch(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== orderedEpoch) {
        order = shuffling.fork(epoch).shuffle(Uint32Array.from({ length: split.count }, (_, index) => index));
        orderedEpoch = epoch;
      }
      const first = (step % stepsPerEpoch) * batchSize;
      const indices = order.subarray(first, first + batchSize);
      return gather(options, indices, write, augmentation && { augmentation, random: augmenting.fork(step) });
    },
  };
}

export interface PlainBatchOptions extends ImageSource {
  readonly batchSize: number;
  /** At most this many images; all when absent. */
  readonly images?: number | undefined;
  /** Draw the images at random instead of taking the first ones; the same seed draws the same. */
  readonly seed?: number | undefined;
}

/** Unaugmented batches, each image once. The last one may be smaller: nothing is left out. */
export function* plainBatches(options: PlainBatchOptions): Generator<HostBatch, void, undefined> {
  const { split, batchSize } = options;
  requireImages(split);
  const order = Uint32Array.from({ length: split.count }, (_, index) => index);
  if (options.seed !== undefined) createRandom(options.seed).fork('draw').shuffle(order);
  const total = Math.min(options.images ?? split.count, split.count);
  const write = createPixelWriter(options);
  for (let first = 0; first < total; first += batchSize) {
    yield gather(options, order.subarray(first, Math.min(first + batchSize, total)), write, undefined);
  }
}

/** Copies image `index` to `target` at `offset`, shifted by `(top, left)` pixels and mirrored when `flip`. */
type PixelWriter = (
  index: number,
  target: Float32Array,
  offset: number,
  top: number,
  left: number,
  flip: boolean,
) => void;

interface Chance {
  readonly augmentation: Augmentation;
  readonly random: Random;
}

function gather(source: ImageSource, indices: Uint32Array, write: PixelWriter, chance: Chance | undefined): HostBatch {
  const size = source.shape[0] * source.shape[1] * source.shape[2];
  const images = new Float32Array(indices.length * size);
  const labels = new Uint16Array(indices.length);
  indices.forEach((index, position) => {
    labels[position] = source.split.labels[index] ?? 0;
    let top = 0;
    let left = 0;
    let flip = false;
    if (chance !== undefined) {
      const { augmentation, random } = chance;
      top = random.integer(2 * augmentation.padding + 1) - augmentation.padding;
      left = random.integer(2 * augmentation.padding + 1) - augmentation.padding;
      flip = augmentation.flip && random.next() < 0.5;
    }
    write(index, images, position * size, top, left, flip);
  });
  return { count: indices.length, images, labels };
}

function createPixelWriter({ split, shape, normalisation }: ImageSource): PixelWriter {
  const [height, width, channels] = shape;
  const size = height * width * channels;
  // (byte / 255 - mean) / std for every byte and channel, so that the inner loop is a look-up.
  const table = new Float32Array(256 * channels);
  for (let byte = 0; byte < 256; byte++) {
    for (let channel = 0; channel < channels; channel++) {
      const mean = normalisation.mean[channel] ?? 0;
      const deviation = normalisation.std[channel] ?? 1;
      table[byte * channels + channel] = (byte / 255 - mean) / deviation;
    }
  }
  return (index, target, offset, top, left, flip) => {
    const start = index * size;
    let at = offset;
    for (let row = 0; row < height; row++) {
      const fromRow = row + top;
      const rowInside = fromRow >= 0 && fromRow < height;
      for (let col = 0; col < width; col++) {
        const fromCol = (flip ? width - 1 - col : col) + left;
        const inside = rowInside && fromCol >= 0 && fromCol < width;
        const from = start + (fromRow * width + fromCol) * channels;
        for (let channel = 0; channel < channels; channel++, at++) {
          const byte = inside ? (split.images[from + channel] ?? 0) : 0;
          target[at] = table[byte * channels + channel] ?? 0;
        }
      }
    }
  };
}

function requireImages(split: Split): void {
  if (split.count === 0) {
    throw new DatasetError('empty', 'This split has no images. Open a data set that has some, or use another split.');
  }
}
