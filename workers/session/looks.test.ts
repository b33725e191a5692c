/** What the page is shown of an image, against the reference interpreter. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../compute/executor';
import { createExecutor } from '../compute/runtime';
import { drawCueRods } from '../datasets/cue-rods';
import { DatasetError, type Dataset } from '../datasets/dataset';
import { drawShapes } from '../datasets/shapes';
import { runReference } from '../network/reference';
import { withPasses } from '../network/unrolled';
import { buildZooNetwork } from '../network/zoo';
import { tinyGated } from '../network/zoo/gating/tiny-gated';
import { evidenceAt, looksAt } from './looks';
import { probeImages } from './cutting';

let executor: Executor;
let rods: Dataset;
beforeAll(async () => {
  executor = await createExecutor({ device: 'wasm' });
  rods = await drawCueRods({ train: 4, validation: 4, test: 4, seed: 9 });
});
afterAll(() => executor.dispose());

const network = tinyGated({ passes: 2, image: [32, 32] });
const { signal } = new AbortController();
const request = { network, split: 'validation', image: 2, passes: 3 } as const;

/** The image as the network reads it: the third of the split. */
function pixelsOf(dataset: Dataset): { shape: number[]; values: Float32Array } {
  const { shape, values } = probeImages(network, dataset, 3);
  const size = values.length / shape[0];
  return { shape: [1, ...shape.slice(1)], values: values.slice(2 * size) };
}

function softmax(logits: ArrayLike<number>): number[] {
  const powers = Array.from(logits, Math.exp);
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

describe('looksAt', () => {
  it('tells answers and gates of every look, more looks than the network was built for included', async () => {
    const looks = await looksAt(executor, { ...request, dataset: rods });
    const long = withPasses(network, 3);
    const taps = ['pass2.stage1.gate', 'pass3.stage3.gate'];
    const expected = runReference(long, pixelsOf(rods), { taps });
    expect(looks.size).toEqual([32, 32]);
    expect(looks.image).toEqual(rods.splits.validation.images.slice(2 * 3072, 3 * 3072));
    expect(looks.truth).toEqual(rods.splits.validation.masks?.slice(2 * 1024, 3 * 1024));
    expect(looks.passes).toHaveLength(3);
    looks.passes.forEach(({ prediction, accuracy }, pass) => {
      const logits = expected.outputs[pass]?.values ?? [];
      const answers = Array.from({ length: 1024 }, (_, at) => {
        const own = Array.from(logits.slice(4 * at, 4 * at + 4));
        return own.indexOf(Math.max(...own));
      });
      expect([...(prediction ?? [])]).toEqual(answers);
      const right = answers.filter((answer, at) => answer === looks.truth?.[at]).length;
      expect(accuracy).toBeCloseTo(right / 1024, 6);
    });
    expect(looks.passes.map(({ gates }) => gates.map(({ stage }) => stage))).toEqual([[], [1, 2, 3], [1, 2, 3]]);
    for (const [pass, at, tap] of [
      [1, 0, taps[0]],
      [2, 2, taps[1]],
    ] as const) {
      const found = looks.passes[pass]?.gates[at];
      const map = expected.taps.get(tap ?? '');
      const [, height = 0, width = 0, channels = 0] = map?.shape ?? [];
      expect(found?.size).toEqual([height, width]);
      const values = map?.values ?? new Float64Array();
      const mean = (numbers: ArrayLike<number>): number =>
        Array.from(numbers).reduce((a, b) => a + b, 0) / numbers.length;
      expect(found?.map[5]).toBeCloseTo(mean(values.slice(5 * channels, 6 * channels)), 4);
      expect(found?.channels[3]).toBeCloseTo(mean(values.filter((_, place) => place % channels === 3)), 4);
    }
  });

  it('shows one look and class probabilities of a classifier', async () => {
    const shapes = await drawShapes({ train: 4, validation: 4, test: 4 });
    const plain = buildZooNetwork({ architecture: 'resnet8', widths: [4, 8, 8], seed: 3 });
    const looks = await looksAt(executor, { ...request, network: plain, dataset: shapes });
    expect(looks.passes).toHaveLength(1);
    expect(looks.truth).toBeNull();
    expect(looks.label).toBe(shapes.splits.validation.labels[2]);
    const expected = softmax(runReference(plain, pixelsOf(shapes)).outputs[0]?.values ?? []);
    looks.passes[0]?.probabilities?.forEach((value, at) => expect(value).toBeCloseTo(expected[at] ?? NaN, 4));
  });

  it('says which images there are when asked for another', async () => {
    const asked = looksAt(executor, { ...request, dataset: rods, image: 4 });
    await expect(asked).rejects.toThrow(DatasetError);
    await expect(asked).rejects.toThrow('The validation split has images 0 to 3; there is no image 4.');
  });
});

describe('evidenceAt', () => {
  const [row, column] = [13, 21];

  it('is how much less likely the answer is with a patch at the mean colour', async () => {
    const found = await evidenceAt(executor, { ...request, dataset: rods, row, column, signal });
    const whole = runReference(withPasses(network, 3), pixelsOf(rods)).outputs;
    const at = (row * 32 + column) * 4;
    const likely = whole.map(({ values }) => softmax(values.slice(at, at + 4)));
    expect(found.grid).toEqual([16, 16]);
    found.passes.forEach(({ answer, probabilities }, pass) => {
      const own = likely[pass] ?? [];
      expect(answer).toBe(own.indexOf(Math.max(...own)));
      probabilities.forEach((value, index) => expect(value).toBeCloseTo(own[index] ?? NaN, 4));
    });
    // Patches of 4 x 4 pixels, 16 of them spread over the 28 places of each side.
    for (const [down, right] of [
      [0, 0],
      [7, 11],
      [15, 15],
    ] as const) {
      const [top, left] = [Math.round((28 * down) / 15), Math.round((28 * right) / 15)];
      const hidden = pixelsOf(rods);
      for (let y = top; y < top + 4; y++) hidden.values.fill(0, (y * 32 + left) * 3, (y * 32 + left + 4) * 3);
      const { outputs } = runReference(withPasses(network, 3), hidden);
      outputs.forEach(({ values }, pass) => {
        const answer = found.passes[pass]?.answer ?? 0;
        const drop = (likely[pass]?.[answer] ?? 0) - (softmax(values.slice(at, at + 4))[answer] ?? 0);
        expect(found.passes[pass]?.drop[down * 16 + right]).toBeCloseTo(drop, 4);
      });
    }
  });

  it('gives the gates at the pixel, channel by channel', async () => {
    const found = await evidenceAt(executor, { ...request, dataset: rods, row, column, signal });
    const tap = 'pass2.stage3.gate';
    const gate = runReference(network, pixelsOf(rods), { taps: [tap] }).taps.get(tap);
    // Stage 3 reads an 8 x 8 map: row 13 of 32 lies in its row 3, column 21 in its column 5.
    const start = (3 * 8 + 5) * 32;
    const own = found.passes[1]?.gates.find(({ stage }) => stage === 3)?.values;
    expect(own).toHaveLength(32);
    own?.forEach((value, channel) => expect(value).toBeCloseTo(gate?.values[start + channel] ?? NaN, 4));
  });

  it('refuses a pixel outside the image', async () => {
    const asked = evidenceAt(executor, { ...request, dataset: rods, row: 32, column: 0, signal });
    await expect(asked).rejects.toThrow('The image has 32 x 32 pixels; there is none at 32, 0.');
  });
});
