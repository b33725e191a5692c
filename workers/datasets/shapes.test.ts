import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { drawShapes } from './shapes';
import golden from './shapes/golden.json';
import { outlineOf, shapeNames } from './shapes/outlines';
import { measureNormalisation } from './traits';

const bytesPerImage = 32 * 32 * 3;
const small = { train: 200, validation: 100, test: 100, seed: 3 };

describe('Shapes-10', () => {
  it('draws the bytes it always drew (networks trained on it depend on them)', async () => {
    const { id, ...options } = golden;
    expect((await drawShapes(options)).id).toBe(id);
  });

  it('has ten balanced classes in every beginning of a split', async () => {
    const { splits, classes } = await drawShapes(small);
    expect(classes).toHaveLength(10);
    for (const { labels } of Object.values(splits)) {
      for (const length of [10, 55, 100]) {
        const counts = new Array<number>(10).fill(0);
        for (const label of labels.subarray(0, length)) counts[label] = (counts[label] ?? 0) + 1;
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('begins a larger set with the smaller one', async () => {
    const one = await drawShapes({ ...small, train: 30 });
    const { splits } = await drawShapes(small);
    expect(splits.train.images.subarray(0, 30 * bytesPerImage)).toEqual(one.splits.train.images);
    expect(splits.train.labels.subarray(0, 30)).toEqual(one.splits.train.labels);
    expect(splits.test.images).toEqual(one.splits.test.images);
  });

  it('draws no image twice, in no two splits, and other images for another seed', async () => {
    const [one, other] = [await drawShapes(small), await drawShapes({ ...small, seed: 4 })];
    const seen = new Set<string>();
    for (const { splits } of [one, other]) {
      for (const { images, count } of Object.values(splits)) {
        for (let image = 0; image < count; image++) {
          seen.add(images.subarray(image * bytesPerImage, (image + 1) * bytesPerImage).join());
        }
      }
    }
    expect(seen.size).toBe(800);
    expect(one.id).not.toBe(other.id);
  });

  it('states its normalisation truly', async () => {
    const { splits, normalisation } = await drawShapes({ train: 500, validation: 1, test: 1 });
    const measured = measureNormalisation(splits.train);
    for (const channel of [0, 1, 2]) {
      // Images differ in brightness by some 0.15, so the mean of 500 is known to 0.007.
      expect(Math.abs((measured.mean[channel] ?? 0) - (normalisation.mean[channel] ?? 0))).toBeLessThan(0.02);
      expect(Math.abs((measured.std[channel] ?? 0) - (normalisation.std[channel] ?? 0))).toBeLessThan(0.02);
    }
  });

  it('stops when it is told to', async () => {
    await expect(drawShapes(small, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe.each(shapeNames.map((name, label) => ({ name, label })))('the outline of $name', ({ label }) => {
  const outline = outlineOf(label);

  it('is its own mirror image, so that a flip keeps the label', () => {
    const random = createRandom(1);
    for (let round = 0; round < 200; round++) {
      const [x, y] = [random.uniform(-1.5, 1.5), random.uniform(-1.5, 1.5)];
      expect(outline(-x, y)).toBeCloseTo(outline(x, y), 9);
    }
  });

  it('fills a fair part of its circle and stays within 1.2 radii', () => {
    let inside = 0;
    let farthest = 0;
    for (let y = -1.5; y < 1.5; y += 0.05) {
      for (let x = -1.5; x < 1.5; x += 0.05) {
        if (outline(x, y) >= 0) continue;
        inside += 0.05 * 0.05;
        farthest = Math.max(farthest, x * x + y * y);
      }
    }
    expect(farthest).toBeLessThan(1.44);
    // Area against that of the unit disc: sizes are alike, so that they do not give the class away.
    expect(inside / Math.PI).toBeGreaterThan(0.25);
    expect(inside / Math.PI).toBeLessThan(0.9);
  });

  it('changes with distance no faster than distance does, so that edges are neither hard nor torn', () => {
    const random = createRandom(2);
    for (let round = 0; round < 200; round++) {
      const [x, y] = [random.uniform(-1.4, 1.4), random.uniform(-1.4, 1.4)];
      const [dx, dy] = [random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05)];
      const step = Math.sqrt(dx * dx + dy * dy);
      expect(Math.abs(outline(x + dx, y + dy) - outline(x, y))).toBeLessThanOrEqual(step * 1.001);
    }
  });
});

it('has no eleventh class', () => {
  expect(() => outlineOf(10)).toThrow('Shapes-10 has labels 0 to 9, not 10.');
});
