import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseRecipe } from './recipe';
import { checkRecipe } from './recipe-check';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;
const recipe = tinyRecipe({
  stages: [
    { stage: 'pretrain', epochs: 2, batchSize: 32, learningRate: 0.05 },
    { stage: 'score', method: 'l1' },
    { stage: 'prune', budget: 0.6 },
    { stage: 'reconstruct', images: 128 },
    { stage: 'recalibrate', images: 128 },
  ],
});

describe('recovery without training', () => {
  let studio: Rehearsal;
  let ids: { readonly network: string; readonly dataset: string };
  beforeAll(async () => {
    studio = rehearse();
    await studio.call('start', start);
    const { network } = await studio.call('openNetwork', { source: recipe.network, files: [], seed: 4 });
    const { dataset } = await studio.call('openDataset', { source: recipe.data, files: [] });
    ids = { network, dataset };
  });

  it('as a stage: the weights change, each layer nearer to the original on the probe', async () => {
    const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
    const ended = await studio.heard(run, ({ event }) => event === 'finished');
    if (ended.event !== 'finished') throw new Error('The run must finish.');
    const left = /Reconstruction: (\d+) layers, (\d+) % of their error/.exec(ended.result.notes.join(' '));
    expect(Number(left?.[1])).toBeGreaterThan(5);
    expect(Number(left?.[2])).toBeLessThan(90);
    const { runs } = await studio.call('listRuns', null);
    const made = runs.find((other) => other.run === run)?.candidates ?? [];
    expect(made.map(({ kind }) => kind)).toEqual(['original', 'cut', 'reconstructed', 'recalibrated']);
    expect(made[2]?.macs).toBe(made[1]?.macs);
    expect(made[2]?.hash).not.toBe(made[1]?.hash);
  }, 120_000);

  it('needs a cut before it', () => {
    const wrong = { ...recipe, stages: [{ stage: 'reconstruct' }] };
    expect(() => checkRecipe(parseRecipe(wrong))).toThrow('put "prune" or "truncate" before it');
  });

  it('measures all rungs; of the whole network the first is its accuracy', async () => {
    const whole = await studio.call('recover', { ...ids, removed: {}, images: 64 });
    const asked = { ...ids, split: 'validation', images: 64 } as const;
    expect(whole.accuracy).toBe((await studio.call('evaluate', asked)).accuracy);
    // Nothing was lost, so reconstruction changes nothing.
    expect(whole.reconstructed).toBe(whole.recalibrated);
    const removed = { 'stage1.block1.conv1': [0, 1], 'stage3.block1.conv1': [1, 2, 3] };
    const preview = await studio.call('preview', { ...ids, removed, images: 64, recalibrate: true });
    const rungs = await studio.call('recover', { ...ids, removed, images: 64 });
    expect(rungs).toMatchObject({ accuracy: preview.accuracy, recalibrated: preview.recalibrated });
  }, 60_000);

  it('recalibrating a trained network that lost nothing takes nothing from it: images are moved as in training', async () => {
    const name = 'resnet8-shapes10.safetensors';
    const bytes = await readFile(new URL(`../../public/networks/${name}`, import.meta.url));
    const files = [new File([bytes], name)];
    const { network } = await studio.call('openNetwork', { source: { source: 'file', name }, files });
    const { dataset } = await studio.call('openDataset', { source: { source: 'shapes10', test: 10 }, files: [] });
    const asked = { network, dataset, removed: {}, images: 400, recalibrate: true } as const;
    const { accuracy, recalibrated } = await studio.call('preview', asked);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(recalibrated).toBeGreaterThan(accuracy - 0.02);
  }, 60_000);

  it('gives way to a command and still comes to its end', async () => {
    const removed = { 'stage1.block1.conv1': [0, 1] };
    const alone = await studio.call('recover', { ...ids, removed, images: 64 });
    const rungs = studio.call('recover', { ...ids, removed, images: 64 });
    for (let time = 0; time < 3; time += 1) {
      await studio.call('evaluate', { ...ids, split: 'validation', images: 16 });
    }
    expect(await rungs).toEqual(alone);
  }, 60_000);
});
