/** From what the worker sends to coloured pixels. Pure: `picture.tsx` puts them on a canvas. */
import type { Palette } from '../ui/palette';
import { classColour, parseColour } from './class-colour';

/** A picture before it has colours. */
export type Content =
  | { readonly kind: 'image'; readonly values: Uint8Array }
  | { readonly kind: 'classes'; readonly values: Uint8Array }
  /** 0 = two networks say the same, 1 = only the first is right, 2 = only the second, 3 = neither. */
  | { readonly kind: 'difference'; readonly values: Uint8Array }
  /** Weak to strong on the ramp; `range` are the values of its ends. */
  | { readonly kind: 'gates'; readonly values: Float32Array; readonly range: readonly [number, number] }
  /** Paper at 0 or less, the colour of gates at `most`. */
  | { readonly kind: 'evidence'; readonly values: Float32Array; readonly most: number };

/** RGBA, row-major, for `ImageData`. */
export function colouredPixels(content: Content, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const count = content.kind === 'image' ? content.values.length / 3 : content.values.length;
  const pixels = new Uint8ClampedArray(4 * count);
  const write = colourer(content, palette);
  for (let at = 0; at < count; at++) {
    const [r, g, b] = write(at);
    pixels.set([r, g, b, 255], 4 * at);
  }
  return pixels;
}

type Rgb = readonly [number, number, number];

function colourer(content: Content, { colour, ramp }: Palette): (at: number) => Rgb {
  switch (content.kind) {
    case 'image': {
      const { values } = content;
      return (at) => [values[3 * at] ?? 0, values[3 * at + 1] ?? 0, values[3 * at + 2] ?? 0];
    }
    case 'classes': {
      const background = parseColour(colour.shade);
      return (at) => classColour(content.values[at] ?? 0, background);
    }
    case 'difference': {
      // Apart by lightness too, for eyes that do not tell red from green.
      const kinds = [colour.shade, colour.brick, ramp[4] ?? colour.green, colour.line2].map(parseColour);
      return (at) => kinds[content.values[at] ?? 0] ?? [0, 0, 0];
    }
    case 'gates': {
      const stops = [parseColour(colour.paper), ...ramp.map(parseColour)];
      const [low, high] = content.range;
      return (at) => between(stops, ((content.values[at] ?? low) - low) / (high - low || 1));
    }
    case 'evidence': {
      const stops = [parseColour(colour.paper), parseColour(colour.gating)];
      return (at) => between(stops, (content.values[at] ?? 0) / (content.most || 1));
    }
  }
}

/** The colour at `share` (0 to 1, clamped) of the way along `stops`. */
function between(stops: readonly Rgb[], share: number): Rgb {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const first = stops[Math.floor(place)] ?? [0, 0, 0];
  const second = stops[Math.ceil(place)] ?? first;
  const part = place - Math.floor(place);
  const mixed = (at: 0 | 1 | 2): number => Math.round(first[at] + (second[at] - first[at]) * part);
  return [mixed(0), mixed(1), mixed(2)];
}
