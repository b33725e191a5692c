import { describe, expect, it } from 'vitest';
import { createRandom } from './random';
import { ridgeChange } from './ridge';

const numbers = (seed: number, count: number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.next() * 2 - 1);
};

/** Sum of squares of X D - R, with plain loops. */
function loss(
  x: Float64Array,
  d: Float64Array,
  r: Float64Array,
  rows: number,
  inputs: number,
  outputs: number,
): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let answer = 0;
      for (let input = 0; input < inputs; input++)
        answer += (x[row * inputs + input] ?? 0) * (d[input * outputs + output] ?? 0);
      sum += (answer - (r[row * outputs + output] ?? 0)) ** 2;
    }
  }
  return sum;
}

describe('ridgeChange', () => {
  it('solves by hand: one input', () => {
    // x = (1, 2), r = (2, 2): D = 6 / (5 + strength * 5).
    const change = ridgeChange(
      { rows: 2, inputs: 1, values: Float64Array.of(1, 2) },
      { outputs: 1, values: Float64Array.of(2, 2) },
      0.2,
    );
    expect(change[0]).toBeCloseTo(1, 12);
  });

  it('finds weights again where the ridge is small', () => {
    const [rows, inputs, outputs] = [60, 7, 3];
    const x = numbers(1, rows * inputs);
    const w = numbers(2, inputs * outputs);
    const r = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < outputs; output++) {
        for (let input = 0; input < inputs; input++) {
          r[row * outputs + output] =
            (r[row * outputs + output] ?? 0) + (x[row * inputs + input] ?? 0) * (w[input * outputs + output] ?? 0);
        }
      }
    }
    const change = ridgeChange({ rows, inputs, values: x }, { outputs, values: r }, 1e-12);
    change.forEach((value, at) => expect(value).toBeCloseTo(w[at] ?? 0, 8));
  });

  it('never does worse than no change, whatever the ridge, and with fewer samples than inputs', () => {
    for (const [rows, strength] of [
      [40, 1e-9],
      [40, 0.1],
      [40, 100],
      [5, 1e-3],
    ] as const) {
      const [inputs, outputs] = [12, 2];
      const x = numbers(rows, rows * inputs);
      const r = numbers(rows + 1, rows * outputs);
      const change = ridgeChange({ rows, inputs, values: x }, { outputs, values: r }, strength);
      const none = loss(x, new Float64Array(inputs * outputs), r, rows, inputs, outputs);
      expect(loss(x, change, r, rows, inputs, outputs)).toBeLessThanOrEqual(none);
    }
  });

  it('changes nothing where nothing is missing, or no input says anything', () => {
    const x = numbers(3, 20 * 4);
    expect(ridgeChange({ rows: 20, inputs: 4, values: x }, { outputs: 2, values: new Float64Array(40) }, 0.01)).toEqual(
      new Float64Array(8),
    );
    const dead = new Float64Array(20 * 4);
    expect(ridgeChange({ rows: 20, inputs: 4, values: dead }, { outputs: 1, values: numbers(4, 20) }, 0.01)).toEqual(
      new Float64Array(4),
    );
  });

  it('refuses what does not fit', () => {
    const x = { rows: 2, inputs: 1, values: Float64Array.of(1, NaN) };
    expect(() => ridgeChange(x, { outputs: 1, values: new Float64Array(2) }, 0.1)).toThrow('not finite');
    expect(() => ridgeChange(x, { outputs: 1, values: new Float64Array(3) }, 0.1)).toThrow('do not fit');
    expect(() =>
      ridgeChange({ ...x, values: new Float64Array(2) }, { outputs: 1, values: new Float64Array(2) }, 0),
    ).toThrow('above 0');
  });
});
