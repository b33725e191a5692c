import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { datasetCache } from './cache';
import { DatasetError, ignoredPixel } from './dataset';
import { readFolder } from './folder';
import type { DecodePicture } from './folder/decode';
import { openDataset } from './index';
import { memoryBlobStore } from './storage';
import { readVoc, type VocOptions } from './voc';
import { frameOf, placeMask } from './voc/fit';
import { layOutMasks, listFiles } from './voc/layout';
import { readMask, vocColour } from './voc/mask';

/** A PNG put together by hand: no row filters, no interlacing. `colourType` 0 = grey, 2 = RGB, 3 = palette. */
function png(
  width: number,
  rows: readonly (readonly number[])[],
  { depth = 8, colourType = 3, palette = [] as readonly (readonly number[])[], interlaced = 0 } = {},
): Uint8Array<ArrayBuffer> {
  const chunk = (name: string, data: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(12 + data.length);
    new DataView(bytes.buffer).setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(name), 4);
    bytes.set(data, 8);
    return bytes;
  };
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, rows.length);
  header.set([depth, colourType, 0, 0, interlaced], 8);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    ...(palette.length > 0 ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])))),
    chunk('IEND', new Uint8Array()),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const vocPalette = Array.from({ length: 256 }, (_, index) => vocColour(index));

describe('readMask', () => {
  it('knows the palette of PASCAL VOC', () => {
    expect([0, 1, 2, 8, 15, 20, 255].map((index) => [...vocColour(index)])).toEqual([
      [0, 0, 0],
      [128, 0, 0],
      [0, 128, 0],
      [64, 0, 0],
      [192, 128, 128],
      [0, 64, 128],
      [224, 224, 192],
    ]);
  });

  it('reads the index, not the colour, of 1, 2, 4 and 8 bits a pixel', () => {
    const two = [vocColour(0), vocColour(1)];
    // 1010 1|000: five pixels in one byte.
    expect([...readMask(png(5, [[0b10101000]], { depth: 1, palette: two })).indices]).toEqual([1, 0, 1, 0, 1]);
    // 3 0 2 1 | 2
    const rows = [[0b11001001, 0b10000000]];
    expect([...readMask(png(5, rows, { depth: 2, palette: vocPalette.slice(0, 4) })).indices]).toEqual([3, 0, 2, 1, 2]);
    const four = png(
      3,
      [
        [0xf0, 0x70],
        [0x12, 0x30],
      ],
      { depth: 4, palette: vocPalette.slice(0, 16) },
    );
    expect([...readMask(four).indices]).toEqual([15, 0, 7, 1, 2, 3]);
    const eight = readMask(png(3, [[20, 255, 0]], { palette: vocPalette }));
    expect([...eight.indices]).toEqual([20, 255, 0]);
    expect(eight.vocPalette).toBe(true);
  });

  it('gives back a mask that was written with the palette, in whatever order colours stand', () => {
    const indices = Array.from({ length: 300 }, (_, at) => (at * 37) % 256);
    const rows = Array.from({ length: 10 }, (_, row) => indices.slice(30 * row, 30 * row + 30));
    expect([...readMask(png(30, rows, { palette: vocPalette })).indices]).toEqual(indices);
    expect(readMask(png(30, rows, { palette: vocPalette.toReversed() })).vocPalette).toBe(false);
  });

  it('reads grey values, and colours by their class', () => {
    expect([...readMask(png(3, [[0, 11, 255]], { colourType: 0 })).indices]).toEqual([0, 11, 255]);
    const coloured = png(2, [[...vocColour(15), ...vocColour(255)]], { colourType: 2 });
    expect([...readMask(coloured).indices]).toEqual([15, 255]);
    const own = [
      [9, 9, 9],
      [1, 2, 3],
    ];
    expect([...readMask(png(2, [[1, 2, 3, 9, 9, 9]], { colourType: 2 }), own).indices]).toEqual([1, 0]);
  });

  it('says what is wrong with others', () => {
    expect(() => readMask(png(1, [[5, 6, 7]], { colourType: 2 }))).toThrow("colour (5, 6, 7) is no class's");
    expect(() => readMask(png(1, [[1, 44]], { colourType: 0, depth: 16 }))).toThrow('holds the value 300');
    expect(() => readMask(new TextEncoder().encode('a mask, honestly, that is longer than a header'))).toThrow(
      'no PNG',
    );
    expect(() => readMask(png(9, [[0]], { depth: 1, palette: vocPalette.slice(0, 2), interlaced: 1 }))).toThrow(
      'interlaced',
    );
    expect(() => readMask(png(3, [[1, 2, 3]], { palette: vocPalette }).subarray(0, 60))).toThrow();
  });
});

