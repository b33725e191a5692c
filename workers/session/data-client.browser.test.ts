import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import golden from '../datasets/shapes/golden.json';
import { openInDataWorker } from './data-client';

const spawn = (): Worker => new Worker(new URL('../data.worker.ts', import.meta.url), { type: 'module' });
const spawnStuck = (): Worker => new Worker(new URL('./stuck.worker.ts', import.meta.url), { type: 'module' });
const idle = { signal: new AbortController().signal, progress: () => undefined };

/** An image of one colour, by its path inside a folder. */
function image(path: string, level: number): File {
  const data = new Uint8Array(8 * 8 * 3).fill(level);
  return new File([new Uint8Array(encode({ width: 8, height: 8, channels: 3, depth: 8, data }))], path);
}

describe('the data worker', () => {
  it('draws the same Shapes-10 as every other place', async () => {
    const { train, validation, test, seed, id } = golden;
    const dataset = await openInDataWorker(spawn, { source: 'shapes10', train, validation, test, seed }, [], idle);
    expect(dataset.id).toBe(id);
  });

  it('decodes a folder whose paths are the names of its files, with progress', async () => {
    const files = [0, 1, 2, 3].flatMap((index) => [
      image(`set/dark/${index}.png`, 10 + index),
      image(`set/light/${index}.png`, 200 + index),
    ]);
    const shares: number[] = [];
    const progress = (done: number): void => void shares.push(done);
    const source = { source: 'folder', name: 'set', size: 8 } as const;
    const { classes, splits, shape } = await openInDataWorker(spawn, source, files, { ...idle, progress });
    expect([classes, shape]).toEqual([
      ['dark', 'light'],
      [8, 8, 3],
    ]);
    expect([splits.train.count, splits.validation.count, splits.test.count]).toEqual([4, 2, 2]);
    splits.train.labels.forEach((label, at) => {
      expect((splits.train.images[at * 192] ?? 0) >= 200 ? 1 : 0).toBe(label);
    });
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('says with its fields what is wrong with a file', async () => {
    const files = [new File(['<html>'], 'cifar.tar.gz')];
    await expect(openInDataWorker(spawn, { source: 'cifar10' }, files, idle)).rejects.toMatchObject({
      name: 'DatasetError',
      message: expect.stringContaining('cifar.tar.gz is a web page (HTML)'),
      data: { kind: 'format', file: 'cifar.tar.gz' },
    });
  });

  it('ends a reader that got stuck', async () => {
    const start = performance.now();
    const files = [new File(['x'], 'strange.parquet')];
    await expect(
      openInDataWorker(spawnStuck, { source: 'cifar10' }, files, idle, { silenceMs: 2000 }),
    ).rejects.toMatchObject({ name: 'DatasetError', kind: 'timeout', file: 'strange.parquet' });
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('refuses more bytes than can be held before it starts a worker', async () => {
    const file = new File([], 'huge.zip');
    Object.defineProperty(file, 'size', { value: 5e9 });
    const never = (): Worker => {
      throw new Error('A worker was started.');
    };
    await expect(openInDataWorker(never, { source: 'cifar10' }, [file], idle)).rejects.toThrow('The files take 5.0 GB');
  });

  it('is ended by a cancel', async () => {
    const cancel = new AbortController();
    const opening = openInDataWorker(spawn, { source: 'shapes10', train: 50_000 }, [], {
      signal: cancel.signal,
      progress: () => cancel.abort(),
    });
    await expect(opening).rejects.toMatchObject({ name: 'CancelledError' });
  });
});
