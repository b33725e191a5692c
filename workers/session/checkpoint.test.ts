import { expect, it } from 'vitest';
import { readTrainState, writeTrainState } from './checkpoint';

it('brings the state of a stage back bit for bit', async () => {
  const state = {
    step: 42,
    optimiser: { 'stem.kernel': { shape: [1, 1, 3, 2], values: new Float32Array([1, -0, 1e-40, 3.5, NaN, 6]) } },
    variables: {
      gate: { shape: [2], values: new Float32Array([0.25, -1]) },
      empty: { shape: [0], values: new Float32Array() },
    },
    method: { 'optimiser/odd name': { shape: [], values: new Float32Array([7]) } },
  };
  expect(await readTrainState(writeTrainState(state))).toEqual(state);
});

it('refuses other bytes', async () => {
  await expect(readTrainState(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ name: 'FormatError' });
});
