import { describe, expect, it } from 'vitest';
import { gramMatrix, inOrderOfFirst, kMeans } from './k-means';
import { createRandom } from './random';

function cloud(seed: number, count: number, length: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Array.from({ length }, () => random.normal()));
}

/** The textbook formula, with centroids. */
function inertiaOf(points: readonly number[][], clusters: ArrayLike<number>): number {
  let total = 0;
  for (const cluster of new Set(Array.from(clusters))) {
    const members = points.filter((_, index) => clusters[index] === cluster);
    const centre = members[0]?.map(
      (_, at) => members.reduce((sum, point) => sum + (point[at] ?? 0), 0) / members.length,
    );
    for (const point of members) total += point.reduce((sum, value, at) => sum + (value - (centre?.[at] ?? 0)) ** 2, 0);
  }
  return total;
}

const draw = (seed: number): (() => number) => {
  const random = createRandom(seed);
  return () => random.next();
};

describe('k-means', () => {
  it('recovers points that are duplicates of each other', () => {
    const corners = cloud(1, 5, 20);
    const from = [0, 1, 2, 0, 3, 4, 1, 1, 2, 0, 4, 3];
    const points = from.map((corner) => corners[corner] ?? []);
    const found = kMeans({ gram: gramMatrix(points), clusters: 5, random: draw(2), restarts: 10 });
    expect([...found.clusters]).toEqual(from);
    expect(found.inertia).toBeLessThan(1e-9);
  });

  it('reports the inertia the textbook formula gives', () => {
    const points = cloud(3, 24, 9);
    const found = kMeans({ gram: gramMatrix(points), clusters: 7, random: draw(4), restarts: 3 });
    expect(found.inertia).toBeCloseTo(inertiaOf(points, found.clusters), 9);
  });

  it('is never worse than a start it was given', () => {
    for (const seed of [5, 6, 7]) {
      const points = cloud(seed, 16, 4);
      const even = Int32Array.from({ length: 16 }, (_, at) => at >> 1);
      const gram = gramMatrix(points);
      const found = kMeans({ gram, clusters: 8, random: draw(seed), restarts: 0, starts: [even] });
      expect(found.inertia).toBeLessThanOrEqual(inertiaOf(points, even) + 1e-9);
    }
  });

  it('leaves no cluster empty, even among equal points, and numbers clusters by their first members', () => {
    const equal = Array.from({ length: 6 }, () => [1, 2, 3]);
    for (const points of [equal, cloud(8, 6, 2)]) {
      for (let clusters = 1; clusters <= 6; clusters++) {
        const found = kMeans({ gram: gramMatrix(points), clusters, random: draw(9), restarts: 2 }).clusters;
        expect([...new Set(found)]).toEqual(Array.from({ length: clusters }, (_, at) => at));
      }
    }
  });

  it('gives the same clusters for the same seed', () => {
    const gram = gramMatrix(cloud(10, 30, 12));
    const run = (): Int32Array => kMeans({ gram, clusters: 11, random: draw(11), restarts: 4 }).clusters;
    expect(run()).toEqual(run());
  });

  it('refuses more clusters than points', () => {
    const gram = gramMatrix(cloud(12, 3, 2));
    expect(() => kMeans({ gram, clusters: 4, random: draw(1), restarts: 1 })).toThrow(/3 points/);
    expect(() => kMeans({ gram, clusters: 0, random: draw(1), restarts: 1 })).toThrow(RangeError);
  });
});

it('numbers labels by first appearance', () => {
  expect([...inOrderOfFirst([7, 3, 7, 0, 3])]).toEqual([0, 1, 0, 2, 1]);
});
