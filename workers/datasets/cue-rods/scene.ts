/** One picture of cue rods: grey noise, up to two rods with their cues, two discs that lie about to mislead. */
import type { Random } from '../../linalg/random';
import { covers, distanceTo, randomRod, type Rod } from './rod';

/** What a picture is painted into: image `[side, side, 3]`, mask and distances `[side, side]`. */
export interface Target {
  readonly image: Uint8Array;
  readonly mask: Uint8Array;
  readonly distances: Float32Array;
}

/** Red, green and blue, shares of 1: the colours of classes 1 to 3. */
const COLOURS = [
  [0.9, 0.1, 0.1],
  [0.1, 0.9, 0.1],
  [0.1, 0.1, 0.9],
] as const;

const MOST_RODS = 2;
const TRIES = 60;
/** Pixels of a rod that must be in the picture, at 32 x 32. */
const LEAST_VISIBLE = 85;
/** Between a rod and the next, and between a cue and the picture's edge. */
const MARGIN = 2;
const DISC_RADIUS = 1.8;
const DISTRACTORS = 2;

interface Placed {
  readonly rod: Rod;
  readonly label: number;
}

/** Paints a picture of 32 x 32 pixels times `scale`. All chance comes from `random`. */
export function drawRods(random: Random, scale: number, target: Target): void {
  const side = 32 * scale;
  const rods = placeRods(random, scale, target.mask);
  const discs = placeDistractors(random, scale, target.mask);
  for (let y = 0, pixel = 0; y < side; y++) {
    for (let x = 0; x < side; x++, pixel++) {
      const label = target.mask[pixel] ?? 0;
      const rod = label === 0 ? undefined : rods.find((placed) => covers(placed.rod, x, y))?.rod;
      target.distances[pixel] = rod === undefined ? -1 : distanceTo(rod.cue, x, y);
      const inCue = rod !== undefined && distanceTo(rod.cue, x, y) <= DISC_RADIUS * scale;
      const disc = discs.find(({ centre }) => distanceTo(centre, x, y) <= DISC_RADIUS * scale);
      const colour = COLOURS[(inCue ? label : (disc?.label ?? 0)) - 1];
      const grey = rod === undefined ? 0.35 + 0.12 * gaussian(random) : 0.75 + 0.12 * gaussian(random);
      for (let channel = 0; channel < 3; channel++) {
        const grain = rod === undefined ? 0.05 * gaussian(random) : 0;
        const value = colour?.[channel] ?? grey + grain;
        target.image[3 * pixel + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
}

/** Writes the classes of up to two rods into `mask`, which is all background. */
function placeRods(random: Random, scale: number, mask: Uint8Array): Placed[] {
  const side = 32 * scale;
  const placed: Placed[] = [];
  for (let tries = 0; tries < TRIES && placed.length < MOST_RODS; tries++) {
    const rod = randomRod(random, scale);
    if (rod.cue.some((place) => place < MARGIN * scale || place > side - MARGIN * scale)) continue;
    const pixels = pixelsNear(rod.centre, rod.length, side, (x, y) => covers(rod, x, y));
    if (pixels.length < LEAST_VISIBLE * scale * scale || touches(pixels, mask, side, MARGIN * scale)) continue;
    const label = 1 + random.integer(COLOURS.length);
    for (const pixel of pixels) mask[pixel] = label;
    placed.push({ rod, label });
  }
  return placed;
}

/** Discs in class colours, wholly in the picture and on no rod. */
function placeDistractors(random: Random, scale: number, mask: Uint8Array) {
  const side = 32 * scale;
  const radius = DISC_RADIUS * scale;
  const discs: { readonly centre: readonly [number, number]; readonly label: number }[] = [];
  for (let tries = 0; tries < TRIES && discs.length < DISTRACTORS; tries++) {
    const centre = [random.uniform(radius, side - radius), random.uniform(radius, side - radius)] as const;
    const label = 1 + random.integer(COLOURS.length);
    const pixels = pixelsNear(centre, radius, side, (x, y) => distanceTo(centre, x, y) <= radius);
    if (pixels.every((pixel) => mask[pixel] === 0)) discs.push({ centre, label });
  }
  return discs;
}

/** Pixels of the picture that are `inside`, none of which lies farther than `reach` from `centre`. */
function pixelsNear(
  [centreX, centreY]: readonly [number, number],
  reach: number,
  side: number,
  inside: (x: number, y: number) => boolean,
): number[] {
  const clip = (value: number): number => Math.min(side - 1, Math.max(0, Math.floor(value)));
  const [left, right] = [clip(centreX - reach), clip(centreX + reach)];
  const [top, bottom] = [clip(centreY - reach), clip(centreY + reach)];
  const pixels: number[] = [];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) if (inside(x, y)) pixels.push(y * side + x);
  }
  return pixels;
}

/** Whether an object pixel lies within `margin` of one of `pixels`. */
function touches(pixels: readonly number[], mask: Uint8Array, side: number, margin: number): boolean {
  return pixels.some((pixel) => {
    const [y, x] = [Math.floor(pixel / side), pixel % side];
    for (let dy = -margin; dy <= margin; dy++) {
      for (let dx = -margin; dx <= margin; dx++) {
        const [row, column] = [y + dy, x + dx];
        if (dx * dx + dy * dy > margin * margin || column < 0 || column >= side) continue;
        if ((mask[row * side + column] ?? 0) > 0) return true;
      }
    }
    return false;
  });
}

/** Mean 0, deviation 1, normal to the eye: the sum of four uniform 16-bit numbers, alike on every machine. */
function gaussian(random: Random): number {
  const one = random.next() * 0x1_0000_0000;
  const other = random.next() * 0x1_0000_0000;
  const sum = (one >>> 16) + (one & 0xffff) + (other >>> 16) + (other & 0xffff);
  return (sum / 0xffff - 2) * Math.sqrt(3);
}
