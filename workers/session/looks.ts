/**
 * What a network sees in one image, look by look: its answers, its gates, and what the answer at one pixel rests on.
 *
 * A network of one pass has one look and no gates, so the same commands serve feed-forward networks.
 */
import { tensor4d, type Tensor } from '@tensorflow/tfjs-core';
import type { Executor, LoadedNetwork } from '../compute/executor';
import { DatasetError, ignoredPixel, type Dataset, type Split, type SplitName } from '../datasets/dataset';
import type { LayerId, Network } from '../network/graph';
import { sizeOf } from '../network/shapes';
import { unrolledPasses, withPasses, type Pass } from '../network/unrolled';
import type { ImageEvidence, ImageLooks } from '../protocol';
import { plainBatches } from '../training/batching';
import { argMax } from '../training/step-window';
import { imagesFor, onDevice } from './measuring';

/** Positions of the patch that hides a part of the image, along each side, and how many of them cover that side. */
const POSITIONS = 16;
const PATCHES = 8;
/** Hidden images answered at once. */
const BATCH = 64;

export interface LookRequest {
  readonly network: Network;
  readonly dataset: Dataset;
  readonly split: SplitName;
  readonly image: number;
  /** How often to look; null = as often as the network was built for. */
  readonly passes: number | null;
}

interface Seen {
  readonly network: Network;
  readonly passes: readonly Pass[];
  /** The split's one image. */
  readonly split: Split;
  /** `[1, h, w, 3]`, normalised. */
  readonly pixels: Float32Array;
}

/** Throws `DatasetError` for an image the split does not have, and as `withPasses`. */
export async function looksAt(executor: Executor, request: LookRequest): Promise<ImageLooks> {
  const { network, passes, split, pixels } = seen(request);
  const { shape } = request.dataset;
  const gates = passes.flatMap((pass) => pass.gates.map(({ layer }) => layer));
  const wanted = [...passes.map(({ output }) => output), ...gates];
  const maps = await onDevice(executor, network, (loaded) => activations(loaded, pixels, shape, wanted));
  const [height, width] = shape;
  const truth = split.masks ?? null;
  return {
    image: split.images,
    size: [height, width],
    truth,
    label: truth === null ? (split.labels[0] ?? null) : null,
    passes: passes.map(({ output, gates: own }) => ({
      ...answerOf(mapOf(maps, output), truth),
      gates: own.map(({ stage, layer }) => ({ stage, ...summaryOf(mapOf(maps, layer)) })),
    })),
  };
}

/** As `looksAt`; `row` and `column` are the pixel's. */
export async function evidenceAt(
  executor: Executor,
  request: LookRequest & { readonly row: number; readonly column: number; readonly signal: AbortSignal },
): Promise<ImageEvidence> {
  const { network, passes, pixels } = seen(request);
  const { shape } = request.dataset;
  const { row, column, signal } = request;
  const [height, width] = shape;
  if (row >= height || column >= width) {
    throw new DatasetError('format', `The image has ${height} x ${width} pixels; there is none at ${row}, ${column}.`);
  }
  const outputs = passes.map(({ output }) => output);
  const gates = passes.flatMap((pass) => pass.gates.map(({ layer }) => layer));
  const at = [row / height, column / width] as const;
  return onDevice(executor, network, async (loaded) => {
    const open = await activations(loaded, pixels, shape, [...outputs, ...gates]);
    const whole = outputs.map((output) => probabilitiesAt(mapOf(open, output), 0, at));
    const answers = whole.map((probabilities) => argMax(probabilities, 0, probabilities.length));
    const drops = outputs.map(() => new Float32Array(POSITIONS * POSITIONS));
    for (let first = 0; first < POSITIONS * POSITIONS; first += BATCH) {
      signal.throwIfAborted();
      const found = await activations(loaded, hiddenImages(pixels, shape, first), shape, outputs);
      outputs.forEach((output, pass) => {
        const answer = answers[pass] ?? 0;
        for (let index = 0; index < BATCH; index++) {
          const left = probabilitiesAt(mapOf(found, output), index, at)[answer] ?? 0;
          drops[pass]?.fill((whole[pass]?.[answer] ?? 0) - left, first + index, first + index + 1);
        }
      });
    }
    return {
      grid: [POSITIONS, POSITIONS],
      passes: passes.map(({ gates: own }, pass) => ({
        answer: answers[pass] ?? 0,
        probabilities: whole[pass] ?? new Float32Array(),
        drop: drops[pass] ?? new Float32Array(),
        gates: own.map(({ stage, layer }) => ({ stage, values: valuesAt(mapOf(open, layer), 0, at) })),
      })),
    };
  });
}

