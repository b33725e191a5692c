/** Reads masks, PNG files whose pixels are class indices: exact, because no canvas and no colour management touch them. */
import { decode, type DecodedPng } from 'fast-png';
import { reasonOf } from '../dataset';

export interface Mask {
  readonly width: number;
  readonly height: number;
  /** `[height, width]`. */
  readonly indices: Uint8Array;
  /** Whether the file's palette is that of PASCAL VOC. */
  readonly vocPalette: boolean;
}

const mostPixels = 100e6;

/** Colour of class `index` in PASCAL VOC: the index's bits dealt out to red, green and blue, highest first. */
export function vocColour(index: number): readonly [number, number, number] {
  const colour: [number, number, number] = [0, 0, 0];
  for (let bit = 0; bit < 8; bit++) {
    for (let channel = 0; channel < 3; channel++) {
      colour[channel] = (colour[channel] ?? 0) | (((index >> (3 * bit + channel)) & 1) << (7 - bit));
    }
  }
  return colour;
}

const keyOf = (red: number, green: number, blue: number): number => (red << 16) | (green << 8) | blue;

/**
 * Class indices of a palette PNG (the index), a grey one (the value), or a coloured one (looked up in `colours`, index by
 * index; VOC's when absent). Throws an `Error` that says what is wrong with the file.
 */
export function readMask(bytes: Uint8Array, colours?: readonly (readonly number[])[]): Mask {
  // Width, height, depth, colour type, ..., interlacing stand at fixed places of the first chunk.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47) throw new Error('it is no PNG file');
  if (view.getUint32(16) * view.getUint32(20) > mostPixels) throw new Error('it is too large');
  if (bytes[28] === 1 && (bytes[24] ?? 8) < 8)
    throw new Error('it is interlaced with less than 8 bits a pixel; save it plain');
  let png: DecodedPng;
  try {
    png = decode(bytes);
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
  const { width, height, channels, palette } = png;
  const samples = unpacked(png);
  const vocPalette =
    palette !== undefined && [1, 2, 8, 15].every((at) => palette[at]?.slice(0, 3).join() === vocColour(at).join());
  if (channels >= 3) return { width, height, indices: lookedUp(samples, channels, colours), vocPalette };
  const indices = new Uint8Array(width * height);
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const value = samples[pixel * channels] ?? 0;
    if (value > 255) throw new Error(`it holds the value ${value}; class indices go up to 255`);
    indices[pixel] = value;
  }
  return { width, height, indices, vocPalette };
}

/** One entry per sample; several samples share a byte where they have fewer than 8 bits, the first in the highest ones. */
function unpacked({ data, width, height, depth }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const samples = new Uint8Array(width * height);
  const perByte = 8 / depth;
  const perLine = Math.ceil(width / perByte);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const byte = data[y * perLine + Math.floor(x / perByte)] ?? 0;
      samples[at] = (byte >> (8 - depth * ((x % perByte) + 1))) & ((1 << depth) - 1);
    }
  }
  return samples;
}

function lookedUp(samples: ArrayLike<number>, channels: number, colours?: readonly (readonly number[])[]): Uint8Array {
  const known = colours ?? Array.from({ length: 256 }, (_, index) => vocColour(index));
  const table = new Map(known.map(([red = 0, green = 0, blue = 0], index) => [keyOf(red, green, blue), index]));
  const indices = new Uint8Array(samples.length / channels);
  for (let pixel = 0, at = 0; pixel < indices.length; pixel++, at += channels) {
    const [red, green, blue] = [samples[at] ?? 0, samples[at + 1] ?? 0, samples[at + 2] ?? 0];
    const index = table.get(keyOf(red, green, blue));
    if (index === undefined) {
      throw new Error(`its colour (${red}, ${green}, ${blue}) is no class's; save masks as palette or grey PNG`);
    }
    indices[pixel] = index;
  }
  return indices;
}
