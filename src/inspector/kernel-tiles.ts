/** The inspector's grid of kernels: where each tile stands and how a tap becomes a tone. */

export interface TileGrid {
  readonly columns: number;
  /** Side of a tile in pixels. */
  readonly tile: number;
  /** From one tile to the next, the underline included. */
  readonly pitchX: number;
  readonly pitchY: number;
  /** Of the whole grid; may exceed the height asked for when the tiles would become too small to read. */
  readonly height: number;
}

const GAP = 6;
/** Under each tile: 2 px of air, the 3 px importance bar, 5 px to the next. */
export const UNDERLINE = { gap: 2, height: 3, after: 5 } as const;
const BELOW = UNDERLINE.gap + UNDERLINE.height + UNDERLINE.after;
const LARGEST = 44;
const SMALLEST = 14;

/** The grid with the largest tiles that fit `width` x `height`; below the smallest size it grows downwards instead. */
export function tileGrid(count: number, width: number, height: number): TileGrid {
  let columns = 1;
  let tile = 0;
  for (let candidate = 4; candidate <= 32; candidate += 1) {
    const across = (width - GAP * (candidate - 1)) / candidate;
    const down = height / Math.ceil(count / candidate) - BELOW;
    const size = Math.min(across, down, LARGEST);
    if (size <= tile + 0.2) continue;
    tile = size;
    columns = candidate;
  }
  if (tile < SMALLEST) {
    columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
    tile = SMALLEST;
  }
  tile = Math.floor(tile);
  const pitchY = tile + BELOW;
  return { columns, tile, pitchX: tile + GAP, pitchY, height: Math.ceil(count / columns) * pitchY };
}

/** Position in the grid under a pointer, or null between tiles and past the last. */
export function tileAt(grid: TileGrid, count: number, x: number, y: number): number | null {
  const column = Math.floor(x / grid.pitchX);
  const row = Math.floor(y / grid.pitchY);
  if (x < 0 || y < 0 || column >= grid.columns || x - column * grid.pitchX > grid.tile) return null;
  const at = row * grid.columns + column;
  return at < count ? at : null;
}

/** What the worker answers to `kernels`. */
export interface KernelTaps {
  readonly filters: number;
  readonly size: readonly [number, number];
  /** `[filters, kh, kw]`, not negative. */
  readonly magnitude: Float32Array;
  /** `[filters, kh, kw, 3]`, signed; only where the layer reads RGB. */
  readonly rgb: Float32Array | null;
}

/**
 * Pixels of one filter's tile, RGBA, `kh * kw` of them: magnitudes run from `light` (0) to `dark` (the filter's
 * strongest tap; the layer's where a kernel has one tap only), signed RGB from black over middle grey (0) to full colour.
 */
export function tilePixels(
  taps: KernelTaps,
  filter: number,
  light: readonly [number, number, number],
  dark: readonly [number, number, number],
): Uint8ClampedArray {
  const count = taps.size[0] * taps.size[1];
  const pixels = new Uint8ClampedArray(count * 4).fill(255);
  if (taps.rgb !== null) {
    const values = taps.rgb.subarray(filter * count * 3, (filter + 1) * count * 3);
    const scale = largest(values);
    for (let at = 0; at < count * 3; at += 1) {
      pixels[Math.floor(at / 3) * 4 + (at % 3)] = 127.5 + 127.5 * ((values[at] ?? 0) / scale);
    }
    return pixels;
  }
  const values = taps.magnitude.subarray(filter * count, (filter + 1) * count);
  // A single tap has no pattern of its own: it is shown beside the layer's others.
  const scale = largest(count === 1 ? taps.magnitude : values);
  for (let tap = 0; tap < count; tap += 1) {
    // Averages over many inputs differ little; their squares, the taps' energy, tell them apart.
    const strength = ((values[tap] ?? 0) / scale) ** 2;
    for (const [channel, from] of light.entries()) {
      pixels[tap * 4 + channel] = from + ((dark[channel] ?? 0) - from) * strength;
    }
  }
  return pixels;
}

/** Largest magnitude; 1 for an empty or all-zero kernel, so that it can divide. */
function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most === 0 ? 1 : most;
}

/** "#rrggbb" as bytes. Anything else is black: tokens are written in that form. */
export function hexBytes(colour: string): readonly [number, number, number] {
  const value = /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : 0;
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
