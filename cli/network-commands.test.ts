/** `inspect`, `convert` and `prune` in Node: files in, files out, one line where something is wrong. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openNetworkFiles, writeNetworkFiles } from '../workers/formats';
import { writeSafetensors } from '../workers/formats/safetensors';
import { networkCosts } from '../workers/network/costs';
import { buildZooNetwork } from '../workers/network/zoo';
// Loaded lazily by `prune`; here beforehand, since no test should wait for the tensor library.
import '../workers/methods/cut-by-weights';
import { networkFiles } from './local-files';
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
  return openNetworkFiles([new File([readFileSync(at(name))], name)]);
}

it('inspect says what an ONNX file holds', async () => {
  expect(await main(['inspect', at('net.onnx'), '--json'])).toBe(0);
  const { macs, parameters } = networkCosts(network.graph);
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ macs, parameters, input: [32, 32, 3] });
});

it('inspect --tensors lists what a file of weights holds, whatever network it is of', async () => {
  const values = new Float32Array(6);
  writeFileSync(at('some.safetensors'), writeSafetensors({ 'a.weight': { shape: [2, 3], values } }));
  expect(await main(['inspect', at('some.safetensors'), '--tensors'])).toBe(0);
  expect(said).toEqual(['a.weight [2, 3]', '1 tensors, 6 numbers']);
  expect(await main(['inspect', at('net.onnx'), '--tensors'])).toBe(2);
});

it('convert goes from ONNX to safetensors and back without losing a bit', async () => {
  expect(await main(['convert', at('net.onnx'), at('net.safetensors')])).toBe(0);
  expect(said.at(-1)).toBe(`written: ${at('net.safetensors')} (reopened and run, outputs differ by at most 0.0e+0)`);
  expect(await main(['convert', at('net.safetensors'), at('again.onnx'), '--json'])).toBe(0);
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ files: [at('again.onnx')], maxAbsDifference: 0 });
  expect((await opened('again.onnx')).network.tensors).toEqual((await opened('net.onnx')).network.tensors);
});

it('prune keeps the share of multiply-adds it was asked for, and writes what it says', async () => {
  expect(
    await main(['prune', at('net.onnx'), '--method', 'l1', '--keep', '50%', '-o', at('small.onnx'), '--json']),
  ).toBe(0);
  const answer = JSON.parse(said[0] ?? '') as { macs: { original: number; kept: number; share: number } };
  expect(answer.macs.original).toBe(networkCosts(network.graph).macs);
  expect(answer.macs.share).toBeLessThanOrEqual(0.5);
  expect(answer.macs.share).toBeGreaterThan(0.3);
  expect(networkCosts((await opened('small.onnx')).network.graph).macs).toBe(answer.macs.kept);
});

it('prune by SVD splits layers in two, and writes what it says', async () => {
  for (const scheme of ['channel', 'spatial']) {
    const words = ['--method', 'svd', '--scheme', scheme, '--keep', '0.7', '-o', at('thin.onnx'), '--json'];
    expect(await main(['prune', at('net.onnx'), ...words])).toBe(0);
    const answer = JSON.parse(said.at(-1) ?? '') as { macs: { kept: number; share: number }; ranks: object };
    expect(answer).toMatchObject({ method: 'svd', scheme, maxAbsDifference: expect.any(Number) });
    expect(answer.macs.share).toBeLessThanOrEqual(0.7);
    const { graph } = (await opened('thin.onnx')).network;
    expect(networkCosts(graph).macs).toBe(answer.macs.kept);
    const whole = (await opened('net.onnx')).network.graph.layers.filter(({ op }) => op === 'conv').length;
    const split = Object.keys(answer.ranks).length;
    expect(split).toBeGreaterThan(0);
    expect(graph.layers.filter(({ op }) => op === 'conv')).toHaveLength(whole + split);
  }
});

it('prune says that every layer is an output, and cuts when told which to keep', async () => {
  const { tensors, meta } = network;
  const layers = network.graph.layers;
  const outputs = [...layers.filter(({ op }) => op === 'conv'), ...layers.slice(-1)].map(({ id }) => id);
  const [file] = await writeNetworkFiles({ graph: { layers, outputs }, tensors, meta }, 'onnx', 'all');
  writeFileSync(at('all.onnx'), file?.bytes ?? '');
  expect(await main(['prune', at('all.onnx'), '--keep', '60%', '-o', at('same.onnx')])).toBe(0);
  const last = (await opened('all.onnx')).network.graph.outputs.at(-1) ?? '';
  expect(said.join('\n')).toContain(`leave no filter free; keep those you need, for example --outputs ${last}.`);
  expect(
    await main(['prune', at('all.onnx'), '--keep', '60%', '--outputs', last, '-o', at('one.onnx'), '--json']),
  ).toBe(0);
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ macs: { original: networkCosts(network.graph).macs } });
  expect((await opened('one.onnx')).network.graph.outputs).toHaveLength(1);
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
  [
    ['prune', 'net.onnx', '--keep', '50%', '-o', 'x.onnx', '--scheme', 'spatial'],
    2,
    '--scheme is for methods that split',
  ],
  [['prune', 'net.onnx', '--keep', '50%', '-o', 'x.onnx', '--outputs', 'b'], 1, 'The network has no output "b", only'],
  [['evaluate', 'net.onnx', '--data', 'shapes10', '--device', 'gpu'], 2, '--device must be auto, webgpu, wasm'],
  [['evaluate', 'net.onnx', '--data', 'shapes10', '--images', '0'], 2, '--images must be a whole number'],
  [['run', 'file.json', '--network', 'absent.onnx'], 1, 'absent.onnx"'],
  [['run', 'file.json', '--seed', '4294967296'], 1, 'The recipe is wrong at "seed"'],
])('%j ends with one line that says what to do', async (words, status, text) => {
  const network = { source: 'file', name: 'net.onnx' };
  const stages = [{ stage: 'evaluate' }];
  const recipe = { version: 1, name: 'file', network, data: { source: 'shapes10' }, stages };
  writeFileSync(at('file.json'), JSON.stringify(recipe));
  const files = new Set(['net.onnx', 'absent.onnx', 'x.onnx', 'net.docx', 'file.json']);
  expect(await main(words.map((word) => (files.has(word) ? at(word) : word)))).toBe(status);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(text);
  expect(errors[0]).not.toContain('\n');
  expect(existsSync(at('x.onnx'))).toBe(false);
});

it.each(['--help', '-h'])('a command says with %s how it is used', async (flag) => {
  expect(await main(['prune', flag])).toBe(0);
  expect(said.join('\n')).toMatch(/^ {2}espalier prune FILE /);
  expect(errors).toEqual([]);
});

it('weights that an ONNX file keeps outside go with it, whatever the command', () => {
  writeFileSync(at('large.onnx'), '');
  writeFileSync(at('large.onnx.data'), '');
  writeFileSync(at('large.bin'), '');
  expect(networkFiles(at('large.onnx')).map(({ name }) => name)).toEqual([
    'large.onnx',
    'large.onnx.data',
    'large.bin',
  ]);
  expect(networkFiles(at('net.onnx')).map(({ name }) => name)).toEqual(['net.onnx']);
});

it('a share is a percentage or a fraction', () => {
  expect([shareOption('50%'), shareOption('0.5'), shareOption('100%')]).toEqual([0.5, 0.5, 1]);
});
