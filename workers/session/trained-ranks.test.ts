import { expect, it } from 'vitest';
import { networkCosts } from '../network/costs';
import type { RunResult } from '../protocol';
import type { RecipeInput } from './recipe';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

const training = {
  stage: 'fine-tune',
  epochs: 2,
  batchSize: 16,
  learningRate: 0.05,
  method: 'trp',
  settings: { energy: 0.15, period: 2, lambda: 0.02, scheme: 'spatial' },
} as const;

async function carriedOut(
  studio: Rehearsal,
  stages: RecipeInput['stages'],
): Promise<{ result: RunResult; run: string }> {
  const recipe = tinyRecipe({ stages });
  const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
  const finished = await studio.heard(run, ({ event }) => event === 'finished' || event === 'failed');
  if (finished.event !== 'finished') throw new Error(JSON.stringify(finished));
  return { result: finished.result, run };
}

it('trained rank pruning loses nothing at the split, and its file is the factored network', async () => {
  const studio = rehearse();
  await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/' });
  const { result, run } = await carriedOut(studio, [
    { stage: 'pretrain', epochs: 1, batchSize: 16, learningRate: 0.05 },
    training,
    { stage: 'evaluate' },
    { stage: 'truncate', method: 'trp', budget: 1 },
  ]);
  const before = result.evaluations?.[0];
  expect(before?.images).toBe(64);
  expect(result.accuracy.cut).toBe(before?.accuracy);
  expect(result.proof.maxAbsLogitDifference).toBeLessThan(1e-4);
  expect(result.macs.share).toBeLessThan(0.9);
  expect(result.method).toBe('trp');

  const told = studio.events.flatMap((event) =>
    event.kind === 'run' && event.event.event === 'telemetry' ? [event.event.telemetry] : [],
  );
  const last = told.at(-1);
  expect(Object.keys(last?.values ?? {})).toEqual(['energyKept', 'nuclearNorm', 'meanRank', 'shareIfFactored']);
  expect(last?.values['shareIfFactored']).toBeCloseTo(result.macs.share, 12);

  const params = { network: null, run, dataset: null, format: 'safetensors' } as const;
  const { blob, name, proof } = await studio.call('exportNetwork', params);
  expect(proof?.maxAbsLogitDifference).toBeLessThanOrEqual(1e-3);
  const files = [new File([blob], name)];
  const reopened = await studio.call('openNetwork', { source: { source: 'file', name }, files });
  expect(networkCosts(reopened.graph).macs).toBe(result.macs.kept);
  expect(reopened.meta.history.at(-1)?.kind).toBe('decompose');
}, 120_000);

it('the truncation goes by the method it names: another one, or trained ranks found without training', async () => {
  const studio = rehearse();
  await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/' });
  // Plain SVD with nothing to save leaves even a network of low rank whole.
  const plain = await carriedOut(studio, [training, { stage: 'truncate', method: 'svd', budget: 1 }]);
  expect(plain.result.macs.share).toBe(1);
  // After other training the ranks are what they have become: full again.
  const again = await carriedOut(studio, [
    training,
    { stage: 'fine-tune', epochs: 0.5, batchSize: 16, learningRate: 0.05 },
    { stage: 'truncate', method: 'trp', settings: { scheme: 'spatial' }, budget: 1 },
  ]);
  expect(again.result.macs.share).toBeGreaterThan(0.9);
  const kept = await carriedOut(studio, [training, { stage: 'truncate', method: 'trp', budget: 1 }]);
  expect(kept.result.macs.share).toBeLessThan(0.9);
}, 120_000);

it('a truncation may cut filters where that loses less, within the budget and proven', async () => {
  const studio = rehearse();
  await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/' });
  const { result, run } = await carriedOut(studio, [{ stage: 'truncate', budget: 0.6, filters: true }]);
  expect(result.macs.share).toBeLessThanOrEqual(0.6);
  expect(result.macs.share).toBeGreaterThan(0.5);
  expect(result.proof.maxAbsLogitDifference).toBeLessThan(1e-3);
  expect(result.notes.join()).toMatch(
    /^(Every layer loses less by a lower rank|Fewer filters instead of a lower rank: s)/,
  );
  const { runs } = await studio.call('listRuns', null);
  const last = runs.find((known) => known.run === run)?.candidates.at(-1);
  const view = await studio.call('openCandidate', { run, candidate: last?.id ?? '' });
  expect(networkCosts(view.graph).macs).toBe(result.macs.kept);
  expect(view.meta.history.map(({ kind }) => kind)).toEqual(['cut', 'decompose']);
}, 60_000);
