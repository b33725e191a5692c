/** `inspect`, `convert` and `prune` in Node: files in, files out, one line where something is wrong. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openNetworkFiles, writeNetworkFiles } from '../workers/formats';
import { networkCosts } from '../workers/network/costs';
import { buildZooNetwork } from '../workers/network/zoo';
// Loaded lazily by `prune`; here beforehand, since no test should wait for the tensor library.
import '../workers/methods/cut-by-weights';
import { main } from './main';
import { shareOption } from './prune';

const folder = mkdtempSync(join(tmpdir(), 'espalier-'));
const at = (name: string): string => join(folder, name);
const network = buildZooNetwork({ architecture: 'resnet8', widths: [4, 6, 8], classes: 3, seed: 7 });
const said: string[] = [];
const errors: string[] = [];

beforeAll(async () => {
  const [file] = await writeNetworkFiles(network, 'onnx', 'net');
  writeFileSync(at('net.onnx'), file?.bytes ?? '');
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
});
afterEach(() => {
  said.length = 0;
  errors.length = 0;
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

async function opened(name: string) {
  return (await openNetworkFiles([new File([readFileSync(at(name))], name)])).network;
}

it('inspect says what an ONNX file holds', async () => {
  expect(await main(['inspect', at('net.onnx'), '--json'])).toBe(0);
  const { macs, parameters } = networkCosts(network.graph);
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ macs, parameters, input: [32, 32, 3] });
});

it('convert goes from ONNX to safetensors and back without losing a bit', async () => {
  expect(await main(['convert', at('net.onnx'), at('net.safetensors')])).toBe(0);
  expect(said.at(-1)).toBe(`written: ${at('net.safetensors')} (reopened and run, outputs differ by at most 0.0e+0)`);
  expect(await main(['convert', at('net.safetensors'), at('again.onnx'), '--json'])).toBe(0);
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ files: [at('again.onnx')], maxAbsDifference: 0 });
  expect((await opened('again.onnx')).tensors).toEqual((await opened('net.onnx')).tensors);
});

it('prune keeps the share of multiply-adds it was asked for, and writes what it says', async () => {
  expect(
    await main(['prune', at('net.onnx'), '--method', 'l1', '--keep', '50%', '-o', at('small.onnx'), '--json']),
  ).toBe(0);
  const answer = JSON.parse(said[0] ?? '') as { macs: { original: number; kept: number; share: number } };
  expect(answer.macs.original).toBe(networkCosts(network.graph).macs);
  expect(answer.macs.share).toBeLessThanOrEqual(0.5);
  expect(answer.macs.share).toBeGreaterThan(0.3);
  expect(networkCosts((await opened('small.onnx')).graph).macs).toBe(answer.macs.kept);
});

it.each([
  [['convert', 'net.onnx'], 2, 'Name two files: IN and OUT.'],
  [['convert', 'absent.onnx', 'x.onnx'], 1, 'There is no file'],
  [['convert', 'net.onnx', 'net.docx'], 2, 'Networks are written as'],
  [['prune', 'net.onnx', '-o', 'x.onnx'], 2, '--keep SHARE is missing'],
  [['prune', 'net.onnx', '--keep', '0', '-o', 'x.onnx'], 2, '--keep must be a share of the multiply-adds'],
  [['prune', 'net.onnx', '--keep', '50%'], 2, '-o OUT is missing'],
  [['prune', 'net.onnx', '--keep', '50%', '-o', 'x.onnx', '--method', 'magic'], 1, 'There is no method "magic".'],
  [['prune', 'net.onnx', '--keep', '50%', '-o', 'x.onnx', '--method', 'taylor'], 1, 'needs data; use it in the studio'],
])('%j ends with one line that says what to do', async (words, status, text) => {
  const files = new Set(['net.onnx', 'absent.onnx', 'x.onnx', 'net.docx']);
  expect(await main(words.map((word) => (files.has(word) ? at(word) : word)))).toBe(status);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(text);
  expect(errors[0]).not.toContain('\n');
  expect(existsSync(at('x.onnx'))).toBe(false);
});

it('a share is a percentage or a fraction', () => {
  expect([shareOption('50%'), shareOption('0.5'), shareOption('100%')]).toEqual([0.5, 0.5, 1]);
});
