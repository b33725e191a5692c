import { describe, expect, it } from 'vitest';
import { byClass, flipsOf } from './flips';

const comparison = {
  split: 'validation' as const,
  images: 5,
  labels: Uint16Array.of(0, 1, 2, 0, 1),
  answers: [
    { predictions: Uint16Array.of(0, 1, 0, 0, 0), margins: Float32Array.of(0.5, 0.25, -0.5, 1, -0.25) },
    { predictions: Uint16Array.of(0, 2, 1, 2, 1), margins: Float32Array.of(0.25, -0.25, -0.75, -0.5, 0.5) },
  ],
  pairs: [],
  testUses: 0,
};

describe('flips', () => {
  it('are the images answered differently, largest change of the margin first', () => {
    const flips = flipsOf(comparison, 0, 1);
    expect(flips.map(({ image, kind }) => [image, kind])).toEqual([
      [3, 'lost'],
      [4, 'gained'],
      [1, 'lost'],
      [2, 'moved'],
    ]);
    expect(flips[0]).toMatchObject({ label: 0, before: 0, after: 2, marginBefore: 1, marginAfter: -0.5 });
  });

  it('turn round with the order, and are none between a network and itself', () => {
    expect(flipsOf(comparison, 1, 0).map(({ kind }) => kind)).toEqual(['gained', 'lost', 'gained', 'moved']);
    expect(flipsOf(comparison, 1, 1)).toEqual([]);
  });
});

describe('accuracy by class', () => {
  it('is counted by hand, classes without images left out', () => {
    expect(byClass(comparison, 4)).toEqual([
      { label: 0, images: 2, accuracy: [1, 0.5] },
      { label: 1, images: 2, accuracy: [0.5, 0.5] },
      { label: 2, images: 1, accuracy: [0, 0] },
    ]);
  });
});
