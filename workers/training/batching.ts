/**
 * From a split in bytes to normalised float32 batches.
 *
 * Every batch is a pure function of (seed, step): no random state is carried along, so a resumed run, a single step and
 * an undisturbed run see the same pixels bit for bit.
 */
import { DatasetError, ignoredPixel, type Dataset, type Split } from '../datasets/dataset';
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
  /** Class indices, `[count]`, or `[count, height, width]` where pixels are labelled; `unlabelled` for ignored ones. */
  readonly labels: Uint16Array;
}

/** No class: what `ignoredPixel` becomes among labels. */
export const unlabelled = 0xffff;

interface Augmentation {
  /**
   * Pixels of padding on each side before a crop of the original size is taken (He et al. 2016: 4): black, or the mean
   * colour without labels where pixels are labelled.
   */
  readonly padding: number;
  /** Mirror left to right with probability 1/2. */
  readonly flip: boolean;
  /** Turn by 0, 90, 180 or 270 degrees; square images only. */
  readonly quarterTurns?: boolean | undefined;
}

/** How training moves images of `dataset`. */
export function augmentationOf({ augmentation, flip }: Pick<Dataset, 'augmentation' | 'flip'>): Augmentation {
  return { padding: CROP_PADDING, ...augmentation, flip };
}

/** Of the random crop, in pixels (He et al. 2016, section 4.2). */
const CROP_PADDING = 4;

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
  const write = createWriter(options);
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
  readonly augmentation?: Augmentation | undefined;
}

/** Batches of each image once. The last one may be smaller: nothing is left out. */
export function* plainBatches(options: PlainBatchOptions): Generator<HostBatch, void, undefined> {
  const { split, batchSize, augmentation } = options;
  requireImages(split);
  const order = Uint32Array.from({ length: split.count }, (_, index) => index);
  if (options.seed !== undefined) createRandom(options.seed).fork('draw').shuffle(order);
  const augmenting = createRandom(options.seed ?? 1).fork('augment');
  const total = Math.min(options.images ?? split.count, split.count);
  const write = createWriter(options);
  for (let first = 0; first < total; first += batchSize) {
    const indices = order.subarray(first, Math.min(first + batchSize, total));
    yield gather(options, indices, write, augmentation && { augmentation, random: augmenting.fork(first) });
  }
}

interface Chance {
  readonly augmentation: Augmentation;
  readonly random: Random;
}

/** How an image is moved before it is trained on. `top` and `left` shift the window, in pixels. */
interface Move {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
  readonly turns: number;
}

const still: Move = { top: 0, left: 0, flip: false, turns: 0 };

function drawMove({ augmentation, random }: Chance): Move {
  const { padding, flip, quarterTurns = false } = augmentation;
  return {
    top: random.integer(2 * padding + 1) - padding,
    left: random.integer(2 * padding + 1) - padding,
    flip: flip && random.next() < 0.5,
    turns: quarterTurns ? random.integer(4) : 0,
  };
}

function gather(source: ImageSource, indices: Uint32Array, write: Writer, chance: Chance | undefined): HostBatch {
  const [height, width, channels] = source.shape;
  const size = height * width * channels;
  const rows = source.split.masks === undefined ? 1 : height * width;
  const images = new Float32Array(indices.length * size);
  const labels = new Uint16Array(indices.length * rows);
  indices.forEach((index, position) => {
    write(index, chance === undefined ? still : drawMove(chance), {
      image: images.subarray(position * size, (position + 1) * size),
      labels: labels.subarray(position * rows, (position + 1) * rows),
    });
  });
  return { count: indices.length, images, labels };
}

/** Writes image `index`, moved, and its labels, moved alike. */
type Writer = (
  index: number,
  move: Move,
  target: { readonly image: Float32Array; readonly labels: Uint16Array },
) => void;

function createWriter({ split, shape, normalisation }: ImageSource): Writer {
  const [height, width, channels] = shape;
  const pixels = height * width;
  const { images, labels, masks } = split;
  // (byte / 255 - mean) / std for every byte and channel, so that the inner loop is a look-up.
  const table = new Float32Array(256 * channels);
  for (let byte = 0; byte < 256; byte++) {
    for (let channel = 0; channel < channels; channel++) {
      const mean = normalisation.mean[channel] ?? 0;
      const deviation = normalisation.std[channel] ?? 1;
      table[byte * channels + channel] = (byte / 255 - mean) / deviation;
    }
  }
  /** Of a pixel outside the image: black, or the mean where pixels are labelled. */
  const outside = masks === undefined ? table.slice(0, channels) : new Float32Array(channels);
  const from = new Int32Array(pixels);
  return (index, move, target) => {
    placeSources(from, height, width, move);
    for (let pixel = 0, at = 0; pixel < pixels; pixel++) {
      const place = from[pixel] ?? -1;
      const start = (index * pixels + place) * channels;
      for (let channel = 0; channel < channels; channel++, at++) {
        const value = place < 0 ? outside[channel] : table[(images[start + channel] ?? 0) * channels + channel];
        target.image[at] = value ?? 0;
      }
      if (masks === undefined) continue;
      const label = place < 0 ? ignoredPixel : (masks[index * pixels + place] ?? ignoredPixel);
      target.labels[pixel] = label === ignoredPixel ? unlabelled : label;
    }
    if (masks === undefined) target.labels[0] = labels[index] ?? 0;
  };
}

/** For every pixel of the moved image the pixel it shows, -1 where that lies outside. */
function placeSources(from: Int32Array, height: number, width: number, { top, left, flip, turns }: Move): void {
  if (turns > 0 && height !== width) throw new RangeError('Only square images can be turned by quarter turns.');
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let col = 0; col < width; col++, pixel++) {
      let y = row;
      let x = flip ? width - 1 - col : col;
      for (let turn = 0; turn < turns; turn++) [y, x] = [x, height - 1 - y];
      y += top;
      x += left;
      from[pixel] = y >= 0 && y < height && x >= 0 && x < width ? y * width + x : -1;
    }
  }
}

function requireImages(split: Split): void {
  if (split.count === 0) {
    throw new DatasetError('empty', 'This split has no images. Open a data set that has some, or use another split.');
  }
}
