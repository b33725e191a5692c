/**
 * Shapes-10, the built-in set: procedural 32x32 RGB pictures of ten shapes. Needs no download.
 *
 * Deterministic: the bytes follow from the seed alone and are the same in Node and every browser. Picture i of a split
 * depends on seed, split and i, never on the counts, so a larger set begins with the smaller one.
 */
import { createRandom, type Random } from '../linalg/random';
import type { Dataset, Split } from './dataset';
import { drawSplits } from './draw-splits';
import { datasetId } from './identity';
import { shapeNames } from './shapes/outlines';
import { side } from './shapes/canvas';
import { drawScene } from './shapes/scene';
import type { WorkOptions } from './work';

/** Images per split and the seed. */
export interface ShapesOptions {
  readonly train?: number | undefined;
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
  readonly seed?: number | undefined;
}

const bytesPerImage = side * side * 3;

/** Round numbers; measured over the training split of seed 1: mean 0.511, 0.512, 0.505, deviation 0.251, 0.251, 0.254. */
const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };

/** Labels come in shuffled rounds of all ten, so that any beginning of a split is balanced to within one per class. */
async function drawSplit(random: Random, count: number, onImage: () => Promise<void>): Promise<Split> {
  const images = new Uint8Array(count * bytesPerImage);
  const labels = new Uint16Array(count);
  const order = random.fork('labels');
  let round: number[] = [];
  for (let image = 0; image < count; image++) {
    if (round.length === 0) round = order.shuffle(shapeNames.map((_, label) => label));
    const label = round.pop() ?? 0;
    labels[image] = label;
    drawScene(random.fork(image), label, images.subarray(image * bytesPerImage, (image + 1) * bytesPerImage));
    await onImage();
  }
  return { count, images, labels };
}

/**
 * Draws Shapes-10: 5,000 training, 1,000 validation and 2,000 test images unless told otherwise (about two seconds).
 * The splits come from different streams of the seed.
 */
export async function drawShapes(options: ShapesOptions = {}, work: WorkOptions = {}): Promise<Dataset> {
  const { train = 5000, validation = 1000, test = 2000, seed = 1 } = options;
  const random = createRandom(seed);
  const splits = await drawSplits({ train, validation, test }, work, (split, count, onImage) =>
    drawSplit(random.fork(split), count, onImage),
  );
  return {
    id: await datasetId('shapes10', shapeNames, splits),
    name: 'Shapes-10',
    classes: shapeNames,
    shape: [side, side, 3],
    normalisation,
    flip: true,
    splits,
    notes: [],
  };
}
