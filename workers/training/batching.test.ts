import { describe, expect, it } from 'vitest';
import { DatasetError, ignoredPixel } from '../datasets/dataset';
import { createTrainingBatches, plainBatches, unlabelled, type HostBatch, type ImageSource } from './batching';

/** `count` grey-free 2x3 images: byte = 20 * image + position, label = image. */
function source(count: number, height = 2, width = 3): ImageSource {
  const size = height * width * 3;
  return {
    shape: [height, width, 3],
    normalisation: { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
    split: {
      count,
      images: Uint8Array.from({ length: count * size }, (_, at) => 20 * Math.floor(at / size) + (at % size) + 1),
      labels: Uint16Array.from({ length: count }, (_, index) => index),
    },
  };
}

/** With mean 0 and std 1/255 a normalised pixel is its byte again, up to float rounding. */
function bytes(batch: HostBatch): number[] {
  return [...batch.images].map((value) => Math.round(value));
}

describe('plainBatches', () => {
  it('takes every image once, in order, and keeps the short last batch', () => {
    const batches = [...plainBatches({ ...source(5), batchSize: 2 })];
    expect(batches.map((batch) => [...batch.labels])).toEqual([[0, 1], [2, 3], [4]]);
    expect(batches.map((batch) => batch.images.length)).toEqual([36, 36, 18]);
    const [, , last] = batches;
    expect(last && bytes(last)).toEqual(Array.from({ length: 18 }, (_, at) => 81 + at));
  });

  it('normalises by channel: (byte / 255 - mean) / std', () => {
    const one = source(1, 1, 1);
    const [batch] = plainBatches({
      ...one,
      split: { ...one.split, images: Uint8Array.of(0, 51, 255) },
      normalisation: { mean: [0.5, 0.2, 0.4], std: [0.25, 1, 0.2] },
      batchSize: 1,
    });
    // (0 - 0.5) / 0.25, (0.2 - 0.2) / 1, (1 - 0.4) / 0.2
    const wanted = [-2, 0, 3];
    wanted.forEach((value, at) => expect(batch?.images[at]).toBeCloseTo(value, 6));
  });

  it('stops at the asked number of images, first ones or drawn by seed', () => {
    const first = [...plainBatches({ ...source(9), batchSize: 4, images: 6 })];
    expect(first.flatMap((batch) => [...batch.labels])).toEqual([0, 1, 2, 3, 4, 5]);
    const drawn = () =>
      [...plainBatches({ ...source(9), batchSize: 4, images: 6, seed: 3 })].flatMap((b) => [...b.labels]);
    expect(new Set(drawn()).size).toBe(6);
    expect(drawn()).toEqual(drawn());
    expect(drawn()).not.toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuses a split without images', () => {
    expect(() => [...plainBatches({ ...source(0), batchSize: 4 })]).toThrow(DatasetError);
  });
});

describe('createTrainingBatches', () => {
  it('visits every image once an epoch, in a new order each epoch, and drops the rest', () => {
    const batches = createTrainingBatches({ ...source(11), batchSize: 4, seed: 7 });
    expect(batches.stepsPerEpoch).toBe(2);
    const epochs = [0, 1].map((epoch) => [0, 1].flatMap((step) => [...batches.batch(2 * epoch + step).labels]));
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(8);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('gives a step the same pixels whatever was asked before', () => {
    const options = { ...source(40, 6, 5), batchSize: 8, seed: 1, augmentation: { padding: 2, flip: true } };
    const straight = createTrainingBatches(options);
    for (let step = 0; step < 12; step++) straight.batch(step);
    const resumed = createTrainingBatches(options).batch(12);
    expect(resumed).toEqual(straight.batch(12));
    expect(createTrainingBatches({ ...options, seed: 2 }).batch(12)).not.toEqual(resumed);
  });

  it('draws imagesPerEpoch of the whole split afresh each epoch', () => {
    const batches = createTrainingBatches({ ...source(12), batchSize: 2, seed: 5, imagesPerEpoch: 4 });
    expect(batches.stepsPerEpoch).toBe(2);
    const seen = new Set<number>();
    for (let step = 0; step < 40; step++) for (const label of batches.batch(step).labels) seen.add(label);
    expect(seen.size).toBe(12);
  });

  it('makes one batch of a split smaller than a batch', () => {
    const batches = createTrainingBatches({ ...source(3), batchSize: 64, seed: 1 });
    expect(batches.stepsPerEpoch).toBe(1);
    expect(batches.batch(0).count).toBe(3);
  });

  it('crops from black padding and mirrors: every picture is one of the 18 possible, and all occur', () => {
    // Image 1x2 of pixels A = (1, 2, 3), B = (4, 5, 6); padding 1: rows shift by -1..1, columns by -1..1, flip or not.
    const A = [1, 2, 3];
    const B = [4, 5, 6];
    const O = [0, 0, 0];
    const possible = new Set<string>([[O, O].join(';')]);
    for (const line of [
      [O, A],
      [A, B],
      [B, O],
    ]) {
      possible.add(line.join(';'));
      possible.add([...line].reverse().join(';'));
    }
    const batches = createTrainingBatches({
      ...source(1, 1, 2),
      batchSize: 1,
      seed: 4,
      augmentation: { padding: 1, flip: true },
    });
    const seen = new Map<string, number>();
    for (let step = 0; step < 900; step++) {
      const values = bytes(batches.batch(step));
      const picture = [values.slice(0, 3), values.slice(3)].join(';');
      seen.set(picture, (seen.get(picture) ?? 0) + 1);
    }
    expect(new Set(seen.keys())).toEqual(possible);
    // Row shift 0 has probability 1/3, each of its six pictures 1/18 of all: 50 of 900, standard deviation 7.
    for (const [picture, count] of seen) {
      const expected = picture === [O, O].join(';') ? 600 : 50;
      expect(Math.abs(count - expected)).toBeLessThan(70);
    }
  });

  it('never mirrors where the data do not allow it', () => {
    const batches = createTrainingBatches({
      ...source(1, 1, 2),
      batchSize: 1,
      seed: 4,
      augmentation: { padding: 0, flip: false },
    });
    for (let step = 0; step < 20; step++) expect(bytes(batches.batch(step))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('batches of labelled pixels', () => {
  const side = 4;
  /** One picture whose pixel p has the colour (p + 1, p + 1, p + 1) and the class p; pixel 5 has none. */
  const labelled: ImageSource = {
    shape: [side, side, 3],
    // The mean lies at byte 0 and outside pixels show the mean: bytes are found again, 0 outside.
    normalisation: { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
    split: {
      count: 1,
      images: Uint8Array.from({ length: 3 * side * side }, (_, at) => Math.floor(at / 3) + 1),
      labels: new Uint16Array(),
      masks: Uint8Array.from({ length: side * side }, (_, pixel) => (pixel === 5 ? ignoredPixel : pixel)),
    },
  };
  const shown = (batch: HostBatch): number[] => bytes(batch).filter((_, at) => at % 3 === 0);

  it('keeps a mask as it is where nothing is augmented', () => {
    const [batch] = plainBatches({ ...labelled, batchSize: 1 });
    expect([...(batch?.labels ?? [])]).toEqual(
      Array.from({ length: 16 }, (_, pixel) => (pixel === 5 ? unlabelled : pixel)),
    );
  });

  it('moves the mask with the image: crops, flips and quarter turns', () => {
    const batches = createTrainingBatches({
      ...labelled,
      batchSize: 1,
      seed: 6,
      augmentation: { padding: 1, flip: true, quarterTurns: true },
    });
    for (let step = 0; step < 200; step++) {
      const batch = batches.batch(step);
      shown(batch).forEach((byte, pixel) => {
        // Byte 0 lies outside; byte 6 is the pixel without a class.
        const wanted = byte === 0 || byte === 6 ? unlabelled : byte - 1;
        expect(batch.labels[pixel]).toBe(wanted);
      });
    }
  });

  it('finds each of the eight turned and mirrored pictures about equally often', () => {
    const batches = createTrainingBatches({
      ...labelled,
      batchSize: 1,
      seed: 6,
      augmentation: { padding: 0, flip: true, quarterTurns: true },
    });
    const seen = new Map<string, number>();
    for (let step = 0; step < 800; step++) {
      const picture = shown(batches.batch(step)).join();
      seen.set(picture, (seen.get(picture) ?? 0) + 1);
    }
    const upright = Array.from({ length: 16 }, (_, pixel) => pixel + 1);
    const turned = upright.map((_, pixel) => upright[(3 - (pixel % 4)) * 4 + Math.floor(pixel / 4)] ?? 0);
    expect(seen.size).toBe(8);
    for (const picture of [upright, turned]) expect(seen.has(picture.join())).toBe(true);
    // 100 of 800 each, standard deviation 9.
    for (const count of seen.values()) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  it('refuses to turn what is not square', () => {
    const wide = { ...labelled, shape: [2, 8, 3] as const };
    const batches = createTrainingBatches({
      ...wide,
      batchSize: 1,
      seed: 1,
      augmentation: { padding: 0, flip: false, quarterTurns: true },
    });
    expect(() => [0, 1, 2, 3, 4, 5].map((step) => batches.batch(step))).toThrow('Only square images');
  });
});
