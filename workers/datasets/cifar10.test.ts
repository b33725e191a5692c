import { existsSync } from 'node:fs';
import { openAsBlob } from 'node:fs';
import { packTar } from 'modern-tar';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { readCifar10 } from './cifar10';
import { divide } from './collection';
import { DatasetError } from './dataset';
import { sha256 } from './identity';

const record = 3073;

/** Records whose label is `first + index` modulo 10 and whose planes are constant: red = index, green = 100, blue = 200. */
function batch(count: number, first = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * record);
  for (let index = 0; index < count; index++) {
    bytes[index * record] = (first + index) % 10;
    bytes.fill(index, index * record + 1, index * record + 1025);
    bytes.fill(100, index * record + 1025, index * record + 2049);
    bytes.fill(200, index * record + 2049, (index + 1) * record);
  }
  return bytes;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function tarGz(members: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Promise<Uint8Array<ArrayBuffer>> {
  const entries = Object.entries(members).map(([name, body]) => ({ header: { name, size: body.length }, body }));
  return gzip(await packTar(entries));
}

const names = new TextEncoder().encode('a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n');
const small = {
  'cifar/data_batch_1.bin': batch(6),
  'cifar/test_batch.bin': batch(3, 5),
  'cifar/batches.meta.txt': names,
};
const file = (bytes: BlobPart, name: string): File => new File([bytes], name);

async function failure(files: readonly File[]): Promise<DatasetError> {
  const error: unknown = await readCifar10(files).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DatasetError)) throw new Error(`Expected a DatasetError, got ${String(error)}`);
  return error;
}

describe('CIFAR-10 in small', () => {
  it('reads the archive: planes become pixels, labels and names are kept', async () => {
    const { pools, classes, notes } = await readCifar10([file(await tarGz(small), 'cifar.tar.gz')]);
    expect(classes).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    expect([...pools.train.labels]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...pools.test.labels]).toEqual([5, 6, 7]);
    expect([...pools.train.images.subarray(2 * 3072, 2 * 3072 + 6)]).toEqual([2, 100, 200, 2, 100, 200]);
    expect(notes).toEqual([
      'data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin are missing; 6 training and 3 test images are used.',
      'data_batch_1.bin has 6 images; the official one has 10,000.',
      'test_batch.bin has 3 images; the official one has 10,000.',
    ]);
  });

  it('reads loose files by their name inside a folder, training batches in the order of their numbers', async () => {
    const { pools, classes } = await readCifar10([
      file(batch(1, 7), 'folder/data_batch_2.bin'),
      file(batch(1, 3), 'folder/data_batch_1.bin'),
    ]);
    expect([...pools.train.labels]).toEqual([3, 7]);
    expect(pools.test.count).toBe(0);
    expect(classes[0]).toBe('airplane');
  });

  it('gives the same id for the archive and the loose files, another one for other bytes', async () => {
    const loose = Object.entries(small).map(([name, bytes]) => file(bytes, name));
    const archive = await divide(await readCifar10([file(await tarGz(small), 'cifar.tar.gz')]));
    expect((await divide(await readCifar10(loose))).id).toBe(archive.id);
    const changed = batch(6);
    changed[100] = 7;
    expect((await divide(await readCifar10([file(changed, 'data_batch_1.bin')]))).id).not.toBe(archive.id);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(readCifar10([file(await tarGz(small), 'cifar.tar.gz')], { signal })).rejects.toThrow(/abort/i);
  });
});

