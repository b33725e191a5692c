/** Drawing by signed distance: anti-aliased edges without supersampling. */
import type { Random } from '../../linalg/random';
import type { Outline } from './outlines';
import type { Paint } from './paint';

/** Height and width of a picture, pixels. */
export const side = 32;

/** Pixels `[32, 32, 3]` under construction, not yet rounded. */
export type Canvas = Float64Array;

/** An outline put somewhere in the picture. Lengths in pixels. */
export interface Placed {
  readonly outline: Outline;
  readonly centre: readonly [number, number];
  readonly radius: number;
  /** Width over height. */
  readonly stretch: number;
  /** Unit vector: where the outline's own x axis points. */
  readonly axis: readonly [number, number];
  /** Width of the edge: 1 is crisp, 2 out of focus. */
  readonly edge: number;
  readonly paint: Paint;
}

/** Mixes `paint` into the pixel by the share `cover`. */
function blend(canvas: Canvas, x: number, y: number, paint: Paint, cover: number): void {
  const drift = paint.slope[0] * (x - side / 2) + paint.slope[1] * (y - side / 2);
  const texture = paint.texture(x, y);
  const [red, green, blue] = paint.colour;
  const [redGrain, greenGrain, blueGrain] = paint.grain;
  const at = 3 * (y * side + x);
  const rest = 1 - cover;
  canvas[at] = (canvas[at] ?? 0) * rest + (red + drift + texture * redGrain) * cover;
  canvas[at + 1] = (canvas[at + 1] ?? 0) * rest + (green + drift + texture * greenGrain) * cover;
  canvas[at + 2] = (canvas[at + 2] ?? 0) * rest + (blue + drift + texture * blueGrain) * cover;
}

/** A canvas covered with `paint`. */
export function primed(paint: Paint): Canvas {
  const canvas = new Float64Array(side * side * 3);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) blend(canvas, x, y, paint, 1);
  return canvas;
}

/** Draws over what is there. */
export function draw(canvas: Canvas, placed: Placed): void {
  const { outline, radius, edge, paint } = placed;
  const [centreX, centreY] = placed.centre;
  const [axisX, axisY] = placed.axis;
  const wide = radius * Math.sqrt(placed.stretch);
  const high = radius / Math.sqrt(placed.stretch);
  // No outline reaches farther than 1.2 radii from its centre.
  const reach = 1.2 * Math.max(wide, high) + edge;
  const clip = (value: number): number => Math.min(side - 1, Math.max(0, value));
  const left = clip(Math.floor(centreX - reach));
  const right = clip(Math.ceil(centreX + reach));
  const bottom = clip(Math.ceil(centreY + reach));
  for (let y = clip(Math.floor(centreY - reach)); y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const dx = x - centreX;
      const dy = y - centreY;
      const distance = outline((dx * axisX + dy * axisY) / wide, (dy * axisX - dx * axisY) / high) * radius;
      const cover = 0.5 - distance / edge;
      if (cover > 0) blend(canvas, x, y, paint, Math.min(1, cover));
    }
  }
}

/** Adds noise of the given amplitude and rounds to bytes. */
export function develop(random: Random, canvas: Canvas, amplitude: number, into: Uint8Array): void {
  for (let at = 0; at < into.length; at++) {
    // The sum of two uniform 16-bit numbers, cut from one draw: near enough to Gaussian, and alike on every machine.
    const word = random.next() * 0x1_0000_0000;
    const grain = ((word >>> 16) + (word & 0xffff)) / 0xffff - 1;
    into[at] = Math.min(255, Math.max(0, Math.round((canvas[at] ?? 0) + grain * amplitude)));
  }
}
