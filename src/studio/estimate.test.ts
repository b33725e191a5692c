import { describe, expect, it } from 'vitest';
import { interpolate } from './estimate';

const points = [
  { share: 1, accuracy: 0.96 },
  { share: 0.5, accuracy: 0.6 },
  { share: 0.7, accuracy: 0.8 },
];

describe('interpolate', () => {
  it('draws straight lines between the two nearest points', () => {
    expect(interpolate(points, 0.6)).toBeCloseTo(0.7, 12);
    expect(interpolate(points, 0.85)).toBeCloseTo(0.88, 12);
  });

  it('returns a measured point itself', () => {
    expect(interpolate(points, 0.7)).toBe(0.8);
  });

  it('says nothing beyond the points', () => {
    expect(interpolate(points, 0.49)).toBeNull();
    expect(interpolate([], 0.5)).toBeNull();
  });

  it('says nothing over a wide gap', () => {
    expect(
      interpolate(
        [
          { share: 1, accuracy: 0.96 },
          { share: 0.5, accuracy: 0.6 },
        ],
        0.9,
      ),
    ).toBeNull();
  });
});
