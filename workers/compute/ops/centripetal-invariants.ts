/** For tests: pulled gradients against their definition in double precision, on any device. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { noise } from '../golden/golden';
import { centripetalGradients, type ClusteredGradient } from './centripetal';
import { clustersOf } from './clusters';

interface Case {
  readonly title: string;
  readonly shape: readonly number[];
  readonly axis: number;
  /** Cluster of each place along the axis. */
  readonly of: readonly number[];
  readonly strength: number;
}

const interleaved = (places: number, clusters: number): number[] =>
  Array.from({ length: places }, (_, place) => (place * 5) % clusters);

const cases: readonly Case[] = [
  { title: 'a kernel of 13 filters', shape: [3, 3, 5, 13], axis: 3, of: interleaved(13, 4), strength: 0.3 },
  { title: 'a kernel of 37, one alone', shape: [1, 1, 7, 37], axis: 3, of: [...interleaved(36, 7), 7], strength: 2 },
  { title: 'a depthwise kernel', shape: [3, 3, 22, 1], axis: 2, of: interleaved(22, 11), strength: 0.05 },
  { title: 'filters before other axes', shape: [6, 3, 4], axis: 0, of: [0, 1, 0, 2, 1, 0], strength: 0.7 },
  { title: 'a vector', shape: [64], axis: 0, of: interleaved(64, 9), strength: 0 },
  { title: 'one cluster of all', shape: [2, 130], axis: 1, of: interleaved(130, 1), strength: 0.3 },
];

function given({ shape, axis, of, strength }: Case, seed: number): ClusteredGradient {
  const draw = (own: number): tf.Tensor => tf.tensor(noise({ seed: own, shape, offset: 0 }), [...shape]);
  return { gradient: draw(seed), weights: draw(seed + 100), axis, clusters: clustersOf(of), strength };
}

/** Places of the same line and the same cluster as the value at `at`, itself among them. */
function companions({ shape, axis, of }: Case, at: number): number[] {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const place = Math.floor(at / inner) % of.length;
  return of.flatMap((cluster, other) => (cluster === of[place] ? [at + (other - place) * inner] : []));
}

/** Registers the tests. Call once a device runs. */
export function testCentripetalGradients(): void {
  it('are what their definition says, several at once, and leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const all = cases.map((one, at) => given(one, at));
    const found = centripetalGradients(all);
    expect(found).toHaveLength(cases.length);
    for (const [at, one] of cases.entries()) {
      const { gradient, weights } = all[at] ?? given(one, at);
      const [g, w] = [await gradient.data(), await weights.data()];
      const values = (await found[at]?.data()) ?? [];
      expect(found[at]?.shape).toEqual(one.shape);
      let apart = 0;
      for (let index = 0; index < g.length; index++) {
        const own = companions(one, index);
        const mean =
          own.reduce((sum, other) => sum + (g[other] ?? NaN) - one.strength * (w[other] ?? NaN), 0) / own.length;
        apart = Math.max(apart, Math.abs((values[index] ?? NaN) - (mean + one.strength * (w[index] ?? NaN))));
      }
      expect(apart, one.title).toBeLessThan(1e-5);
      tf.dispose([gradient, weights]);
    }
    tf.dispose(found);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of members with equal weights are equal to the bit', async () => {
    for (const [seed, one] of cases.entries()) {
      const { gradient, weights, ...rest } = given(one, seed);
      const w = await weights.data();
      const equal = tf.tensor(
        Array.from(w, (_, at) => w[companions(one, at)[0] ?? at] ?? NaN),
        [...one.shape],
      );
      const [pulled] = centripetalGradients([{ gradient, weights: equal, ...rest }]);
      const values = (await pulled?.data()) ?? [];
      expect(Array.from(values)).toEqual(Array.from(values, (_, at) => values[companions(one, at)[0] ?? at]));
      tf.dispose([gradient, weights, equal, ...(pulled === undefined ? [] : [pulled])]);
    }
  });
}
