/** Everything of a network in one zip: each format it can leave in, readable source, its recipe and a model card. */
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import type { WrittenFile } from './format';

const fixedDate = new Date(2026, 0, 1);

/** Files as one zip; equal files give equal bytes. */
export async function zipFiles(files: readonly WrittenFile[]): Promise<Uint8Array<ArrayBuffer>> {
  const options = { lastModDate: fixedDate, extendedTimestamp: false, useWebWorkers: false };
  const writer = new ZipWriter(new Uint8ArrayWriter(), options);
  for (const { name, bytes } of files) await writer.add(name, new Uint8ArrayReader(bytes));
  return new Uint8Array(await writer.close());
}
