import { describe, expect, it } from 'vitest';
import { byClass, flipsOf, overlapByClass, pixelChangesOf } from './flips';

const comparison = {
  task: 'classification' as const,
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
      { label: 0, count: 2, accuracy: [1, 0.5] },
      { label: 1, count: 2, accuracy: [0.5, 0.5] },
      { label: 2, count: 1, accuracy: [0, 0] },
    ]);
  });
});

describe('where pixels have classes', () => {
  const figures = { mIoU: 0.5, perClass: [] };
  const pixels = {
    task: 'segmentation' as const,
    split: 'validation' as const,
    images: 4,
    labelled: Uint32Array.of(100, 10, 0, 50),
    answers: [
      { ...figures, right: Uint32Array.of(90, 5, 0, 25) },
      { ...figures, right: Uint32Array.of(70, 8, 0, 25) },
    ],
    pairs: [],
    testUses: 0,
  };

  it('images change by the share of their labelled pixels told right; those without a class do not', () => {
    expect(pixelChangesOf(pixels, 0, 1)).toEqual([
      { image: 1, kind: 'gained', before: 0.5, after: 0.8 },
      { image: 0, kind: 'lost', before: 0.9, after: 0.7 },
    ]);
    expect(pixelChangesOf(pixels, 1, 0).map(({ kind }) => kind)).toEqual(['lost', 'gained']);
    expect(pixelChangesOf(pixels, 0, 0)).toEqual([]);
  });

  it('classes are told by intersection over union, by hand', () => {
    const [first, second] = pixels.answers.map((own, at) => ({
      ...own,
      perClass: [
        { correct: 60, count: 100, answered: at === 0 ? 80 : 110 },
        { correct: 0, count: 0, answered: 0 },
      ],
    }));
    if (first === undefined || second === undefined) throw new Error('There are two.');
    expect(overlapByClass({ ...pixels, answers: [first, second] })).toEqual([
      { label: 0, count: 100, accuracy: [60 / 120, 60 / 150] },
    ]);
  });
});
