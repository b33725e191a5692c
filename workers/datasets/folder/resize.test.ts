import { describe, expect, it } from 'vitest';
import { squareOf } from './resize';

/** RGBA pixels of a grey image given as rows of levels. */
function grey(rows: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(rows.flat().flatMap((level) => [level, level, level, 255]));
}

/** First channel of every pixel. */
const levels = (rgb: Uint8Array): number[] => [...rgb].filter((_, at) => at % 3 === 0);

describe('squareOf', () => {
  it('keeps an image of the right size', () => {
    const rgba = Uint8Array.from([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255]);
    expect([...squareOf(rgba, 2, 2, 2)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('averages areas when it shrinks, parts of pixels included', () => {
    expect(
      levels(
        squareOf(
          grey([
            [0, 100],
            [200, 40],
          ]),
          2,
          2,
          1,
        ),
      ),
    ).toEqual([85]);
    // 3 to 2: the middle line is shared in halves. (0 + 90 / 2) / 1.5 = 30, (90 / 2 + 210) / 1.5 = 170.
    const rows = [0, 90, 210].map((level) => [level, level, level]);
    expect(levels(squareOf(grey(rows), 3, 3, 2))).toEqual([30, 30, 170, 170]);
  });

  it('interpolates between pixel centres when it grows', () => {
    // Target centres lie at -0.25, 0.25, 0.75, 1.25 of the source pixels 0 and 1; the ends are held.
    const rows = [
      [0, 100],
      [0, 100],
    ];
    expect(levels(squareOf(grey(rows), 2, 2, 4)).slice(0, 4)).toEqual([0, 25, 75, 100]);
  });

  it('takes the centred square', () => {
    expect(
      levels(
        squareOf(
          grey([
            [9, 1, 2, 9],
            [9, 3, 4, 9],
          ]),
          4,
          2,
          2,
        ),
      ),
    ).toEqual([1, 2, 3, 4]);
    expect(levels(squareOf(grey([[9], [7], [9]]), 1, 3, 1))).toEqual([7]);
  });

  it('shows white through what is transparent', () => {
    expect([...squareOf(Uint8Array.from([0, 0, 0, 0]), 1, 1, 1)]).toEqual([255, 255, 255]);
    expect([...squareOf(Uint8Array.from([0, 100, 255, 51]), 1, 1, 1)]).toEqual([204, 224, 255]);
  });
});
