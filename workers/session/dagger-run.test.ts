import { expect, it } from 'vitest';
import { rehearse, tinyRecipe } from './rehearsal';

const fine = { stage: 'fine-tune', epochs: 1, batchSize: 32, learningRate: 0.02 } as const;
const gates = { ...fine, epochs: 2, method: 'dagger', settings: { learningRate: 0.05 } } as const;

it('Dagger in a recipe: gates, a proven cut within 1 % of the budget, recalibration, fine-tuning', async () => {
  const studio = rehearse();
  await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/' });
  const recipe = tinyRecipe({
    stages: [
      { stage: 'pretrain', epochs: 1, batchSize: 32, learningRate: 0.05 },
      // The second one takes the place of the first.
      { ...gates, epochs: 0.1 },
      gates,
      { stage: 'prune', budget: 0.5 },
      { stage: 'recalibrate', images: 128 },
      fine,
    ],
  });
  const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
  const finished = await studio.heard(run, ({ event }) => event === 'finished');
  if (finished.event !== 'finished') throw new Error('The run must finish.');
  const { macs, proof, method, trainingSteps } = finished.result;
  expect(macs.share).toBeLessThanOrEqual(0.5);
  expect(macs.share).toBeGreaterThan(0.49);
  expect(method).toBe('dagger');
  expect(proof.maxAbsLogitDifference).toBeLessThan(1e-3);
  // The module's own training counts.
  expect(trainingSteps).toBe(10 + 1 + 20 + 10);
  const told = studio.events.flatMap((event) =>
    event.kind === 'run' && event.event.event === 'telemetry' ? [event.event.telemetry] : [],
  );
  const last = told.at(-1);
  expect(last?.values).toMatchObject({ targetShare: 0.5, annealedTarget: 0.5 });
  expect(last?.layers?.['stem']?.['gate']).toHaveLength(4);
});

it('Dagger in rounds: each budget is a share of the network it is given, and they multiply', async () => {
  const studio = rehearse();
  await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/' });
  const round = (budget: number) => [gates, { stage: 'prune', budget }, { ...fine, epochs: 0.2 }] as const;
  const recipe = tinyRecipe({ stages: [...round(0.8), ...round(0.75)] });
  const { run } = await studio.call('startRun', { recipe, network: null, dataset: null, files: [] });
  const finished = await studio.heard(run, ({ event }) => event === 'finished');
  if (finished.event !== 'finished') throw new Error('The run must finish.');
  const { macs, proof, trainingSteps } = finished.result;
  expect(macs.share).toBeLessThanOrEqual(0.6);
  expect(macs.share).toBeGreaterThan(0.56);
  expect(proof.maxAbsLogitDifference).toBeLessThan(1e-3);
  expect(trainingSteps).toBe(2 * (20 + 2));
  const { runs } = await studio.call('listRuns', null);
  const shares = runs[0]?.candidates
    .filter(({ kind }) => kind !== 'trained')
    .map(({ kind, share }) => [kind, share > 0.78 ? 'first' : 'second']);
  expect(shares).toEqual([
    ['original', 'first'],
    ['cut', 'first'],
    ['cut', 'second'],
    ['final', 'second'],
  ]);
});