describe('fitting a mask', () => {
  it('keeps the shape, centres it and leaves the rest without a class', () => {
    // 4 x 2 into 4 x 4 pixels: two rows in the middle.
    const mask = { width: 4, height: 2, indices: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), vocPalette: false };
    const frame = frameOf(mask, [4, 4]);
    expect(frame).toEqual({ top: 1, left: 0, height: 2, width: 4 });
    const target = new Uint8Array(16);
    placeMask(mask, frame, target, 4);
    expect([...target]).toEqual([255, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255]);
  });

  it('makes no class that was not there, shrunk or enlarged', () => {
    const indices = Uint8Array.from({ length: 77 }, (_, at) => [0, 100, 200][at % 3] ?? 0);
    for (const size of [
      [3, 3],
      [5, 40],
      [64, 64],
    ] as const) {
      const mask = { width: 11, height: 7, indices, vocPalette: false };
      const target = new Uint8Array(size[0] * size[1]);
      placeMask(mask, frameOf(mask, size), target, size[1]);
      for (const value of target) expect([0, 100, 200, ignoredPixel]).toContain(value);
    }
  });
});

const named = { name: 'street', seed: 1 };

describe('layOutMasks', () => {
  const paths = (ids: readonly string[], root = 'VOC/'): string[] =>
    ids.flatMap((id) => [`${root}JPEGImages/${id}.jpg`, `${root}SegmentationClass/${id}.png`]);

  it('pairs by name below any parent folder and reports what has no partner', () => {
    const all = [
      ...paths(['a', 'b']),
      'VOC/JPEGImages/c.jpg',
      'VOC/SegmentationClass/d.png',
      'VOC/SegmentationObject/a.png',
      '__MACOSX/VOC/JPEGImages/._a.jpg',
    ];
    const { splits, notes } = layOutMasks(all, new Map([['train', 'a\nb\r\nx\n']]), named);
    expect(splits.train).toEqual([
      { id: 'a', image: 'VOC/JPEGImages/a.jpg', mask: 'VOC/SegmentationClass/a.png' },
      { id: 'b', image: 'VOC/JPEGImages/b.jpg', mask: 'VOC/SegmentationClass/b.png' },
    ]);
    expect(notes).toEqual([
      '1 images have no mask and are left out: "c".',
      '1 masks have no image and are left out: "d".',
      '1 listed names have no image with a mask and are left out: "x".',
    ]);
  });

  it('takes the lists of segmentation, not those of other tasks, and lines with paths', () => {
    const lists = listFiles([
      'V/ImageSets/Main/train.txt',
      'V/ImageSets/Segmentation/train.txt',
      'V/ImageSets/Main/val.txt',
    ]);
    expect([...lists]).toEqual([
      ['train', 'V/ImageSets/Segmentation/train.txt'],
      ['validation', 'V/ImageSets/Main/val.txt'],
    ]);
    const text = '/data/JPEGImages/a.jpg /data/SegmentationClass/a.png\n\n';
    const { splits } = layOutMasks(
      paths(['a', 'b']),
      new Map([
        ['train', text],
        ['validation', 'a\nb'],
      ]),
      named,
    );
    expect(splits.train.map(({ id }) => id)).toEqual(['a']);
    expect(splits.validation.map(({ id }) => id)).toEqual(['b']);
  });

  it('divides by folders, or 80 to 20 by the seed, into splits that share nothing', () => {
    const folders = ['images/train/a.jpg', 'images/val/b.jpg', 'masks/train/a.png', 'masks/val/b.png'];
    const { splits } = layOutMasks(folders, new Map(), named);
    expect([splits.train[0]?.id, splits.validation[0]?.id, splits.test.length]).toEqual(['train/a', 'val/b', 0]);
    const many = paths(
      Array.from({ length: 50 }, (_, at) => `i${at}`),
      '',
    );
    const ids = (seed: number) => {
      const drawn = layOutMasks(many, new Map(), { ...named, seed }).splits;
      return [drawn.train, drawn.validation, drawn.test].map((list) => list.map(({ id }) => id));
    };
    expect(ids(1).map(({ length }) => length)).toEqual([40, 5, 5]);
    expect(new Set(ids(1).flat()).size).toBe(50);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(2)).not.toEqual(ids(1));
  });

  it('asks for both folders where one is missing', () => {
    expect(() => layOutMasks(['x/images/a.jpg'], new Map(), named)).toThrow(DatasetError);
    expect(() => layOutMasks(['x/images/a.jpg'], new Map(), named)).toThrow('no image with a mask');
  });
});

