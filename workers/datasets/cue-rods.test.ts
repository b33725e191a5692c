import { describe, expect, it } from 'vitest';
import { drawCueRods } from './cue-rods';
import golden from './cue-rods/golden.json';
import { covers, randomRod, type Rod } from './cue-rods/rod';
import type { Dataset } from './dataset';
import { createRandom } from '../linalg/random';

const rod: Rod = { centre: [16, 16], axis: [1, 0], length: 20, halfWidth: 2.5, bend: 0, cue: [24, 16] };

interface Blob {
  readonly label: number;
  readonly pixels: readonly number[];
}

/** Connected object pixels of one mask: the rods. */
function blobsOf(mask: Uint8Array, side: number): Blob[] {
  const seen = new Set<number>();
  const blobs: Blob[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || seen.has(start)) continue;
    const pixels = [start];
    seen.add(start);
    for (const pixel of pixels) {
      const x = pixel % side;
      const near = [pixel - side, pixel + side, ...(x > 0 ? [pixel - 1] : []), ...(x < side - 1 ? [pixel + 1] : [])];
      for (const next of near) {
        if ((mask[next] ?? 0) === 0 || seen.has(next)) continue;
        seen.add(next);
        pixels.push(next);
      }
    }
    blobs.push({ label: mask[start] ?? 0, pixels });
  }
  return blobs;
}

/** Every image of the training split with its mask, distances and rods. */
function pictures({ splits: { train }, shape: [side] }: Dataset) {
  const size = side * side;
  return Array.from({ length: train.count }, (_, index) => {
    const mask = train.masks?.subarray(index * size, (index + 1) * size) ?? new Uint8Array();
    return {
      image: train.images.subarray(3 * index * size, 3 * (index + 1) * size),
      mask,
      distances: train.cueDistances?.subarray(index * size, (index + 1) * size) ?? new Float32Array(),
      blobs: blobsOf(mask, side),
    };
  });
}

