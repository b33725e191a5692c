import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeInBrowser } from './decode';

const side = 16;

/** Pixel (x, y) is (16 x, 16 y, 128). */
const gradient = Uint8Array.from(
  Array.from({ length: side * side }, (_, at) => [16 * (at % side), 16 * Math.floor(at / side), 128]).flat(),
);

function png(data: Uint8Array, width: number, height: number, channels: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encode({ width, height, data, channels, depth: 8 }));
}

/** The gradient in a lossy format, by the browser's encoder. */
async function lossy(type: string): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(side, side);
  const pixels = new ImageData(side, side);
  for (let at = 0; at < side * side; at++) {
    pixels.data.set(gradient.subarray(3 * at, 3 * at + 3), 4 * at);
    pixels.data[4 * at + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type, quality: 0.95 })).arrayBuffer());
}

describe('decodeInBrowser', () => {
  it('gives a PNG of the right size back exactly', async () => {
    expect(await decodeInBrowser(png(gradient, side, side, 3), side)).toEqual(gradient);
  });

  it.each(['image/jpeg', 'image/webp'])('decodes %s to within a few levels', async (type) => {
    const decoded = await decodeInBrowser(await lossy(type), side);
    const differences = decoded.map((value, at) => Math.abs(value - (gradient[at] ?? 0)));
    const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
    expect(mean).toBeLessThan(6);
    expect(mean).toBeGreaterThan(0);
  });

  it('shrinks by area: two by two pixels become their mean', async () => {
    const half = await decodeInBrowser(png(gradient, side, side, 3), side / 2);
    // Pixel (3, 5) covers x 6, 7 and y 10, 11: means 16 * 6.5 and 16 * 10.5.
    expect([...half.subarray(3 * (5 * 8 + 3), 3 * (5 * 8 + 3) + 3)]).toEqual([104, 168, 128]);
  });

  it('reduces a photograph-sized image on the way', async () => {
    const large = new Uint8Array(3 * 2000 * 1500).fill(90);
    const decoded = await decodeInBrowser(png(large, 2000, 1500, 3), 32);
    expect(decoded).toEqual(new Uint8Array(32 * 32 * 3).fill(90));
  });

  it('shows white where an image is transparent', async () => {
    const clear = new Uint8Array(4 * 8 * 8);
    expect(await decodeInBrowser(png(clear, 8, 8, 4), 8)).toEqual(new Uint8Array(8 * 8 * 3).fill(255));
  });

  it.each([
    [
      'text',
      new TextEncoder().encode('this is no image, however long it may be'),
      'it is no PNG, JPEG, WebP, GIF or BMP image',
    ],
    ['nothing', new Uint8Array(), 'it is no PNG'],
  ])('says what is wrong: %s', async (_, bytes, message) => {
    await expect(decodeInBrowser(bytes, 32)).rejects.toThrow(message);
  });

  it('refuses a giant before decoding it', async () => {
    const bytes = png(gradient, side, side, 3);
    new DataView(bytes.buffer).setUint32(16, 100_000);
    new DataView(bytes.buffer).setUint32(20, 100_000);
    await expect(decodeInBrowser(bytes, 32)).rejects.toThrow('it claims 100000 x 100000 pixels');
  });

  it('says that a PNG is damaged', async () => {
    const bytes = png(gradient, side, side, 3);
    bytes.fill(0, 60);
    await expect(decodeInBrowser(bytes, 32)).rejects.toThrow('the PNG data is damaged');
  });
});
