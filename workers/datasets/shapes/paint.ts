/** Colours and textures of Shapes-10: what fills a background, a shape or a fragment. */
import type { Random } from '../../linalg/random';

/** Red, green, blue in 0..255, not yet rounded. */
export type Colour = readonly [number, number, number];

/** The strength of a texture at a pixel, from -1 to 1. */
type Texture = (x: number, y: number) => number;

/** A base colour that drifts along one direction and carries a texture. */
export interface Paint {
  readonly colour: Colour;
  /** Change of all channels per pixel along x and y. */
  readonly slope: readonly [number, number];
  readonly texture: Texture;
  /** Change per channel at texture strength 1. */
  readonly grain: Colour;
}

/** A uniformly distributed unit vector, by rejection: no sine needed. */
export function direction(random: Random): readonly [number, number] {
  for (;;) {
    const x = random.uniform(-1, 1);
    const y = random.uniform(-1, 1);
    const square = x * x + y * y;
    if (square > 0.01 && square <= 1) return [x / Math.sqrt(square), y / Math.sqrt(square)];
  }
}

/** A colour of the given lightness, with up to `chroma` along the red-green and blue-yellow axes. */
function tint(random: Random, lightness: number, chroma: number): Colour {
  const [a, b] = direction(random);
  const amount = chroma * Math.sqrt(random.next());
  const redGreen = amount * a * Math.SQRT1_2;
  const blueYellow = amount * b * 0.4082;
  return [lightness + redGreen + blueYellow, lightness - redGreen + blueYellow, lightness - 2 * blueYellow];
}

export const randomColour = (random: Random): Colour => tint(random, random.uniform(45, 215), 110);

/** Euclidean distance of two colours. */
export function contrast(one: Colour, other: Colour): number {
  const [red, green, blue] = [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
  return Math.sqrt(red * red + green * green + blue * blue);
}

const plain = (): Texture => () => 0;

/** A triangle wave of period 1, from -1 to 1. */
function wave(phase: number): number {
  return 4 * Math.abs(phase - Math.floor(phase) - 0.5) - 1;
}

function stripes(random: Random): Texture {
  const [x1, y1] = direction(random);
  const period = random.uniform(3, 9);
  const offset = random.next();
  return (x, y) => wave((x * x1 + y * y1) / period + offset);
}

function checks(random: Random): Texture {
  const [x1, y1] = direction(random);
  const period = random.uniform(4, 10);
  return (x, y) => wave((x * x1 + y * y1) / period) * wave((y * x1 - x * y1) / period);
}

/** Smooth noise: a lattice of random values with cells of 3 to 8 pixels, joined by smoothstep. */
function clouds(random: Random): Texture {
  const cell = random.uniform(3, 8);
  // 32 pixels span at most 11 cells, and every cell needs the lattice line after it.
  const lattice = Float64Array.from({ length: 144 }, () => random.uniform(-1, 1));
  const knot = (column: number, row: number): number => lattice[12 * row + column] ?? 0;
  const smooth = (t: number): number => t * t * (3 - 2 * t);
  return (x, y) => {
    const column = Math.floor(x / cell);
    const row = Math.floor(y / cell);
    const right = smooth(x / cell - column);
    const down = smooth(y / cell - row);
    const upper = knot(column, row) * (1 - right) + knot(column + 1, row) * right;
    const lower = knot(column, row + 1) * (1 - right) + knot(column + 1, row + 1) * right;
    return upper * (1 - down) + lower * down;
  };
}

/** Clouds twice: they are the likeliest. */
const textures: readonly ((random: Random) => Texture)[] = [plain, stripes, checks, clouds, clouds];

/** A paint around `colour`; `strength` scales drift and texture, 1 = the strongest. */
export function randomPaint(random: Random, colour: Colour, strength: number): Paint {
  const [x, y] = direction(random);
  const drift = random.uniform(0, 2.2 * strength);
  const texture = textures[random.integer(textures.length)] ?? plain;
  return {
    colour,
    slope: [x * drift, y * drift],
    texture: texture(random),
    grain: tint(random, random.uniform(-34, 34) * strength, 40 * strength),
  };
}