/** A picture of one colour all over; as those of `ImageData`, its fields are getters. */
class FlatPicture {
  constructor(
    private readonly size: readonly [number, number],
    private readonly colour: readonly number[],
  ) {}
  get width() {
    return this.size[0];
  }
  get height() {
    return this.size[1];
  }
  get data() {
    const length = 4 * this.width * this.height;
    return Uint8Array.from({ length }, (_, at) => (at % 4 === 3 ? 255 : (this.colour[at % 4] ?? 0)));
  }
}

/** Stands in for the browser's decoder. */
const flat =
  (width: number, height: number, colour: readonly number[]): DecodePicture =>
  () =>
    Promise.resolve(new FlatPicture([width, height], colour));

const classFile = JSON.stringify({
  classes: ['sky', 'road', 'car', 'void'].map((name, id) => ({ id, name })),
  ignoreIndex: 3,
});
const street = [
  new File(
    [
      png(
        4,
        [
          [0, 1, 2, 3],
          [1, 1, 0, 255],
        ],
        { colourType: 0 },
      ),
    ],
    's/masks/a.png',
  ),
  new File(
    [
      png(
        4,
        [
          [0, 0, 0, 0],
          [2, 2, 2, 2],
        ],
        { colourType: 0 },
      ),
    ],
    's/masks/b.png',
  ),
  new File(['jpeg'], 's/images/a.jpg'),
  new File(['jpeg'], 's/images/b.jpg'),
  new File(['a'], 's/train.txt'),
  new File(['b'], 's/val.txt'),
  new File([classFile], 's/classes.json'),
];
const options: VocOptions = { name: 's', size: [4, 4], picture: flat(4, 2, [10, 20, 30]) };

