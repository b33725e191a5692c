import { describe, expect, it } from 'vitest';
import type { Network } from '../network/graph';
import { FormatError } from './format-error';
import { writeMetricsCsv } from './metrics-csv';
import { type Project, readProject, writeProject } from './project';
import { seal } from './seal';

const network: Network = {
  graph: {
    layers: [
      { id: 'in', op: 'input', inputs: [], shape: [2] },
      { id: 'out', op: 'dense', inputs: ['in'], units: 2, kernel: 'k' },
    ],
    outputs: ['out'],
  },
  tensors: { k: { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) } },
  meta: { name: 'two', history: [] },
};
const metrics = writeMetricsCsv([
  { stage: 1, epoch: 0, step: 5, loss: 0.25, accuracy: null, split: null, learningRate: 0.1 },
]);
const project: Project = { name: 'My cut', network, runs: [{ record: { name: 'first' }, metrics }] };

describe('the project file', () => {
  it('comes back whole, and is the same bytes for the same project', async () => {
    const bytes = await writeProject(project);
    expect(await readProject(new Blob([bytes]), 'p')).toEqual(project);
    expect(await writeProject(project)).toEqual(bytes);
  });

  it('gives away any one changed byte', async () => {
    const good = await writeProject(project);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x11;
      await expect(readProject(new Blob([bad]), 'p'), `byte ${at}`).rejects.toBeInstanceOf(FormatError);
    }
  }, 60_000);

  it('of a newer version is refused by name', async () => {
    const bytes = await writeProject(project);
    // Same length, so only checksums change; the manifest's own CRC is mended by hand below.
    const newer = new TextDecoder('latin1').decode(bytes).replace('"version":1', '"version":7');
    const changed = Uint8Array.from(newer, (character) => character.charCodeAt(0));
    mendCrc(changed, 'manifest.json');
    await seal(changed, { marker: 'espalier sha256 ', from: changed.length - 80 });
    await expect(readProject(new Blob([changed]), 'p')).rejects.toThrow('version 7; this program reads up to 1');
  });
});

/** Recomputes the CRC-32 of one stored entry in its local header, data descriptor and central directory. */
function mendCrc(zip: Uint8Array<ArrayBuffer>, name: string): void {
  const view = new DataView(zip.buffer);
  const content = (offset: number, length: number) => zip.subarray(offset, offset + length);
  const text = (offset: number, length: number) => new TextDecoder().decode(content(offset, length));
  for (let at = 0; at + 46 < zip.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50 || text(at + 46, view.getUint16(at + 28, true)) !== name) continue;
    const local = view.getUint32(at + 42, true);
    const size = view.getUint32(at + 20, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const old = view.getUint32(at + 16, true);
    const fresh = crc32(content(start, size));
    for (let place = 0; place + 4 <= zip.length; place++) {
      if (view.getUint32(place, true) === old) view.setUint32(place, fresh, true);
    }
    return;
  }
  throw new Error(`The zip has no entry "${name}".`);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