function seen({ network: opened, dataset, split: name, image, passes }: LookRequest): Seen {
  const whole = dataset.splits[name];
  if (image >= whole.count) {
    const there = whole.count === 0 ? 'no images' : `images 0 to ${whole.count - 1}`;
    throw new DatasetError('empty', `The ${name} split has ${there}; there is no image ${image}.`);
  }
  const network = passes === null || unrolledPasses(opened.graph) === null ? opened : withPasses(opened, passes);
  const split = onlyImage(whole, image, dataset.shape);
  const [batch] = plainBatches({ ...imagesFor(network, dataset, name), split, batchSize: 1 });
  const single: readonly Pass[] = [{ number: 1, output: network.graph.outputs[0] ?? '', gates: [] }];
  return {
    network,
    passes: unrolledPasses(network.graph) ?? single,
    split,
    pixels: batch?.images ?? new Float32Array(),
  };
}

function onlyImage({ images, labels, masks }: Split, at: number, [height, width, channels]: Dataset['shape']): Split {
  const pixels = height * width;
  return {
    count: 1,
    images: images.slice(at * pixels * channels, (at + 1) * pixels * channels),
    labels: labels.slice(at, at + 1),
    ...(masks === undefined ? {} : { masks: masks.slice(at * pixels, (at + 1) * pixels) }),
  };
}

/** An activation on the host. `shape` without the batch. */
interface HostMap {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

async function activations(
  loaded: LoadedNetwork,
  pixels: Float32Array,
  shape: Dataset['shape'],
  layers: readonly LayerId[],
): Promise<ReadonlyMap<LayerId, HostMap>> {
  const images = tensor4d(pixels, [pixels.length / sizeOf(shape), ...shape]);
  const found = loaded.activations(images, layers);
  images.dispose();
  return new Map(await Promise.all([...found].map(([id, map]) => readMap(id, map))));
}

async function readMap(id: LayerId, map: Tensor): Promise<[LayerId, HostMap]> {
  const values = Float32Array.from(await map.data<'float32'>());
  const [, ...shape] = map.shape;
  map.dispose();
  return [id, { shape, values }];
}

function mapOf(maps: ReadonlyMap<LayerId, HostMap>, id: LayerId): HostMap {
  return maps.get(id) ?? { shape: [0], values: new Float32Array() };
}

/** The answer for every pixel, or the class probabilities of an image's one answer. */
function answerOf(
  { shape, values }: HostMap,
  truth: Uint8Array | null,
): Pick<ImageLooks['passes'][number], 'prediction' | 'probabilities' | 'accuracy'> {
  const classes = shape.at(-1) ?? 1;
  if (shape.length === 1) return { prediction: null, probabilities: softmax(values), accuracy: null };
  const prediction = Uint8Array.from({ length: values.length / classes }, (_, at) =>
    argMax(values, at * classes, classes),
  );
  let [right, labelled] = [0, 0];
  truth?.forEach((label, at) => {
    if (label === ignoredPixel) return;
    labelled++;
    if (prediction[at] === label) right++;
  });
  return { prediction, probabilities: null, accuracy: labelled === 0 ? null : right / labelled };
}

/** Gate values averaged over channels, for a picture, and over the picture, for the channels. */
function summaryOf({ shape, values }: HostMap): {
  readonly size: readonly [number, number];
  readonly map: Float32Array;
  readonly channels: Float32Array;
} {
  const [height = 1, width = 1, channels = 1] = shape;
  const [map, means] = [new Float32Array(height * width), new Float32Array(channels)];
  values.forEach((value, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    map[pixel] = (map[pixel] ?? 0) + value / channels;
    means[channel] = (means[channel] ?? 0) + value / map.length;
  });
  return { size: [height, width], map, channels: means };
}

/** The channels of image `index` at a place given as shares of height and width; of a flat map, all of its features. */
function valuesAt({ shape, values }: HostMap, index: number, [down, right]: readonly [number, number]): Float32Array {
  const channels = shape.at(-1) ?? 1;
  const [height, width] = shape.length === 3 ? [shape[0] ?? 1, shape[1] ?? 1] : [1, 1];
  const pixel = (index * height + Math.floor(down * height)) * width + Math.floor(right * width);
  return values.slice(pixel * channels, (pixel + 1) * channels);
}

function probabilitiesAt(map: HostMap, index: number, at: readonly [number, number]): Float32Array {
  return softmax(valuesAt(map, index, at));
}

function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = logits.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((power) => power / total);
}

/** The image, `BATCH` times, each with a patch at its own position hidden by the mean colour (0 once normalised). */
function hiddenImages(pixels: Float32Array, [height, width, channels]: Dataset['shape'], first: number): Float32Array {
  const images = new Float32Array(BATCH * pixels.length);
  const [tall, wide] = [Math.ceil(height / PATCHES), Math.ceil(width / PATCHES)];
  for (let index = 0; index < BATCH; index++) {
    images.set(pixels, index * pixels.length);
    const [down, right] = [Math.floor((first + index) / POSITIONS), (first + index) % POSITIONS];
    const top = Math.round(((height - tall) * down) / (POSITIONS - 1));
    const left = Math.round(((width - wide) * right) / (POSITIONS - 1));
    for (let row = top; row < top + tall; row++) {
      const start = index * pixels.length + (row * width + left) * channels;
      images.fill(0, start, start + wide * channels);
    }
  }
  return images;
}
