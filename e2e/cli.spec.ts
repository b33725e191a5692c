/** The command line as a program would use it: exit status, one JSON object, one line of error. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { tinyNetworkFile } from './steps';

test.setTimeout(600_000);

const root = join(import.meta.dirname, '..');
const shared = join(root, '..', 'shared');
const cifarNetwork = join(shared, 'models', 'resnet20-cifar10.safetensors');
const cifarData = join(shared, 'cifar10', 'cifar-10-binary-subset.tar.gz');

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function espalier(...parameters: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const program = [join(root, 'bin', 'espalier.mjs'), ...parameters];
    execFile(process.execPath, program, { cwd: root, maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

test('a browser that does not start ends the command, with one line', async () => {
  const program = [join(root, 'bin', 'espalier.mjs'), 'run', join(root, 'recipes', 'quick', 'l1.json')];
  const env = { ...process.env, ESPALIER_CHROMIUM: '/bin/false' };
  const ended = await new Promise<{ error: { killed?: boolean; code?: unknown } | null; stderr: string }>((resolve) => {
    execFile(process.execPath, program, { cwd: root, env, timeout: 60_000 }, (error, _stdout, stderr) =>
      resolve({ error, stderr }),
    );
  });
  expect(ended.error).toMatchObject({ killed: false, code: 1 });
  expect(ended.stderr).toContain('espalier: The browser "/bin/false" does not start.');
});

const lastLine = ({ stdout }: Ended): unknown => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

test('inspect: what a file holds, as JSON', async () => {
  const info = test.info();
  const file = info.outputPath('tiny.safetensors');
  await writeFile(file, await tinyNetworkFile([4, 6, 8]));
  const ended = await espalier('inspect', file, '--json');
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(lines(ended.stdout)).toHaveLength(1);
  // By hand, 3x3 kernels, identity shortcuts: 32x32 (3x4 + 2x4x4), 16x16 (4x6 + 6x6), 8x8 (6x8 + 8x8), dense 8x10.
  const macs = 9 * (1024 * (12 + 32) + 256 * (24 + 36) + 64 * (48 + 64)) + 80;
  expect(lastLine(ended)).toMatchObject({ file, macs });
});

test('run: a recipe to its result, and the file it wrote evaluates to the same accuracy', async () => {
  const info = test.info();
  const out = info.outputPath('out');
  const ended = await espalier('run', 'recipes/quick/l1.json', '--json', '--device', 'wasm', '--out', out);
  expect(ended.status, ended.stderr).toBe(0);
  expect(lines(ended.stdout)).toHaveLength(1);
  const result = lastLine(ended) as { accuracy: Record<string, number>; macs: Record<string, number> };
  expect(result).toMatchObject({
    device: expect.stringMatching(/wasm/i),
    seconds: expect.any(Number),
    seed: 1,
    split: 'test',
    images: 1000,
    macs: { original: 12_501_632, kept: expect.any(Number), share: expect.any(Number) },
    parameters: { original: 78_042, kept: expect.any(Number) },
    proof: { maxAbsLogitDifference: expect.any(Number) },
    imagesPerSecond: expect.any(Number),
    multiplyAddsPerSecond: expect.any(Number),
    // 2,000 images in whole batches of 32.
    trainingSteps: 62,
    testUses: expect.any(Number),
    method: 'l1',
    notes: expect.any(Array),
  });
  expect(result.macs['share']).toBeCloseTo((result.macs['kept'] ?? 0) / 12_501_632, 6);
  expect(Math.abs((result.macs['share'] ?? 0) - 0.5)).toBeLessThan(0.03);
  for (const stage of ['original', 'cut', 'recalibrated', 'final']) {
    expect(result.accuracy[stage]).toBeGreaterThan(0);
    expect(result.accuracy[stage]).toBeLessThanOrEqual(1);
  }

  const written = join(out, 'final.safetensors');
  const again = await espalier(
    'evaluate',
    written,
    '--data',
    'shapes10',
    '--images',
    '1000',
    '--device',
    'wasm',
    '--json',
  );
  expect(again.status, again.stderr).toBe(0);
  expect(lastLine(again)).toMatchObject({ split: 'test', images: 1000, accuracy: result.accuracy['final'] });
  expect(JSON.parse(await readFile(join(out, 'recipe.json'), 'utf8'))).toMatchObject({ version: 1, seed: 1 });
});

test('nonsense ends in one line that names the place', async () => {
  const info = test.info();
  const recipe = info.outputPath('nonsense.json');
  const good = JSON.parse(await readFile(join(root, 'recipes', 'quick', 'l1.json'), 'utf8')) as { stages: unknown[] };
  await writeFile(recipe, JSON.stringify({ ...good, stages: [{ stage: 'prune', budget: 7 }] }));
  const wrong = await espalier('run', recipe, '--json');
  expect(wrong.status).not.toBe(0);
  expect(wrong.stdout).toBe('');
  expect(lines(wrong.stderr)).toHaveLength(1);
  expect(wrong.stderr).toContain('stages.0.budget');

  for (const command of ['run', 'inspect']) {
    const missing = await espalier(command, info.outputPath('nowhere.json'));
    expect(missing.status).not.toBe(0);
    expect(missing.stdout).toBe('');
    expect(lines(missing.stderr)).toHaveLength(1);
    expect(missing.stderr).toContain('nowhere.json');
  }
});

const absent = existsSync(cifarNetwork) && existsSync(cifarData) ? '' : ' (skipped: ../shared is absent)';
test(`evaluate: a ResNet-20 of another program on CIFAR-10 test images${absent}`, async () => {
  test.skip(absent !== '', 'The network and images in ../shared are not part of this repository.');
  const ended = await espalier(
    'evaluate',
    cifarNetwork,
    '--data',
    cifarData,
    '--split',
    'test',
    '--device',
    'wasm',
    '--json',
  );
  expect(ended.status, ended.stderr).toBe(0);
  const { accuracy, images } = lastLine(ended) as { accuracy: number; images: number };
  expect(images).toBe(2000);
  // PyTorch answers 1,833 of these 2,000 correctly.
  expect(accuracy).toBeGreaterThanOrEqual(0.91);
  expect(accuracy).toBeLessThanOrEqual(0.925);
});

test('bench: the contestants asked for, medians as one object, and what it does not take', async () => {
  const ended = await espalier(
    'bench',
    '--only',
    'ours-wasm,tfjs-wasm-composed',
    '--workloads',
    'resnet8-b32',
    '--json',
  );
  expect(ended.status, ended.stderr).toBe(0);
  expect(lines(ended.stdout)).toHaveLength(1);
  const medians = lastLine(ended) as Record<string, Record<string, number>>;
  expect(Object.keys(medians)).toEqual(['ours-wasm', 'tfjs-wasm-composed']);
  for (const times of Object.values(medians)) {
    expect(Object.keys(times)).toEqual(['resnet8-b32']);
    expect(times['resnet8-b32']).toBeGreaterThan(0);
  }

  const forward = await espalier('bench', '--only', 'ours-wasm', '--workloads', 'resnet8-b32', '--forward');
  expect(forward.stdout).toMatch(/^resnet8-b32 +ours-wasm +[\d.]+ ms +1\.00x +\(.* times; .*\)$/m);

  const layers = await espalier('bench', '--only', 'ours-wasm', '--workloads', 'resnet8-b32', '--layers', '--json');
  const speeds = lastLine(layers) as Record<string, Record<string, { layer: string; output: number }[]>>;
  // Six convolutions of three blocks, two projections and the stem.
  expect(speeds['ours-wasm']?.['resnet8-b32']).toHaveLength(9);
  for (const { output } of speeds['ours-wasm']?.['resnet8-b32'] ?? []) expect(output).toBeGreaterThan(0);

  const memory = await espalier(
    'bench',
    '--only',
    'ours-wasm',
    '--workloads',
    'resnet8-b32',
    '--memory',
    '--steps',
    '10',
    '--json',
  );
  const use = (lastLine(memory) as Record<string, Record<string, Record<string, unknown>>>)['ours-wasm']?.[
    'resnet8-b32'
  ];
  expect(use).toMatchObject({ steps: 10, settled: { held: expect.any(Number) } });
  expect(use?.['last']).toEqual(use?.['settled']);

  const wrong = await espalier('bench', '--only', 'theirs');
  expect(wrong.status).not.toBe(0);
  expect(wrong.stderr).toContain('jax-js-webgpu');
});
