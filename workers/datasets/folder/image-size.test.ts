import { describe, expect, it } from 'vitest';
import { imageSize } from './image-size';

const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
const padded = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Array<number>(64).fill(0)]);

describe('imageSize', () => {
  it.each([
    [
      'png',
      padded(0x89, ...ascii('PNG\r\n'), 0x1a, 10, 0, 0, 0, 13, ...ascii('IHDR'), 0, 1, 0x86, 0xa0, 0, 0, 0, 7),
      100_000,
      7,
    ],
    // An APP0 segment of 16 bytes, then SOF0: precision 8, height 300, width 500.
    [
      'jpeg',
      padded(0xff, 0xd8, 0xff, 0xe0, 0, 16, ...new Array<number>(14).fill(1), 0xff, 0xc0, 0, 17, 8, 1, 44, 1, 244),
      500,
      300,
    ],
    ['gif', padded(...ascii('GIF89a'), 44, 1, 200, 0), 300, 200],
    [
      'webp',
      padded(...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBPVP8X'), 10, 0, 0, 0, 0, 0, 0, 0, 0x8f, 1, 0, 0x2b, 1, 0),
      400,
      300,
    ],
    ['webp', padded(...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBPVP8L'), 0, 0, 0, 0, 0x2f, 0x09, 0xc0, 0x01, 0), 10, 8],
    [
      'webp',
      padded(...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBPVP8 '), 0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0),
      64,
      48,
    ],
    [
      'bmp',
      padded(...ascii('BM'), ...new Array<number>(12).fill(0), 40, 0, 0, 0, 20, 0, 0, 0, 0xf6, 0xff, 0xff, 0xff),
      20,
      10,
    ],
  ])('%s', (format, bytes, width, height) => {
    expect(imageSize(bytes)).toEqual({ format, width, height });
  });

  it.each([
    ['text', padded(...ascii('hello'))],
    ['nothing', new Uint8Array()],
    ['a JPEG without a frame', padded(0xff, 0xd8, 0xff, 0xe0, 0, 16)],
    ['a JPEG whose segment has no length', padded(0xff, 0xd8, 0xff, 0xfe, 0, 0, 0, 0)],
  ])('knows no size of %s', (_, bytes) => {
    expect(imageSize(bytes)).toBeUndefined();
  });
});
