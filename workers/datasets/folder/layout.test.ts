import { describe, expect, it } from 'vitest';
import { DatasetError } from '../dataset';
import { layOut } from './layout';

/** `count` paths `<folder>/0.png`, `<folder>/1.png`, ... */
const images = (folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${folder}/${index}.png`);

const counts = ({ splits }: ReturnType<typeof layOut>): number[] => [
  splits.train.length,
  splits.validation.length,
  splits.test.length,
];

describe('layout of an image folder', () => {
  it('takes classes from subfolders, sorted, and holds out 15 % of each for validation and for test', () => {
    const layout = layOut([...images('pets/dogs', 20), ...images('pets/cats', 20)], 'pets');
    expect(layout.classes).toEqual(['cats', 'dogs']);
    expect(counts(layout)).toEqual([28, 6, 6]);
    for (const split of Object.values(layout.splits)) {
      const cats = split.filter(({ label }) => label === 0);
      expect(cats).toHaveLength(split.length / 2);
      expect(cats.every(({ path }) => path.startsWith('pets/cats/'))).toBe(true);
    }
  });

  it('never puts an image into two splits and leaves none out', () => {
    const paths = [...images('a', 37), ...images('b', 2), ...images('c/deep/er', 5)];
    const { splits } = layOut(paths, 'x');
    const used = Object.values(splits).flatMap((split) => split.map(({ path }) => path));
    expect(used.toSorted()).toEqual(paths.toSorted());
  });

  it('splits alike wherever the folder lies and in whatever order the files come', () => {
    const paths = [...images('cats', 30), ...images('dogs', 30)];
    const plain = layOut(paths, 'x');
    const moved = layOut(
      paths.toReversed().map((path) => `home/me/${path}`),
      'x',
    );
    expect(moved.splits.test.map(({ path }) => path.slice('home/me/'.length))).toEqual(
      plain.splits.test.map(({ path }) => path),
    );
  });

  it('mixes the classes, so that any beginning of a split holds several', () => {
    const { splits } = layOut([...images('a', 100), ...images('b', 100)], 'x');
    const labels = splits.train.slice(0, 20).map(({ label }) => label);
    expect(new Set(labels).size).toBe(2);
  });

  it('follows split folders and holds out only what they leave open', () => {
    const paths = [
      ...images('set/train/a', 20),
      ...images('set/train/b', 20),
      ...images('set/Test/a', 3),
      ...images('set/Test/b', 4),
    ];
    const layout = layOut(paths, 'set');
    expect(counts(layout)).toEqual([34, 6, 7]);
    expect(layout.splits.test.every(({ path }) => path.includes('/Test/'))).toBe(true);
    expect(layout.notes).toEqual(['There is no validation folder; images were held out by a hash of their names.']);
  });

  it('reads a test folder alone', () => {
    const layout = layOut([...images('test/a', 2), ...images('test/b', 2)], 'x');
    expect(counts(layout)).toEqual([0, 0, 4]);
    expect(layout.notes).toEqual(['There are no train and no validation images.']);
  });

  it('leaves out what is no image or lies about', () => {
    const paths = [
      'readme.txt',
      'cover.png',
      '__MACOSX/a/._0.png',
      'a/.DS_Store',
      ...images('a', 3),
      ...images('b', 3),
    ];
    const layout = layOut(paths, 'x');
    expect(layout.classes).toEqual(['a', 'b']);
    expect(layout.notes).toContain('1 files that are no images were left out.');
    expect(layout.notes).toContain('1 images outside class folders were left out.');
  });

  it('treats names of object members as names', () => {
    expect(layOut([...images('constructor', 2), ...images('__proto__', 2)], 'x').classes).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('folders that cannot be used', () => {
  it.each([
    ['no image', ['notes.txt'], 'empty', 'x holds no images in subfolders.'],
    ['images without folders', ['0.png', '1.png'], 'empty', 'x holds no images in subfolders.'],
    ['no class with two images', ['a/0.png', 'b/0.png'], 'empty', 'x has no class with two images'],
    ['a lonely class', ['a/0.png', ...images('b', 2)], 'empty', 'x: "a" has fewer than two images.'],
    ['one class', images('a', 5), 'labels', 'x has one class, "a"'],
  ] as const)('%s', (_, paths, kind, message) => {
    const attempt = (): unknown => layOut(paths, 'x');
    expect(attempt).toThrow(DatasetError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ kind, file: 'x' }));
  });
});
