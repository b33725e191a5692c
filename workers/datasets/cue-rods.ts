/**
 * Cue rods, the built-in segmentation set: bars of one texture for all classes, each with a coloured spot near one end
 * that tells its class. What a pixel far from the spot belongs to cannot be seen locally: the class has to travel along
 * the bar, which is what feedback is for.
 *
 * Deterministic as Shapes-10 is: picture i of a split depends on seed, split and i alone.
 */
import { createRandom, type Random } from '../linalg/random';
import { drawRods } from './cue-rods/scene';
import type { Dataset, Split } from './dataset';
import { drawSplits } from './draw-splits';
import { datasetId } from './identity';
import type { WorkOptions } from './work';

export interface CueRodsOptions {
  readonly train?: number | undefined;
  readonly validation?: number | undefined;
  readonly test?: number | undefined;
  readonly seed?: number | undefined;
  /** Height and width: 32, or 64 with every length doubled. Default 32. */
  readonly size?: 32 | 64 | undefined;
}

const CLASSES = ['background', 'red', 'green', 'blue'];

/** Round numbers near those measured. */
const normalisation = { mean: [0.45, 0.45, 0.45], std: [0.25, 0.25, 0.25] };

async function drawSplit(random: Random, count: number, scale: number, onImage: () => Promise<void>): Promise<Split> {
  const pixels = (32 * scale) ** 2;
  const images = new Uint8Array(3 * count * pixels);
  const masks = new Uint8Array(count * pixels);
  const cueDistances = new Float32Array(count * pixels);
  for (let index = 0; index < count; index++) {
    const [from, to] = [index * pixels, (index + 1) * pixels];
    drawRods(random.fork(index), scale, {
      image: images.subarray(3 * from, 3 * to),
      mask: masks.subarray(from, to),
      distances: cueDistances.subarray(from, to),
    });
    await onImage();
  }
  return { count, images, labels: new Uint16Array(), masks, cueDistances };
}

/** Draws cue rods: 1,500 training, 200 validation and 400 test images unless told otherwise. */
export async function drawCueRods(options: CueRodsOptions = {}, work: WorkOptions = {}): Promise<Dataset> {
  const { train = 1500, validation = 200, test = 400, seed = 1, size = 32 } = options;
  const scale = size / 32;
  const random = createRandom(seed);
  const splits = await drawSplits({ train, validation, test }, work, (split, count, onImage) =>
    drawSplit(random.fork(split), count, scale, onImage),
  );
  return {
    id: await datasetId('cuerods', CLASSES, splits),
    name: size === 32 ? 'Cue rods' : `Cue rods ${size}x${size}`,
    classes: CLASSES,
    shape: [size, size, 3],
    normalisation,
    flip: true,
    augmentation: { padding: 0, quarterTurns: true },
    distanceBands: [
      { name: 'near', to: 8 * scale },
      { name: 'mid', to: 14 * scale },
      { name: 'far', to: Infinity },
    ],
    splits,
    notes: [],
  };
}