describe('readVoc', () => {
  it('reads image and mask alike: classes by number, ignored ones and the padding without class, mean colour around', async () => {
    const { pools, classes, notes, shape, augmentation } = await readVoc(street, options);
    expect({ classes, notes, shape }).toEqual({
      classes: ['sky', 'road', 'car'],
      notes: ['There are no test images.'],
      shape: [4, 4, 3],
    });
    const [n, none] = [ignoredPixel, [ignoredPixel, ignoredPixel, ignoredPixel, ignoredPixel]];
    expect([...(pools.train.masks ?? [])]).toEqual([...none, 0, 1, 2, n, 1, 1, 0, n, ...none]);
    expect([...(pools.validation?.masks ?? [])]).toEqual([...none, 0, 0, 0, 0, 2, 2, 2, 2, ...none]);
    expect(pools.train.images).toEqual(Uint8Array.from({ length: 48 }, (_, at) => 10 * ((at % 3) + 1)));
    expect(augmentation).toEqual({ padding: 0, quarterTurns: false });
  });

  it('keeps some classes and leaves the others without one, or makes them background', async () => {
    const kept = await readVoc(street, { ...options, classes: ['car', 'sky'] });
    expect(kept.classes).toEqual(['car', 'sky']);
    expect([...(kept.pools.train.masks ?? [])].slice(4, 12)).toEqual([1, 255, 0, 255, 255, 255, 1, 255]);
    const ground = await readVoc(street, { ...options, classes: ['car'], others: 'background' });
    expect(ground.classes).toEqual(['background', 'car']);
    expect([...(ground.pools.train.masks ?? [])].slice(4, 12)).toEqual([0, 0, 1, 255, 0, 0, 0, 255]);
    await expect(readVoc(street, { ...options, classes: ['dog'] })).rejects.toThrow(
      'no class "dog"; it has sky, road, car',
    );
  });

  it('names VOC classes by the palette, others by number, and says so', async () => {
    const files = (palette: readonly (readonly number[])[]) => [
      new File([png(4, [[0, 15, 15, 255]], { palette })], 'V/SegmentationClass/a.png'),
      new File(['jpeg'], 'V/JPEGImages/a.jpg'),
    ];
    const picture = flat(4, 1, [0, 0, 0]);
    const voc = await readVoc(files(vocPalette), { ...options, picture });
    expect([voc.classes.length, voc.classes[15]]).toEqual([21, 'person']);
    const other = await readVoc(files(vocPalette.toReversed()), { ...options, picture });
    expect([other.classes.length, other.classes[15]]).toEqual([16, 'class 15']);
    expect(other.notes).toContain('No classes.json names the classes; they are called by number.');
  });

  it('names single pairs that cannot be read, and gives up when many cannot', async () => {
    const broken = new File(['no png'], 's/masks/c.png');
    const more = [...street, broken, new File(['jpeg'], 's/images/c.jpg'), new File(['a\nc'], 's/train.txt')];
    const { pools, notes } = await readVoc(
      more.filter((file) => file.name !== 's/train.txt' || file.size > 1),
      options,
    );
    expect(pools.train.count).toBe(1);
    expect(notes).toContain('1 images could not be read: "c" (it is no PNG file).');
    await expect(readVoc(street, { ...options, picture: flat(2, 4, [0, 0, 0]) })).rejects.toThrow('of different shape');
    await expect(readVoc([...street.slice(0, 6), new File(['{'], 's/classes.json')], options)).rejects.toThrow(
      '"s/classes.json" is no JSON',
    );
  });

  it('is known when it is opened for classification, and kept for the next visit', async () => {
    await expect(readFolder(street, { name: 's' })).rejects.toMatchObject({ kind: 'masks' });
    const cache = datasetCache(memoryBlobStore());
    const request = { source: 'voc', name: 's', size: [4, 4] } as const;
    const first = await openDataset(request, street, { cache, picture: options.picture });
    expect(await openDataset(request, [], { cache })).toEqual(first);
    await expect(openDataset({ ...request, size: [8, 8] }, [], { cache })).rejects.toThrow(
      'open the folder or zip archive again',
    );
  });
});

const camvid = new URL('../../../shared/camvid-small', import.meta.url).pathname;

describe.skipIf(!existsSync(camvid))('CamVid, small (needs ../shared/camvid-small)', () => {
  it('reads all its masks: 367, 101 and 78 images of 11 classes, as they are at their own size', async () => {
    const files = ['', 'masks', 'images'].flatMap((folder) =>
      readdirSync(join(camvid, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => {
          // Node decodes no JPEG: of the images the names alone are read here.
          const bytes = folder === 'images' ? 'jpeg' : readFileSync(join(camvid, folder, name));
          return new File([bytes], join('camvid', folder, name));
        }),
    );
    const set = await readVoc(files, { name: 'camvid', size: [90, 120], picture: flat(120, 90, [99, 99, 99]) });
    expect([set.pools.train.count, set.pools.validation?.count, set.pools.test.count]).toEqual([367, 101, 78]);
    expect(set.classes).toEqual(
      'Sky Building Pole Road Pavement Tree SignSymbol Fence Car Pedestrian Bicyclist'.split(' '),
    );
    expect(set.notes).toEqual([]);
    const [name = ''] = readFileSync(join(camvid, 'train.txt'), 'utf8').split(/\s+/);
    const first = readMask(readFileSync(join(camvid, 'masks', name)));
    const read = set.pools.train.masks?.subarray(0, 90 * 120);
    expect(read).toEqual(first.indices.map((index) => (index === 11 ? ignoredPixel : index)));
  });
});

it('reads what another writer wrote', () => {
  const data = Uint8Array.of(0, 1, 2, 3, 4, 255);
  const written = encode({ width: 3, height: 2, data, channels: 1, depth: 8 });
  expect(readMask(new Uint8Array(written)).indices).toEqual(data);
});
