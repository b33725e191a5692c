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
