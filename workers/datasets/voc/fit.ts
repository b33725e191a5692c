/** Brings an image and its mask to one size: scaled alike to fit wholly, centred, the rest padded. */
import { ignoredPixel } from '../dataset';
import { resized } from '../folder/resize';
import type { Mask } from './mask';

/** Where the picture lies in its frame, in pixels. */
export interface Frame {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The largest frame of the picture's shape within `[height, width]`, centred. */
export function frameOf(
  picture: { readonly width: number; readonly height: number },
  [height, width]: readonly [number, number],
): Frame {
  const scale = Math.min(height / picture.height, width / picture.width);
  const high = Math.min(height, Math.max(1, Math.round(picture.height * scale)));
  const wide = Math.min(width, Math.max(1, Math.round(picture.width * scale)));
  return { top: Math.floor((height - high) / 2), left: Math.floor((width - wide) / 2), height: high, width: wide };
}

/** Scales an RGBA picture into its frame of `target`, `[height, width, 3]`, by area; outside nothing is written. */
export function placeImage(
  picture: { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint8ClampedArray },
  frame: Frame,
  target: Uint8Array,
  width: number,
): void {
  // Named one by one: those of the browser's `ImageData` are no own properties and would be lost in a spread.
  const { data, width: wide, height: high } = picture;
  const scaled = resized(data, wide, { top: 0, left: 0, width: wide, height: high }, frame);
  for (let y = 0; y < frame.height; y++) {
    const line = scaled.subarray(3 * y * frame.width, 3 * (y + 1) * frame.width);
    target.set(line, 3 * ((frame.top + y) * width + frame.left));
  }
}

/** Scales a mask into its frame of `target`, `[height, width]`, by nearest neighbour; the rest has no class. */
export function placeMask(mask: Mask, frame: Frame, target: Uint8Array, width: number): void {
  target.fill(ignoredPixel);
  for (let y = 0; y < frame.height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / frame.height);
    for (let x = 0; x < frame.width; x++) {
      const column = Math.floor(((x + 0.5) * mask.width) / frame.width);
      target[(frame.top + y) * width + frame.left + x] = mask.indices[row * mask.width + column] ?? ignoredPixel;
    }
  }
}
