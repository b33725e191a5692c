/**
 * How hard Shapes-10 is: the one place to turn.
 *
 * Every picture draws a difficulty from 0 to 1, mostly low. Easy pictures give a fresh network something to start from
 * (with all of them hard, nothing is learnt in the first ten epochs); the hard tail is what is left to
 * larger ones. Measured: ResNet-8 reaches 95.9 % and ResNet-20 98.6 % of the test images by the recipes
 * `resnet8-shapes10.json` (16 epochs) and `resnet20-shapes10.json` (40 epochs).
 */
import type { Random } from '../../linalg/random';

/** `[at difficulty 0, at difficulty 1]`. */
type Ramp = readonly [number, number];

/** Lengths in pixels, colours in steps of 0..255. */
const ramps = {
  /** Smallest radius; the largest is 12.5 throughout. */
  radius: [9.5, 7.2],
  /** How far the ratio of the two radii may stray from 1. */
  stretch: [0.05, 0.2],
  /** Largest slope of the shape's base line. */
  tilt: [0.15, 0.4],
  /** Smallest distance in RGB between the shape's colour and the background's. */
  contrast: [110, 65],
  /** Expected share of covered shapes. */
  occlusion: [0, 0.6],
  /** Most fragments lying about. */
  fragments: [0, 4],
  /** Largest amplitude of the noise. */
  noise: [6, 18],
  /** Strength of drift and texture of the background and of the shape. */
  ground: [0.2, 0.7],
  fill: [0.15, 0.45],
} as const satisfies Readonly<Record<string, Ramp>>;

export type Nuisance = Readonly<Record<keyof typeof ramps, number>>;

/** The limits one picture is drawn within. */
export function drawNuisance(random: Random): Nuisance {
  const share = random.next();
  const difficulty = share * share;
  const at = ([easy, hard]: Ramp): number => easy + (hard - easy) * difficulty;
  return {
    radius: at(ramps.radius),
    stretch: at(ramps.stretch),
    tilt: at(ramps.tilt),
    contrast: at(ramps.contrast),
    occlusion: at(ramps.occlusion),
    fragments: at(ramps.fragments),
    noise: at(ramps.noise),
    ground: at(ramps.ground),
    fill: at(ramps.fill),
  };
}
