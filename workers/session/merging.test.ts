/** Centripetal SGD as a recipe: trained, cut, recorded, resumed. */
import { expect, it } from 'vitest';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import type { Recipe } from './recipe';
import { rehearse, tinyRecipe } from './rehearsal';

/** Rate times strength past its critical value at momentum 0.8: differences fall by 0.8^(t/2) in t steps. */
const training = {
  stage: 'fine-tune',
  method: 'csgd',
  settings: { strength: 0.5 },
  batchSize: 32,
  learningRate: 0.03,
  momentum: 0.8,
  schedule: 'constant',
} as const;

const nothingOpen = { network: null, dataset: null, files: [] };
const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;

const recipe = (epochs: number): Recipe =>
  tinyRecipe({
    stages: [{ ...training, epochs }, { stage: 'evaluate' }, { stage: 'prune', budget: 0.5 }],
  });

it('trains filters to be equal, and cuts without changing an answer', async () => {
  const studio = rehearse();
  await studio.call('start', start);
  const { run } = await studio.call('startRun', { recipe: recipe(13), ...nothingOpen });
  const finished = await studio.heard(run, ({ event }) => event === 'finished');
  if (finished.event !== 'finished') throw new Error('It finished.');
  const { result } = finished;
  expect(result.method).toBe('csgd');
  expect(result.proof.maxAbsLogitDifference).toBeLessThan(1e-3);
  expect(result.macs.share).toBeLessThanOrEqual(0.5);
  // The wide network was evaluated right before the cut.
  expect(result.accuracy.cut).toBe(result.evaluations?.[0]?.accuracy);
  expect(result.notes).toEqual([expect.stringMatching(/^Merging filters changed logits by at most \S+e-[4-9]/)]);
  const told = studio.events.flatMap((event) =>
    event.kind === 'run' && event.event.event === 'telemetry' ? [event.event.telemetry] : [],
  );
  expect(told.at(-1)?.values['logitChangeIfCutNow']).toBeLessThan(1e-3);
}, 120_000);

it('cuts too early as well, and says so', async () => {
  const studio = rehearse();
  await studio.call('start', start);
  const { run } = await studio.call('startRun', { recipe: recipe(1), ...nothingOpen });
  const finished = await studio.heard(run, ({ event }) => event === 'finished');
  if (finished.event !== 'finished') throw new Error('It finished.');
  expect(finished.result.proof.maxAbsLogitDifference).toBeGreaterThan(1e-2);
  expect(finished.result.notes).toEqual([expect.stringMatching(/not become equal yet/)]);
}, 60_000);

it('goes on after a reload to the very same network', async () => {
  const whole = rehearse();
  await whole.call('start', start);
  const undisturbed = (await whole.call('startRun', { recipe: recipe(2), ...nothingOpen })).run;
  const expected = await whole.heard(undisturbed, ({ event }) => event === 'finished');

  const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
  const first = rehearse({ shelves });
  await first.call('start', start);
  const { run } = await first.call('startRun', { recipe: recipe(2), ...nothingOpen });
  await first.heard(run, (event) => event.event === 'progress' && event.progress.done >= 6);
  await first.call('controlRun', { run, action: 'pause' });

  const second = rehearse({ shelves });
  await second.call('start', start);
  await second.call('controlRun', { run, action: 'resume' });
  const found = await second.heard(run, ({ event }) => event === 'finished');
  if (found.event !== 'finished' || expected.event !== 'finished') throw new Error('Both finished.');
  expect(found.result.accuracy).toEqual(expected.result.accuracy);
  expect(found.result.proof).toEqual(expected.result.proof);
}, 120_000);