describe('a rod', () => {
  it('covers half its length to each side and half its width across', () => {
    // The middle of pixel x is x + 0.5: 25.5 - 16 = 9.5 is inside 10, 26.5 - 16 = 10.5 is not.
    expect([covers(rod, 25, 16), covers(rod, 26, 16), covers(rod, 6, 16), covers(rod, 5, 16)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([covers(rod, 16, 18), covers(rod, 16, 19), covers(rod, 16, 13), covers(rod, 16, 12)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('bends by bend * u^2 to one side', () => {
    const bent = { ...rod, bend: 0.02 };
    // At u = 9.5 the middle line lies at 1.805: across is 3.5 - 1.805 = 1.695, then 2.695; on the other side -2.305, -3.305.
    expect([covers(bent, 25, 19), covers(bent, 25, 20), covers(bent, 25, 15), covers(bent, 25, 14)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('has its cue on the middle line, 2 pixels (times the scale) before one end', () => {
    for (const scale of [1, 2]) {
      const { centre, axis, length, bend, cue } = randomRod(createRandom(5), scale);
      const [dx, dy] = [cue[0] - centre[0], cue[1] - centre[1]];
      const along = dx * axis[0] + dy * axis[1];
      expect(along).toBeCloseTo(length / 2 - 2 * scale, 9);
      expect(dy * axis[0] - dx * axis[1]).toBeCloseTo(bend * along * along, 9);
    }
  });
});

describe('cue rods', () => {
  it('draws the bytes it always drew (networks trained on them depend on it)', async () => {
    for (const { id, ...options } of golden) {
      expect((await drawCueRods({ ...options, size: options.size === 64 ? 64 : 32 })).id).toBe(id);
    }
  });

  it.each([32, 64] as const)('places up to two rods of one class each, apart and mostly visible (%i)', async (size) => {
    const scale = size / 32;
    for (const { blobs } of pictures(await drawCueRods({ train: 12, validation: 0, test: 0, size }))) {
      expect(blobs.length).toBeLessThanOrEqual(2);
      for (const { pixels } of blobs) expect(pixels.length).toBeGreaterThanOrEqual(85 * scale * scale);
      const [one, other] = blobs;
      if (one === undefined || other === undefined) continue;
      const squares = one.pixels.flatMap((a) =>
        other.pixels.map((b) => ((a % size) - (b % size)) ** 2 + (Math.floor(a / size) - Math.floor(b / size)) ** 2),
      );
      expect(squares.reduce((least, square) => Math.min(least, square), Infinity)).toBeGreaterThan((2 * scale) ** 2);
    }
  });

  it('tells every object pixel how far its cue is, and shows the class there alone', async () => {
    const data = await drawCueRods({ train: 20, validation: 0, test: 0 });
    const far: number[] = [];
    for (const { image, mask, distances, blobs } of pictures(data)) {
      mask.forEach((label, pixel) => expect((distances[pixel] ?? NaN) >= 0).toBe(label > 0));
      for (const { label, pixels } of blobs) {
        const nearest = pixels.reduce((a, b) => ((distances[a] ?? 0) < (distances[b] ?? 0) ? a : b));
        // No pixel's middle is farther from any point than half a diagonal.
        expect(distances[nearest]).toBeLessThan(Math.SQRT1_2 + 1e-6);
        for (const pixel of pixels) {
          const [red = 0, green = 0, blue = 0] = image.subarray(3 * pixel, 3 * pixel + 3);
          if ((distances[pixel] ?? 0) <= 1.8)
            expect([red, green, blue]).toEqual([1, 2, 3].map((c) => (c === label ? 230 : 26)));
          else expect(red === green && green === blue).toBe(true);
        }
        far.push(pixels.reduce((most, pixel) => Math.max(most, distances[pixel] ?? 0), 0));
      }
    }
    // The far end is the length less 2 from the cue, at most 24 and a little for the width.
    expect(Math.max(...far)).toBeLessThan(24.3);
    expect(Math.max(...far)).toBeGreaterThan(20);
  });

  it('fills rods of all classes alike, brighter than the ground, at the stated deviations', async () => {
    const values: number[][] = [[], [], [], []];
    for (const { image, mask, distances } of pictures(await drawCueRods({ train: 150, validation: 0, test: 0 }))) {
      mask.forEach((label, pixel) => {
        const [red = 0, green = 0, blue = 0] = image.subarray(3 * pixel, 3 * pixel + 3);
        // Distractors and cues are no texture.
        if (Math.max(red, green, blue) === 230 && Math.min(red, green, blue) === 26) return;
        if (label === 0 || (distances[pixel] ?? 0) > 1.8) values[label]?.push(red / 255);
      });
    }
    const moments = values.map((list) => {
      const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
      return [mean, Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length)];
    });
    // Grey of deviation 0.12 and grain of 0.05 in each channel: 0.13. Brightness is cut off at 1, two deviations up.
    expect(moments[0]?.[0]).toBeCloseTo(0.35, 2);
    expect(moments[0]?.[1]).toBeCloseTo(0.13, 2);
    for (const [mean, deviation] of moments.slice(1)) {
      expect(Math.abs((mean ?? 0) - 0.75)).toBeLessThan(0.01);
      expect(Math.abs((deviation ?? 0) - 0.12)).toBeLessThan(0.01);
    }
  });

  it('scatters two discs of any class colour over the ground', async () => {
    for (const { image, mask } of pictures(await drawCueRods({ train: 30, validation: 0, test: 0 }))) {
      const ground = [...mask.keys()].filter((pixel) => mask[pixel] === 0);
      const coloured = ground.filter((pixel) => image.subarray(3 * pixel, 3 * pixel + 3).includes(230));
      // A disc of radius 1.8 holds 8 to 14 pixel middles; noise of 0.35 rarely reaches 230.
      expect(coloured.length).toBeGreaterThanOrEqual(8);
      expect(coloured.length).toBeLessThan(34);
    }
  });

  it('begins a larger set with the smaller one, and draws others for another seed', async () => {
    const one = await drawCueRods({ train: 5, validation: 2, test: 2, seed: 4 });
    const more = await drawCueRods({ train: 9, validation: 2, test: 2, seed: 4 });
    expect(more.splits.train.images.subarray(0, one.splits.train.images.length)).toEqual(one.splits.train.images);
    expect(more.splits.test.masks).toEqual(one.splits.test.masks);
    expect((await drawCueRods({ train: 5, validation: 2, test: 2, seed: 5 })).id).not.toBe(one.id);
  });
});
