import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { withTurnedInput } from './input-channels';
import { runReference } from './reference';
import { networkFromText } from './text';

describe('the order of input channels', () => {
  it('turned in network and images leaves the answer as it was', () => {
    const network = networkFromText('input 5x4x3 / conv 4 3x3 p1 / relu / globalPool / dense 2 bias', 3);
    const random = createRandom(5).fork('images');
    const values = Float32Array.from({ length: 60 }, () => random.normal());
    const swapped = values.map((_, at) => values[at - (at % 3) + 2 - (at % 3)] ?? NaN);
    const [before] = runReference(network, { shape: [1, 5, 4, 3], values }).outputs;
    const [after] = runReference(withTurnedInput(network), { shape: [1, 5, 4, 3], values: swapped }).outputs;
    before?.values.forEach((value, at) => expect(after?.values[at]).toBeCloseTo(value, 12));
    const [same] = runReference(withTurnedInput(network), { shape: [1, 5, 4, 3], values }).outputs;
    expect(Math.abs((same?.values[0] ?? 0) - (before?.values[0] ?? 0))).toBeGreaterThan(1e-4);
  });

  it('is refused where something else than a convolution reads the input', () => {
    const network = networkFromText('input 4x4x3 / bn / conv 4 3x3 p1 / globalPool / dense 2', 3);
    expect(() => withTurnedInput(network)).toThrow("The order of the input's channels cannot be turned");
  });
});
