import { describe, expect, it } from 'vitest';
import type { Dataset, Split } from './dataset';
import { fittedTo } from './fit';

function split(pixels: readonly number[]): Split {
  return { count: 1, images: Uint8Array.from(pixels), labels: Uint16Array.of(4) };
}

/** One image of 1x2: red 100 green 200 blue 0, then 200 0 100. */
const pixels = [100, 200, 0, 200, 0, 100];
const dataset: Dataset = {
  id: 'two',
  name: 'two pixels',
  classes: ['a'],
  shape: [1, 2, 3],
  normalisation: { mean: [0.2, 0.4, 0.6], std: [0.1, 0.2, 0.3] },
  flip: true,
  splits: { train: split(pixels), validation: split(pixels), test: split(pixels) },
  notes: [],
};

describe('images made to fit a network', () => {
  it('stay as they are where they fit', () => {
    expect(fittedTo(dataset, [1, 2, 3])).toBe(dataset);
    expect(fittedTo(dataset, undefined)).toBe(dataset);
  });

  it('are resized between pixel centres, the border repeated', () => {
    // Four columns from two: centres at -0.25, 0.25, 0.75, 1.25, so 1, 3/4 + 1/4, 1/4 + 3/4, 1.
    const fitted = fittedTo(dataset, [1, 4, 3]);
    expect([...fitted.splits.train.images]).toEqual([100, 200, 0, 125, 150, 25, 175, 50, 75, 200, 0, 100]);
    expect(fitted.shape).toEqual([1, 4, 3]);
    expect([...fitted.splits.train.labels]).toEqual([4]);
    expect(fittedTo(dataset, [1, 4, 3])).toBe(fitted);
  });

  it('become grey by how bright colours look', () => {
    const fitted = fittedTo(dataset, [1, 2, 1]);
    // 0.299 * 100 + 0.587 * 200 = 147.3; 0.299 * 200 + 0.114 * 100 = 71.2.
    expect([...fitted.splits.test.images]).toEqual([147, 71]);
    expect(fitted.normalisation.mean[0]).toBeCloseTo(0.4);
    expect(fitted.normalisation.std[0]).toBeCloseTo(0.2);
  });

  it('are left alone where pixels have labels, or the network takes other channels', () => {
    const masked = { ...split(pixels), masks: Uint8Array.of(0, 0) };
    const segmentation: Dataset = { ...dataset, splits: { train: masked, validation: masked, test: masked } };
    expect(fittedTo(segmentation, [2, 4, 3])).toBe(segmentation);
    expect(fittedTo(dataset, [1, 2, 4])).toBe(dataset);
  });
});
