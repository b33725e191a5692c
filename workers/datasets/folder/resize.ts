/** Resizes images, in plain arithmetic: the same result in every browser. */

/** Weights of the source pixels of one line that make one target pixel. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Taps of every target pixel for a stretch of `length` source pixels from `start`, scaled to `size`.
 * Shrinking averages the area a target pixel covers; growing interpolates linearly between pixel centres.
 */
function tapsOf(start: number, length: number, size: number): Taps[] {
  const scale = length / size;
  return Array.from({ length: size }, (_, target) => {
    if (scale <= 1) {
      const centre = Math.min(length - 1, Math.max(0, (target + 0.5) * scale - 0.5));
      const first = Math.floor(centre);
      const share = centre - first;
      return { first: start + first, weights: share === 0 ? [1] : [1 - share, share] };
    }
    const from = target * scale;
    const to = from + scale;
    const first = Math.floor(from);
    const last = Math.min(length, Math.ceil(to - 1e-9));
    const weights = Array.from({ length: last - first }, (_, offset) => {
      const pixel = first + offset;
      return (Math.min(to, pixel + 1) - Math.max(from, pixel)) / scale;
    });
    return { first: start + first, weights };
  });
}

/** A part of an image, pixels. */
interface Area {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The part `area` of an RGBA image that is `width` pixels wide, scaled to RGB `[size.height, size.width, 3]`. What is
 * transparent shows white.
 */
export function resized(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  area: Area,
  size: { readonly height: number; readonly width: number },
): Uint8Array {
  const columns = tapsOf(area.left, area.width, size.width);
  const rows = tapsOf(area.top, area.height, size.height);
  const result = new Uint8Array(size.height * size.width * 3);
  const sum = [0, 0, 0];
  for (let y = 0; y < size.height; y++) {
    const row = rows[y] ?? { first: 0, weights: [] };
    for (let x = 0; x < size.width; x++) {
      const column = columns[x] ?? { first: 0, weights: [] };
      sum.fill(0);
      for (let j = 0; j < row.weights.length; j++) {
        for (let i = 0; i < column.weights.length; i++) {
          const weight = (row.weights[j] ?? 0) * (column.weights[i] ?? 0);
          const at = 4 * ((row.first + j) * width + column.first + i);
          const opacity = (rgba[at + 3] ?? 255) / 255;
          for (let channel = 0; channel < 3; channel++) {
            const value = (rgba[at + channel] ?? 0) * opacity + 255 * (1 - opacity);
            sum[channel] = (sum[channel] ?? 0) + weight * value;
          }
        }
      }
      const at = 3 * (y * size.width + x);
      for (let channel = 0; channel < 3; channel++) result[at + channel] = Math.round(sum[channel] ?? 0);
    }
  }
  return result;
}

/** The centred square of an RGBA image, `[height, width, 4]`, scaled to RGB `[size, size, 3]`. */
export function squareOf(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  size: number,
): Uint8Array {
  const side = Math.min(width, height);
  const area = {
    top: Math.floor((height - side) / 2),
    left: Math.floor((width - side) / 2),
    height: side,
    width: side,
  };
  return resized(rgba, width, area, { height: size, width: size });
}
