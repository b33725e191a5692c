import { describe, expect, it } from 'vitest';
import { memoryBlobs, memoryRecords } from './memory-shelves';
import { rewound, turnedIn, turnNotes, withTurn } from './knobs';
import { rehearse, tinyRecipe } from './rehearsal';

const turn = (step: number, value: number, stage = 0, setting = 'strength') => ({ stage, step, setting, value });

describe('turns of live knobs', () => {
  it('are kept one a step, and hold to the end of their stage', () => {
    const dragged = [0.1, 0.2, 0.3].map((value) => turn(5, value)).reduce(withTurn, [turn(2, 0.05)]);
    expect(dragged).toEqual([turn(2, 0.05), turn(5, 0.3)]);
    expect(turnedIn(withTurn(dragged, turn(1, 9, 0, 'energy')), 0)).toEqual({ strength: 0.3, energy: 9 });
    expect(turnedIn(dragged, 1)).toEqual({});
  });

  it('made after the point a run goes on from hold from there', () => {
    const turns = [turn(2, 0.1), turn(5, 0.2), turn(8, 0.3), turn(1, 1, 2)];
    expect(rewound(turns, 0, 4)).toEqual([turn(2, 0.1), turn(4, 0.3)]);
    expect(rewound(turns, 2, 0)).toEqual([...turns.slice(0, 3), turn(0, 1, 2)]);
  });

  it('are told in the result', () => {
    const recipe = tinyRecipe({ stages: [{ stage: 'fine-tune', epochs: 1, method: 'csgd' }] });
    expect(turnNotes(recipe, [turn(2, 0.1), turn(7, 0.2)])).toEqual([
      '"Strength" was turned to 0.2 by hand at step 7 of stage 1, after 1 other turn.',
    ]);
    expect(turnNotes(recipe)).toEqual([]);
  });
});

it('a turned knob and what the method said outlive a reload, and the run goes on with both', async () => {
  const shelves = { blobs: memoryBlobs(), records: memoryRecords() };
  const start = { device: 'wasm', baseUrl: 'http://localhost/' } as const;
  const fine = { stage: 'fine-tune', batchSize: 16, learningRate: 0.03, momentum: 0, weightDecay: 0 } as const;
  const recipe = tinyRecipe({
    stages: [
      { ...fine, epochs: 12, schedule: 'constant', method: 'csgd', settings: { strength: 0.001 } },
      { stage: 'prune', budget: 0.6 },
    ],
  });
  let studio = rehearse({ shelves });
  await studio.call('start', start);
  const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
  const progressed = (event: { event: string; progress?: { done: number } }, steps: number): boolean =>
    event.event === 'progress' && (event.progress?.done ?? 0) >= steps;
  await studio.heard(run, (event) => progressed(event, 4));
  await expect(studio.call('setKnob', { run, setting: 'vectorShare', value: 0.5 })).rejects.toThrow('no method');
  await expect(studio.call('setKnob', { run, setting: 'strength', value: 99 })).rejects.toThrow();
  await studio.call('controlRun', { run, action: 'pause' });
  const { points } = await studio.call('metricsOf', { run });
  await studio.call('setKnob', { run, setting: 'strength', value: 5 });
  await studio.call('setKnob', { run, setting: 'strength', value: 2 });
  await studio.call('controlRun', { run, action: 'step' });
  await studio.heard(run, (event) => progressed(event, points.length + 1));
  await studio.call('controlRun', { run, action: 'pause' });

  studio = rehearse({ shelves });
  const [known] = (await studio.call('start', start)).runs;
  const turned = { stage: 0, step: points.length, setting: 'strength', value: 2 };
  expect(known?.knobs).toEqual([turned]);
  await studio.call('controlRun', { run, action: 'resume' });
  const finished = await studio.heard(run, ({ event }) => event === 'finished');
  if (finished.event !== 'finished') throw new Error('The run must finish.');
  expect(finished.result.notes.join()).toContain('"Strength" was turned to 2 by hand');

  const { samples } = await studio.call('telemetryOf', { run });
  expect(samples.at(-1)).toMatchObject({ stage: 0, step: 240, total: 240 });
  const steps = samples.map(({ step }) => step);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  // A strength of 0.001 would have left chi where it began, in the tens; 2 takes it to (1 - 0.06)^470 of that.
  expect(samples.at(-1)?.telemetry.values['chi']).toBeLessThan(1e-3);

  const later = rehearse({ shelves });
  await later.call('start', start);
  expect(await later.call('telemetryOf', { run })).toEqual({ samples });
  await later.call('deleteRun', { run });
  expect(await shelves.blobs.names()).toEqual([]);
}, 120_000);