describe('broken CIFAR-10', () => {
  it.each([
    ['nothing', [], 'empty', 'No file of CIFAR-10 was opened.'],
    [
      'a web page',
      [file('<!DOCTYPE html><p>404', 'cifar.tar.gz')],
      'format',
      'cifar.tar.gz is a web page (HTML), not a gzip archive.',
    ],
    [
      'an LFS pointer',
      [file('version https://git-lfs.github.com/spec/v1', 'c.tgz')],
      'format',
      'c.tgz is a Git LFS pointer',
    ],
    ['an empty archive', [file('', 'c.tar.gz')], 'format', 'c.tar.gz is empty'],
    [
      'CIFAR-100',
      [file(new Uint8Array(3074), 'train.bin')],
      'format',
      'train.bin is of no kind this program knows, not a batch of CIFAR-10.',
    ],
    [
      'half a record',
      [file(batch(2).slice(0, 5000), 'test_batch.bin')],
      'truncated',
      'record 1 at byte 3073 has 1927.',
    ],
    ['an empty batch', [file('', 'test_batch.bin')], 'truncated', 'test_batch.bin is 0 bytes long'],
    [
      'nine names',
      [file(batch(1), 'test_batch.bin'), file('a\nb', 'batches.meta.txt')],
      'labels',
      'batches.meta.txt holds 2 class names',
    ],
    [
      'one batch twice',
      [file(batch(1), 'x/test_batch.bin'), file(batch(1), 'y/test_batch.bin')],
      'format',
      '"test_batch.bin" was opened twice',
    ],
  ] as const)('%s', async (_, files, kind, message) => {
    const error = await failure(files);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
  });

  it('names the record and byte of a wrong label', async () => {
    const bytes = batch(5);
    bytes[3 * record] = 10;
    const error = await failure([file(bytes, 'data_batch_4.bin')]);
    expect(error.kind).toBe('labels');
    expect(error.file).toBe('data_batch_4.bin');
    expect(error.message).toContain('record 3 at byte 9219 has label 10, but labels go from 0 to 9');
  });

  it('recognises an archive without the binary batches', async () => {
    const archive = file(await tarGz({ 'cifar-10-batches-py/data_batch_1': names }), 'cifar-10-python.tar.gz');
    expect((await failure([archive])).message).toContain('the Python and Matlab versions cannot be read');
  });

  it('refuses the archive cut anywhere', async () => {
    const whole = await tarGz(small);
    for (let length = 1; length < whole.length; length += Math.ceil(whole.length / 40)) {
      const error = await failure([file(whole.slice(0, length), 'cut.tar.gz')]);
      expect(error.file, `cut at ${length}`).toBe('cut.tar.gz');
    }
  });

  it('refuses any one flipped byte of the compressed archive, unless it means the same', async () => {
    const whole = await tarGz(small);
    const good = await divide(await readCifar10([file(whole, 'c.tar.gz')]));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = whole.slice();
        bytes[at] = (bytes[at] ?? 0) ^ change;
        // Bytes 4 to 9 of a gzip header hold a date, hints and the system: they change nothing.
        const outcome = await readCifar10([file(bytes, 'c.tar.gz')]).catch((error: unknown) => error);
        if (outcome instanceof DatasetError) return;
        if (outcome instanceof Error || typeof outcome !== 'object' || outcome === null) throw outcome;
        expect((await divide(outcome as Awaited<ReturnType<typeof readCifar10>>)).id).toBe(good.id);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a flipped byte in any tar header that is read', async () => {
    const plain = await packTar([{ header: { name: 'test_batch.bin', size: record }, body: batch(1) }]);
    const random = createRandom(5);
    for (let round = 0; round < 40; round++) {
      const bytes = plain.slice();
      const at = random.integer(500);
      bytes[at] = (bytes[at] ?? 0) ^ (1 + random.integer(255));
      const error = await failure([file(await gzip(bytes), 'c.tar.gz')]);
      expect(error.message, `byte ${at}`).toContain('c.tar.gz is damaged at its first header');
    }
  });
});

const archivePath = '../shared/cifar10/cifar-10-binary-subset.tar.gz';

describe.skipIf(!existsSync(archivePath))(`the real subset (skipped where ${archivePath} is absent)`, () => {
  it('reads 5,000 + 2,000 images and says what is missing', async () => {
    const real = new File([await openAsBlob(archivePath)], 'cifar-10-binary-subset.tar.gz');
    const collection = await readCifar10([real]);
    expect(collection.classes).toEqual([
      'airplane',
      'automobile',
      'bird',
      'cat',
      'deer',
      'dog',
      'frog',
      'horse',
      'ship',
      'truck',
    ]);
    // Labels per class as the description of the subset gives them.
    const counts = (labels: Uint16Array): number[] =>
      Array.from({ length: 10 }, (_, label) => labels.reduce((sum, each) => sum + (each === label ? 1 : 0), 0));
    expect(counts(collection.pools.train.labels)).toEqual([505, 460, 519, 486, 519, 488, 520, 487, 518, 498]);
    expect(counts(collection.pools.test.labels)).toEqual([196, 199, 195, 199, 199, 188, 216, 195, 210, 203]);
    // The subset lies within 0.003 of the whole training set.
    const { images, count } = collection.pools.train;
    collection.normalisation.mean.forEach((mean, channel) => {
      let sum = 0;
      for (let at = channel; at < images.length; at += 3) sum += images[at] ?? 0;
      expect(Math.abs(sum / 255 / (count * 1024) - mean)).toBeLessThan(0.003);
    });
    expect(collection.notes[0]).toContain('5,000 training and 2,000 test images are used');
    expect(await rebuilt(collection.pools.test)).toBe(
      'da7fb21f034e8cb1872627dd07a85403c247d545fd91d4670e089fad6ee79913',
    );
    const { splits, name } = await divide(collection);
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([4500, 500, 2000]);
    expect(name).toBe('CIFAR-10 (5,000 + 2,000 images)');
  });
});

/** SHA-256 of the batch file written back from what was decoded. */
function rebuilt({
  count,
  images,
  labels,
}: {
  count: number;
  images: Uint8Array;
  labels: Uint16Array;
}): Promise<string> {
  const bytes = new Uint8Array(count * record);
  for (let image = 0; image < count; image++) {
    bytes[image * record] = labels[image] ?? 0;
    for (let at = 0; at < 3072; at++) {
      bytes[image * record + 1 + (at % 3) * 1024 + Math.floor(at / 3)] = images[image * 3072 + at] ?? 0;
    }
  }
  return sha256(bytes);
}
