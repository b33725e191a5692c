import { describe, expect, it } from 'vitest';
import { writeNetworkFile } from '../formats/network-file';
import { buildZooNetwork } from '../network/zoo';
import { openInImportWorker } from './import-client';

const spawn = (): Worker => new Worker(new URL('../import.worker.ts', import.meta.url), { type: 'module' });
const spawnStuck = (): Worker => new Worker(new URL('./stuck.worker.ts', import.meta.url), { type: 'module' });
const idle = new AbortController().signal;

describe('the import worker', () => {
  it('hands over the network as it was written', async () => {
    const network = buildZooNetwork({ architecture: 'resnet8', widths: [2, 3, 4], classes: 2, seed: 7 });
    const file = new File([await writeNetworkFile(network)], 'net.safetensors');
    const opened = await openInImportWorker(spawn, [file], idle);
    expect(opened).toEqual({ network, notes: [] });
  });

  it('says with its fields what is wrong with a file', async () => {
    await expect(openInImportWorker(spawn, [new File(['<html>'], 'net.onnx')], idle)).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringContaining('net.onnx: The file is a web page (HTML)'),
      data: { kind: 'unsupported', file: 'net.onnx', place: 'byte 0' },
    });
  });

  it.each([
    ['falls silent', { silenceMs: 2000 }],
    ['takes too long', { totalMs: 2000 }],
  ])('ends a reader that %s', async (_how, limits) => {
    const opening = openInImportWorker(spawnStuck, [new File(['x'], 'strange.onnx')], idle, limits);
    await expect(opening).rejects.toMatchObject({
      name: 'FormatError',
      kind: 'timeout',
      message: expect.stringContaining('Reading strange.onnx got stuck and was ended after 2 s.'),
    });
  });

  it('ends libhdf5 where a damaged file makes it loop', async () => {
    const response = await fetch(new URL('../formats/keras/fixtures/endless.h5', import.meta.url));
    const file = new File([await response.arrayBuffer()], 'endless.h5');
    await expect(openInImportWorker(spawn, [file], idle, { silenceMs: 5000 })).rejects.toMatchObject({
      name: 'FormatError',
      kind: 'timeout',
      message: expect.stringContaining('Reading endless.h5 got stuck and was ended after 5 s.'),
    });
  });

  it('refuses more bytes than can be held before it starts a worker', async () => {
    const file = new File([], 'huge.onnx');
    Object.defineProperty(file, 'size', { value: 5e9 });
    const never = (): Worker => {
      throw new Error('A worker was started.');
    };
    await expect(openInImportWorker(never, [file], idle)).rejects.toThrow('The files take 5.0 GB');
  });
});
