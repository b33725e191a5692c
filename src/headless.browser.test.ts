import { beforeAll, expect, it } from 'vitest';
import type { HeadlessApi, HeadlessProgress } from './headless-api';

const said: HeadlessProgress[] = [];
let api: HeadlessApi;
beforeAll(async () => {
  window.espalierProgress = (progress) => void said.push(progress);
  await import('./headless');
  if (window.espalier === undefined) throw new Error('headless.ts offers nothing.');
  api = window.espalier;
});

const recipe = {
  version: 1,
  name: 'Without a screen',
  seed: 2,
  network: { source: 'zoo', architecture: 'resnet8', widths: [4, 4, 8] },
  data: { source: 'shapes10', train: 64, validation: 32, test: 32 },
  stages: [
    { stage: 'score', method: 'l2' },
    { stage: 'prune', budget: 0.6 },
    { stage: 'recalibrate', images: 32 },
  ],
};
const nothing = { device: 'wasm', networkFiles: [], dataFiles: [], artefacts: null } as const;

it('carries out a recipe as people write it and says how far it is', async () => {
  const outcome = await api.run({ ...nothing, recipe });
  if (!outcome.ok) throw new Error(outcome.error.message);
  const { result, artefacts } = outcome.value;
  expect(result.macs.share).toBeLessThanOrEqual(0.6);
  expect(result.proof.maxAbsLogitDifference).toBeLessThanOrEqual(1e-4);
  expect(result.trainingSteps).toBe(0);
  expect(result.imagesPerSecond).toBeNull();
  expect(artefacts).toEqual([]);
  const stages = said.filter(({ stage }) => stage !== null);
  expect(stages.at(-1)).toMatchObject({ text: 'recalibrate: Recalibrated', done: 1, stage: 2, stages: 3 });
});

it('gives errors back as data', async () => {
  const wrong = { ...recipe, stages: [{ stage: 'prune', budget: 0.6 }] };
  expect(await api.run({ ...nothing, recipe: wrong })).toMatchObject({
    ok: false,
    error: { kind: 'RecipeError', data: { path: 'stages.0' } },
  });
  const torn = URL.createObjectURL(new Blob([new Uint8Array(40)]));
  const evaluation = {
    ...nothing,
    network: { source: 'file', name: 'torn.safetensors' },
    networkFiles: [{ url: torn, name: 'torn.safetensors' }],
    data: { source: 'shapes10', train: 8, validation: 8, test: 8 },
    split: 'test',
    images: null,
  } as const;
  expect(await api.evaluate(evaluation)).toMatchObject({ ok: false, error: { kind: 'FormatError' } });
});
