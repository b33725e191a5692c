import { BlobWriter, configure, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divide } from './collection';
import { DatasetError } from './dataset';
import { readFolder } from './folder';
import type { DecodeImage } from './folder/decode';

configure({ useWebWorkers: false });

/** Stands in for the browser's decoders: a file is one byte, the level of the whole image; 255 cannot be decoded. */
const decode: DecodeImage = (bytes, size) => {
  if (bytes.length !== 1 || bytes[0] === 255) return Promise.reject(new Error('the PNG data is damaged'));
  return Promise.resolve(new Uint8Array(size * size * 3).fill(bytes[0] ?? 0));
};

const level = (value: number): Uint8Array<ArrayBuffer> => Uint8Array.from([value]);

/** Class a holds levels 0 to 9, class b 100 to 109. */
const pictures = new Map(
  Array.from({ length: 20 }, (_, index): [string, number] =>
    index < 10 ? [`set/a/${index}.png`, index] : [`set/b/${index}.png`, 90 + index],
  ),
);

function folder(changes: Readonly<Record<string, number>> = {}): File[] {
  return [...new Map([...pictures, ...Object.entries(changes)])].map(([path, value]) => new File([level(value)], path));
}

async function zip(extra: readonly (readonly [string, Uint8Array])[] = []): Promise<File> {
  const writer = new ZipWriter(new BlobWriter());
  for (const [path, value] of pictures) await writer.add(path, new Uint8ArrayReader(level(value)), { level: 0 });
  for (const [path, bytes] of extra) await writer.add(path, new Uint8ArrayReader(bytes));
  return new File([await writer.close()], 'set.zip');
}

const read = (files: readonly File[]) => readFolder(files, { name: 'set', size: 8, decode });

describe('an image folder', () => {
  it('becomes a collection with labels, shape and measured normalisation', async () => {
    const { pools, classes, shape, flip, normalisation, source } = await read(folder());
    expect([source, classes, shape, flip]).toEqual(['folder', ['a', 'b'], [8, 8, 3], false]);
    expect([pools.train.count, pools.validation?.count, pools.test.count]).toEqual([12, 4, 4]);
    for (let image = 0; image < 12; image++) {
      expect((pools.train.images[image * 192] ?? 0) >= 100 ? 1 : 0).toBe(pools.train.labels[image]);
    }
    const values = Array.from({ length: 12 }, (_, image) => (pools.train.images[image * 192] ?? 0) / 255);
    const mean = values.reduce((sum, value) => sum + value / 12, 0);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / 12, 0));
    expect(normalisation.mean[1]).toBeCloseTo(mean, 9);
    expect(normalisation.std[2]).toBeCloseTo(deviation, 9);
  });

  it('gives the same data set from a zip archive', async () => {
    const loose = await divide(await read(folder()));
    const packed = await divide(await read([await zip()]));
    expect(packed.id).toBe(loose.id);
    expect(loose.name).toBe('set (16 + 4 images)');
  });

  it('says that mirrored digits and sides are not the same', async () => {
    const named = (one: string, two: string): File[] =>
      [one, two].flatMap((name) => [0, 1, 2].map((index) => new File([level(index)], `${name}/${index}.png`)));
    expect((await read(named('3', '12'))).flip).toBe(false);
    expect((await read(named('b', 'd'))).flip).toBe(false);
    expect((await read(named('turn left', 'turn right'))).flip).toBe(false);
    expect((await read(named('bright', 'dark'))).flip).toBe(true);
  });

  it('names an image that cannot be decoded and goes on', async () => {
    const { pools, notes } = await read(folder({ 'set/a/3.png': 255 }));
    expect(pools.train.count + (pools.validation?.count ?? 0) + pools.test.count).toBe(19);
    expect(notes.at(-1)).toBe('1 images could not be decoded: "set/a/3.png" (the PNG data is damaged).');
  });

  it('gives up when many cannot be decoded', async () => {
    const files = folder({ 'set/a/3.png': 255, 'set/a/4.png': 255, 'set/b/15.png': 255 });
    await expect(read(files)).rejects.toThrow('set: 3 of its 20 images cannot be decoded: ');
  });

  it('leaves out paths that leave the archive', async () => {
    const archive = await zip([
      ['../../etc/a/0.png', level(1)],
      ['/abs/a/0.png', level(1)],
    ]);
    const { classes } = await read([archive]);
    expect(classes).toEqual(['a', 'b']);
  });

  it('says what to do in Node, where there are no decoders', async () => {
    await expect(readFolder(folder(), { name: 'set' })).rejects.toThrow('can be decoded in a browser only');
  });

  it('stops when it is told to', async () => {
    await expect(readFolder(folder(), { name: 'set', decode, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('reports progress up to 1', async () => {
    const shares: number[] = [];
    await readFolder(folder(), { name: 'set', size: 8, decode, progress: (done) => shares.push(done) });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});

describe('hostile archives', () => {
  it.each([
    ['a web page', new File(['<html>no</html>'], 'set.zip'), 'set.zip is a web page (HTML), not a zip archive.'],
    ['no file', new File([], 'set.zip'), 'set.zip is empty, not a zip archive.'],
    [
      'a beginning',
      new File(['PK\u0003\u0004', new Uint8Array(40)], 'set.zip'),
      'set.zip is damaged at its list of contents',
    ],
  ])('%s', async (_, file, message) => {
    await expect(read([file])).rejects.toThrow(message);
    await expect(read([file])).rejects.toBeInstanceOf(DatasetError);
  });

  it('refuses an entry that unpacks a thousandfold', async () => {
    const archive = await zip([['set/a/bomb.png', new Uint8Array(20e6)]]);
    await expect(read([archive])).rejects.toThrow(/"set\/a\/bomb.png" would unpack from \d+ to 20000000 bytes/);
  });

  it('refuses an entry that is far too large', async () => {
    const archive = await zip([['set/a/huge.png', new Uint8Array(65e6)]]);
    await expect(read([archive])).rejects.toThrow('"set/a/huge.png" is 65000000 bytes long');
  });

  it('refuses an encrypted archive', async () => {
    const writer = new ZipWriter(new BlobWriter(), { password: 'secret' });
    await writer.add('a/0.png', new TextReader('x'));
    const archive = new File([await writer.close()], 'set.zip');
    await expect(read([archive])).rejects.toThrow('set.zip is encrypted. Unpack it and open the folder.');
  });

  it('finds every flipped byte of an image', async () => {
    const archive = await zip();
    const whole = new Uint8Array(await archive.arrayBuffer());
    const good = (await divide(await read([archive]))).id;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = whole.slice();
        bytes[at] = (bytes[at] ?? 0) ^ change;
        const outcome = await read([new File([bytes], 'set.zip')]).catch((error: unknown) => error);
        if (outcome instanceof DatasetError) return;
        if (outcome instanceof Error || typeof outcome !== 'object' || outcome === null) throw outcome;
        // Dates, versions and names carry no checksum: a renamed class or image is another, whole data set.
        const collection = outcome as Awaited<ReturnType<typeof read>>;
        const { classes, pools } = collection;
        const images = pools.train.count + (pools.validation?.count ?? 0) + pools.test.count;
        const renamed = classes.join() !== 'a,b' || images !== 20 || (await divide(collection)).id === good;
        if (!renamed) for (const value of pools.train.images) expect([...pictures.values()]).toContain(value);
      }),
      { numRuns: 60 },
    );
  });
});
