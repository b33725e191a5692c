import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '../../compute/executor';
import { createExecutor } from '../../compute/runtime';
import { disposeAll } from './bench';
import { invariants } from './invariants';
import { annealedTarget } from './penalty';
import { steersTo } from './training-laws';

describe('Dagger on WASM', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm' });
  });
  afterEach(disposeAll);
  afterAll(() => executor.dispose());

  it.each(invariants)('$name', ({ check }) => check(executor));

  it.each([0.25, 0.5, 0.75])('the budget term alone steers a ResNet-8 to %d', (budget) => steersTo(budget));
});

describe('the annealed target', () => {
  it('falls from 1 to the budget over the first part of the steps, never rising', () => {
    const targets = Array.from({ length: 100 }, (_, step) => annealedTarget(step, 100, 0.4, 0.7));
    expect(targets[0]).toBe(1);
    expect(targets[35]).toBeCloseTo(0.7, 12);
    for (const target of targets.slice(70)) expect(target).toBeCloseTo(0.4, 12);
    targets.slice(1).forEach((target, at) => expect(target).toBeLessThanOrEqual(targets[at] ?? 0));
    expect(annealedTarget(0, 100, 0.4, 0)).toBeCloseTo(0.4, 12);
  });
});
