import { expect, it } from 'vitest';
import { principalPlane, projected } from './principal-axes';
import { createRandom } from './random';

it('finds the axes a cloud was built on', () => {
  const random = createRandom(1);
  // Spread 5 along (3, 4, 0, 0) / 5 and 2 along the last coordinate, 0.01 elsewhere.
  const points = Array.from({ length: 400 }, () => {
    const [a, b] = [random.normal(0, 5), random.normal(0, 2)];
    return [0.6 * a + 7, 0.8 * a - 1, random.normal(0, 0.01), b];
  });
  const { origin, axes } = principalPlane(points);
  expect(origin[0]).toBeCloseTo(points.reduce((sum, [x = 0]) => sum + x, 0) / 400, 10);
  [0.6, 0.8, 0, 0].forEach((value, at) => expect(axes[0][at]).toBeCloseTo(value, 1));
  [0, 0, 0, 1].forEach((value, at) => expect(axes[1][at]).toBeCloseTo(value, 1));
  const across = axes[0].reduce((sum, value, at) => sum + value * (axes[1][at] ?? 0), 0);
  expect(Math.abs(across)).toBeLessThan(1e-12);
});

it('keeps distances of points that lie in a plane', () => {
  const points = [
    [0, 0, 1],
    [3, 0, 1],
    [0, 4, 1],
  ];
  const plane = principalPlane(points);
  const [[ax, ay], [bx, by], [cx, cy]] = points.map((point) => projected(plane, point)) as [
    [number, number],
    [number, number],
    [number, number],
  ];
  expect(Math.hypot(ax - bx, ay - by)).toBeCloseTo(3, 9);
  expect(Math.hypot(ax - cx, ay - cy)).toBeCloseTo(4, 9);
  expect(Math.hypot(bx - cx, by - cy)).toBeCloseTo(5, 9);
});

it('gives zero axes where nothing spreads', () => {
  const one = principalPlane([[1, 2, 3]]);
  expect(projected(one, [9, 9, 9])).toEqual([0, 0]);
  const line = principalPlane([
    [0, 0],
    [2, 2],
  ]);
  expect([...line.axes[1]]).toEqual([0, 0]);
  expect(projected(line, [2, 2])[0]).toBeCloseTo(Math.SQRT2, 12);
});
