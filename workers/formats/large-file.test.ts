/** A file larger than anyone would load: what it holds is told from its header alone. */
import { closeSync, ftruncateSync, mkdtempSync, openAsBlob, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FormatError } from './format-error';
import { openNetworkFiles } from './index';
import { readSafetensorsIndex } from './safetensors';

const folder = mkdtempSync(join(tmpdir(), 'espalier-large-'));
const path = join(folder, 'large.safetensors');
const [tensors, size] = [256, 4 * 2 ** 20];

/** A gibibyte on paper: zeros that no disk holds. */
beforeAll(() => {
  const entries = Array.from({ length: tensors }, (_, at) => [
    `blocks.${at}.weight`,
    { dtype: 'F32', shape: [1024, 1024], data_offsets: [at * size, (at + 1) * size] },
  ]);
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const start = new Uint8Array(8 + header.length);
  new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
  start.set(header, 8);
  const file = openSync(path, 'w');
  writeSync(file, start);
  ftruncateSync(file, start.length + tensors * size);
  closeSync(file);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The same bytes, with a count of those that were asked for. */
async function counted(): Promise<{ readonly file: File; readonly read: () => number }> {
  const file = new File([await openAsBlob(path)], 'large.safetensors');
  let read = 0;
  const slice = file.slice.bind(file);
  const whole = (): never => {
    throw new Error('The whole file was asked for.');
  };
  Object.assign(file, {
    arrayBuffer: whole,
    text: whole,
    slice: (from = 0, to = file.size) => {
      read += Math.min(to, file.size) - from;
      return slice(from, to);
    },
  });
  return { file, read: () => read };
}

it('a gibibyte of tensors is listed by reading its header', async () => {
  const { file, read } = await counted();
  expect(file.size).toBeGreaterThan(2 ** 30);
  const index = await readSafetensorsIndex(file, file.name);
  expect(index.tensors).toHaveLength(tensors);
  expect(index.tensors.at(-1)).toMatchObject({ name: 'blocks.255.weight', shape: [1024, 1024], end: file.size });
  expect(read()).toBeLessThan(100_000);
});

it('and opening it says what it is without loading it', async () => {
  const { file, read } = await counted();
  const error: unknown = await openNetworkFiles([file]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FormatError);
  expect(error).toHaveProperty('message', expect.stringContaining('are of no architecture known here'));
  expect(read()).toBeLessThan(100_000);
});
