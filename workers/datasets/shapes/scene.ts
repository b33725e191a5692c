/**
 * One picture of Shapes-10: a textured background, fragments, the shape, occluders over it, noise.
 *
 * Drawn back to front by signed distance, which gives anti-aliased edges without supersampling.
 */
import type { Random } from '../../linalg/random';
import { outlineOf, shapeNames, type Outline } from './outlines';
import { contrast, direction, randomColour, randomPaint, type Colour, type Paint } from './paint';

/** Height and width of a picture, pixels. */
export const side = 32;

/** How hard the set is. Ranges are [smallest, largest], lengths in pixels. */
const nuisance = {
  radius: [6.2, 11.5],
  /** Ratio of the two radii: a disc may be an ellipse, a square a rectangle. */
  stretch: [0.78, 1.28],
  /** Distance in RGB between the shape's colour and the background's. */
  contrast: [38, 150],
  /** Width of the edge, from crisp to out of focus. */
  edge: [1, 2.4],
  fragments: [1, 5],
  fragmentRadius: [1.4, 3.6],
  /** Share of pictures whose shape is partly covered. */
  occluded: 0.55,
  /** Half the width of a covering bar. */
  bar: [0.9, 2],
  noise: [4, 22],
} as const;

type Range = readonly [number, number];
const within = (random: Random, [low, high]: Range): number => random.uniform(low, high);

/** An outline put somewhere in the picture. */
interface Placed {
  readonly outline: Outline;
  readonly centre: readonly [number, number];
  readonly radius: number;
  /** Width over height. */
  readonly stretch: number;
  /** Unit vector: where the shape's own x axis points. */
  readonly axis: readonly [number, number];
  readonly edge: number;
  readonly paint: Paint;
}

/** Float pixels `[side, side, 3]` under construction. */
type Canvas = Float64Array;

function blend(canvas: Canvas, x: number, y: number, paint: Paint, cover: number): void {
  const drift = paint.slope[0] * (x - side / 2) + paint.slope[1] * (y - side / 2);
  const texture = paint.texture(x, y);
  const at = 3 * (y * side + x);
  for (let channel = 0; channel < 3; channel++) {
    const value = (paint.colour[channel] ?? 0) + drift + texture * (paint.grain[channel] ?? 0);
    canvas[at + channel] = (canvas[at + channel] ?? 0) * (1 - cover) + value * cover;
  }
}

function draw(canvas: Canvas, placed: Placed): void {
  const { outline, centre, radius, axis, edge } = placed;
  const wide = radius * Math.sqrt(placed.stretch);
  const high = radius / Math.sqrt(placed.stretch);
  // No outline reaches farther than 1.2 radii from its centre.
  const reach = 1.2 * Math.max(wide, high) + edge;
  const clip = (value: number): number => Math.min(side - 1, Math.max(0, value));
  const left = clip(Math.floor(centre[0] - reach));
  const right = clip(Math.ceil(centre[0] + reach));
  const bottom = clip(Math.ceil(centre[1] + reach));
  for (let y = clip(Math.floor(centre[1] - reach)); y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const dx = x - centre[0];
      const dy = y - centre[1];
      const distance = outline((dx * axis[0] + dy * axis[1]) / wide, (dy * axis[0] - dx * axis[1]) / high) * radius;
      const cover = 0.5 - distance / edge;
      if (cover > 0) blend(canvas, x, y, placed.paint, Math.min(1, cover));
    }
  }
}

const barOutline: Outline = (x, y) => Math.max(Math.abs(x) - 1, Math.abs(y) - 0.25);

/** A colour whose distance from `other` lies within the contrast range. */
function contrastingColour(random: Random, other: Colour): Colour {
  const [low, high] = nuisance.contrast;
  for (;;) {
    const colour = randomColour(random);
    const distance = contrast(colour, other);
    if (distance >= low && distance <= high) return colour;
  }
}

/** Small shapes, bars and shards that lie about. Colours of the scene come back, so that colour alone finds nothing. */
function fragment(random: Random, colours: readonly Colour[]): Placed {
  const colour =
    random.next() < 0.6 ? (colours[random.integer(colours.length)] ?? randomColour(random)) : randomColour(random);
  const bar = random.next() < 0.4;
  return {
    outline: bar ? barOutline : outlineOf(random.integer(shapeNames.length)),
    centre: [random.uniform(0, side), random.uniform(0, side)],
    radius: within(random, nuisance.fragmentRadius) * (bar ? 1.8 : 1),
    stretch: 1,
    axis: direction(random),
    edge: within(random, nuisance.edge),
    paint: randomPaint(random, colour, 0.4),
  };
}

/** A bar across the rim of the shape: it hides a part, never the middle. */
function occluder(random: Random, shape: Placed, colours: readonly Colour[]): Placed {
  const [x, y] = direction(random);
  const offset = shape.radius * random.uniform(0.4, 0.8);
  const half = within(random, nuisance.bar);
  const length = 4 * half;
  return {
    outline: barOutline,
    centre: [shape.centre[0] + x * offset, shape.centre[1] + y * offset],
    radius: length,
    stretch: 1,
    axis: random.next() < 0.5 ? [x, y] : direction(random),
    edge: within(random, nuisance.edge),
    paint: randomPaint(random, colours[random.integer(colours.length)] ?? randomColour(random), 0.5),
  };
}

/** Adds noise of a random strength and rounds to bytes. */
function develop(random: Random, canvas: Canvas, into: Uint8Array): void {
  const strength = within(random, nuisance.noise);
  for (let at = 0; at < into.length; at++) {
    // The sum of two uniform numbers: near enough to Gaussian, and alike on every machine.
    const grain = (random.next() + random.next() - 1) * strength;
    into[at] = Math.min(255, Math.max(0, Math.round((canvas[at] ?? 0) + grain)));
  }
}

/** Draws a picture of class `label` into `into`, `[32, 32, 3]` bytes. All chance comes from `random`. */
export function drawScene(random: Random, label: number, into: Uint8Array): void {
  const canvas: Canvas = new Float64Array(side * side * 3);
  const ground = randomColour(random);
  const background = randomPaint(random, ground, 1);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) blend(canvas, x, y, background, 1);

  const colour = contrastingColour(random, ground);
  const radius = within(random, nuisance.radius);
  // A small shape may stand anywhere, a large one near the middle: at most a tenth of it leaves the picture.
  const play = side / 2 - 0.9 * radius;
  const shape: Placed = {
    outline: outlineOf(label),
    centre: [side / 2 - 0.5 + random.uniform(-play, play), side / 2 - 0.5 + random.uniform(-play, play)],
    radius,
    stretch: within(random, nuisance.stretch),
    axis: direction(random),
    edge: within(random, nuisance.edge),
    paint: randomPaint(random, colour, 0.7),
  };
  const colours = [ground, colour, randomColour(random)];
  const [fewest, most] = nuisance.fragments;
  const fragments = fewest + random.integer(most - fewest + 1);
  for (let count = 0; count < fragments; count++) draw(canvas, fragment(random, colours));
  draw(canvas, shape);
  if (random.next() < nuisance.occluded) draw(canvas, occluder(random, shape, colours));
  develop(random, canvas, into);
}
