import { describe, expect, it } from 'vitest';
import type { WorkerErrorData } from '../../workers/protocol';
import { sampleRun } from '../studio/run-sample';
import { remedyFor } from './remedy';

const error = (kind: string, data: WorkerErrorData['data'] = {}): WorkerErrorData => ({ kind, message: 'x', data });
const run = sampleRun();

describe('remedyFor', () => {
  it('halves the learning rate of a run that diverged', () => {
    expect(remedyFor(error('DivergedError', { step: 12 }), run)).toEqual({
      kind: 'change',
      label: 'Halve the learning rate',
      change: { learningRate: 0.01 },
    });
  });

  it('halves the batch where memory ran out, until it is too small to help', () => {
    const full = error('DeviceError', { kind: 'out-of-memory' });
    expect(remedyFor(full, run)).toMatchObject({ change: { batchSize: 32 } });
    const small = {
      ...run,
      recipe: {
        ...run.recipe,
        stages: run.recipe.stages.map((stage) => (stage.stage === 'fine-tune' ? { ...stage, batchSize: 8 } : stage)),
      },
    };
    expect(remedyFor(full, small)).toBeNull();
  });

  it('resumes after a lost device and knows when it does not know', () => {
    expect(remedyFor(error('DeviceError', { kind: 'lost' }), run)?.kind).toBe('resume');
    expect(remedyFor(error('RecipeError'), run)).toBeNull();
  });
});
