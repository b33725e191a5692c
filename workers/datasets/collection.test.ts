import { describe, expect, it } from 'vitest';
import { divide, joined, noImages, type Collection } from './collection';
import { DatasetError, type Split } from './dataset';

/** Images of one pixel: image i is (i, i, i) and has label i modulo 2. */
function numbered(count: number, first = 0): Split {
  const values = Array.from({ length: count }, (_, index) => first + index);
  return {
    count,
    images: Uint8Array.from(values.flatMap((value) => [value, value, value])),
    labels: Uint16Array.from(values, (value) => value % 2),
  };
}

const first = ({ images }: Split): number | undefined => images[0];

function collection(train: number, validation: Split | null = null): Collection {
  return {
    source: 'x',
    title: 'X',
    classes: ['even', 'odd'],
    shape: [1, 1, 3],
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    flip: true,
    pools: { train: numbered(train), validation, test: numbered(20, 200) },
    notes: ['as it is'],
  };
}

describe('divide', () => {
  it('cuts masks where it cuts images, and tells sets apart by them', async () => {
    // Images of 1 x 2 pixels: the mask of image i is (i, 255 - i).
    const train: Split = {
      count: 4,
      images: new Uint8Array(24),
      labels: new Uint16Array(),
      masks: Uint8Array.of(0, 255, 1, 254, 2, 253, 3, 252),
    };
    const { splits, id } = await divide(
      { ...collection(0), pools: { ...collection(0).pools, train } },
      { validation: 1 },
    );
    expect(splits.train.masks).toEqual(Uint8Array.of(0, 255, 1, 254, 2, 253));
    expect(splits.validation.masks).toEqual(Uint8Array.of(3, 252));
    const masks = train.masks?.slice().fill(9, 7);
    const other = await divide(
      { ...collection(0), pools: { ...collection(0).pools, train: { ...train, masks } } },
      { validation: 1 },
    );
    expect(other.id).not.toBe(id);
  });

  it('takes validation from the end of the training images: a tenth, at least 500, at most half', async () => {
    const { splits, name } = await divide(collection(100));
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([50, 50, 20]);
    expect([first(splits.train), first(splits.validation), first(splits.test)]).toEqual([0, 50, 200]);
    expect(name).toBe('X (100 + 20 images)');
    for (const [images, held] of [
      [2000, 500],
      [8000, 800],
      [50_000, 5000],
    ] as const) {
      expect((await divide(collection(images))).splits.validation.count).toBe(held);
    }
  });

  it('leaves the validation images where they are when training is capped', async () => {
    const { splits } = await divide(collection(100), { validation: 30, train: 10, test: 5 });
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([10, 30, 5]);
    expect([first(splits.train), first(splits.validation)]).toEqual([0, 70]);
  });

  it('keeps a validation pool of its own', async () => {
    const { splits } = await divide(collection(100, numbered(10, 150)));
    expect([splits.train.count, splits.validation.count, first(splits.validation)]).toEqual([100, 10, 150]);
  });

  it('says when fewer images are there than were asked for', async () => {
    const { notes } = await divide(collection(100), { validation: 10, train: 500, test: 20 });
    expect(notes).toEqual(['as it is', '500 train images were asked for; there are 90.']);
  });

  it('refuses to leave nothing to train on', async () => {
    await expect(divide(collection(100), { validation: 100 })).rejects.toBeInstanceOf(DatasetError);
    await expect(divide(collection(100), { validation: 100 })).rejects.toThrow('100 validation images were asked for');
  });

  it('works without training images, for evaluation alone', async () => {
    const { splits } = await divide({ ...collection(0), pools: { ...collection(0).pools, train: noImages } });
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([0, 0, 20]);
  });

  it('gives an id that changes with bytes, labels, splits and classes', async () => {
    const id = async (change: Partial<Collection>, counts = {}): Promise<string> =>
      (await divide({ ...collection(100), ...change }, counts)).id;
    const base = await id({});
    expect(base).toMatch(/^x:[0-9a-f]{64}$/);
    expect(await id({ title: 'Y', notes: [] })).toBe(base);
    const others = [
      await id({ classes: ['odd', 'even'] }),
      await id({}, { validation: 49 }),
      await id({ pools: { ...collection(100).pools, test: numbered(20, 201) } }),
      await id({ pools: { ...collection(100).pools, test: { ...numbered(20, 200), labels: new Uint16Array(20) } } }),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
  });
});

it('joins batches in order', () => {
  const whole = joined([numbered(2), noImages, numbered(1, 7)]);
  expect([whole.count, [...whole.images], [...whole.labels]]).toEqual([3, [0, 0, 0, 1, 1, 1, 7, 7, 7], [0, 1, 1]]);
});
