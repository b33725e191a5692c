/** One picture of Shapes-10: a textured background, fragments, the shape, an occluder over it, noise. */
import type { Random } from '../../linalg/random';
import { develop, draw, primed, side, type Placed } from './canvas';
import { drawNuisance, type Nuisance } from './nuisance';
import { outlineOf, shapeNames, type Outline } from './outlines';
import { contrast, direction, randomColour, randomPaint, type Colour } from './paint';

const largestRadius = 12.5;

const bar: Outline = (x, y) => Math.max(Math.abs(x) - 1, Math.abs(y) - 0.25);

const randomEdge = (random: Random): number => random.uniform(1, 2.2);

/** One of the scene's own colours, so that colour alone finds nothing. */
function colourOf(random: Random, colours: readonly Colour[]): Colour {
  return colours[random.integer(colours.length)] ?? randomColour(random);
}

/** A unit vector whose slope is at most `steepest`. */
function tilted(random: Random, steepest: number): readonly [number, number] {
  const slope = random.uniform(-steepest, steepest);
  const long = Math.sqrt(1 + slope * slope);
  return [1 / long, slope / long];
}

/** A colour at least `least` away from `ground`. */
function contrasting(random: Random, ground: Colour, least: number): Colour {
  for (;;) {
    const colour = randomColour(random);
    if (contrast(colour, ground) >= least) return colour;
  }
}

/** What the picture is of. A small one may stand anywhere, a large one near the middle: at most a tenth leaves it. */
function subject(random: Random, label: number, nuisance: Nuisance, colour: Colour): Placed {
  const radius = random.uniform(nuisance.radius, largestRadius);
  const play = side / 2 - 0.9 * radius;
  const middle = side / 2 - 0.5;
  return {
    outline: outlineOf(label),
    centre: [middle + random.uniform(-play, play), middle + random.uniform(-play, play)],
    radius,
    stretch: 1 + random.uniform(-nuisance.stretch, nuisance.stretch),
    axis: tilted(random, nuisance.tilt),
    edge: randomEdge(random),
    paint: randomPaint(random, colour, nuisance.fill),
  };
}

/** A bar or a tiny shape of any class. */
function fragment(random: Random, colours: readonly Colour[]): Placed {
  const isBar = random.next() < 0.4;
  const colour = random.next() < 0.6 ? colourOf(random, colours) : randomColour(random);
  return {
    outline: isBar ? bar : outlineOf(random.integer(shapeNames.length)),
    centre: [random.uniform(0, side), random.uniform(0, side)],
    radius: random.uniform(1.4, 3.6) * (isBar ? 1.8 : 1),
    stretch: 1,
    axis: direction(random),
    edge: randomEdge(random),
    paint: randomPaint(random, colour, 0.4),
  };
}

/** A bar across the rim of the shape: it hides a part, never the middle. */
function occluder(random: Random, shape: Placed, colours: readonly Colour[]): Placed {
  const [x, y] = direction(random);
  const offset = shape.radius * random.uniform(0.4, 0.8);
  return {
    outline: bar,
    centre: [shape.centre[0] + x * offset, shape.centre[1] + y * offset],
    radius: random.uniform(3.6, 8),
    stretch: 1,
    axis: random.next() < 0.5 ? [x, y] : direction(random),
    edge: randomEdge(random),
    paint: randomPaint(random, colourOf(random, colours), 0.5),
  };
}

/** Draws a picture of class `label` into `into`, `[32, 32, 3]` bytes. All chance comes from `random`. */
export function drawScene(random: Random, label: number, into: Uint8Array): void {
  const nuisance = drawNuisance(random);
  const ground = randomColour(random);
  const colour = contrasting(random, ground, nuisance.contrast);
  const colours = [ground, colour, randomColour(random)];

  const canvas = primed(randomPaint(random, ground, nuisance.ground));
  const shape = subject(random, label, nuisance, colour);
  const fragments = Math.floor(random.next() * (1 + nuisance.fragments));
  for (let count = 0; count < fragments; count++) draw(canvas, fragment(random, colours));
  draw(canvas, shape);
  if (random.next() < nuisance.occlusion) draw(canvas, occluder(random, shape, colours));
  develop(random, canvas, random.uniform(2, nuisance.noise), into);
}
