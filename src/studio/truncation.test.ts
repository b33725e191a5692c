import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFixtureClient, type FixtureClient } from './fixture-client';
import { fixtureMethods } from './fixture-methods';
import { initialState } from './initial';
import { recipeOf } from './run-recipe';
import { actions, connectStudio, studio } from './store';
import { parseRecipe } from '../../workers/session/recipe';

let fixture: FixtureClient;
let disconnect: () => void;
const measured = (): Promise<unknown> => vi.waitUntil(() => studio.getState().preview.state === 'measured', 5000);
const layer = 'stage2.block1.conv2';
const rank = () => studio.getState().plan?.truncation?.ranks[layer];

beforeEach(async () => {
  studio.setState(initialState({}, 'light'), true);
  studio.setState(({ engine }) => ({ engine: { ...engine, phase: 'ready', methods: fixtureMethods } }));
  fixture = createFixtureClient({ delay: 0 });
  disconnect = connectStudio(fixture);
  await actions.openNetwork({ source: 'zoo', architecture: 'resnet8' });
  await measured();
  actions.chooseMethod('svd');
  await vi.waitUntil(() => studio.getState().plan?.truncation !== undefined, 5000);
  await measured();
});
afterEach(() => disconnect());

describe('a method that truncates', () => {
  it('plans ranks to the budget and has the truncation checked', () => {
    const { plan, scoring } = studio.getState();
    expect(scoring.scores).toBeNull();
    // Six convolutions of a ResNet-8 have a window and are not the first.
    expect(plan?.truncation?.layers.total).toBe(6);
    expect(plan?.share).toBeLessThanOrEqual(0.5);
    expect(plan?.share).toBeGreaterThan(0.45);
    expect(plan?.removed).toEqual({});
    const check = fixture.received.findLast(({ command }) => command === 'preview')?.params;
    expect(check).toMatchObject({
      removed: {},
      truncation: { scheme: 'channel', ranks: plan?.truncation?.ranks },
    });
  });

  it('follows a dragged budget, and estimates between measured truncations', async () => {
    actions.releaseBudget(0.8);
    await measured();
    actions.dragBudget(0.65);
    const { plan, preview } = studio.getState();
    expect(plan?.share).toBeGreaterThan(0.6);
    expect(preview.state).toBe('estimate');
    expect(preview.accuracy).not.toBeNull();
  });

  it('keeps a rank set by hand; a drag is one step', async () => {
    const before = rank();
    actions.dragRank(layer, 3);
    actions.dragRank(layer, 4);
    expect(rank()).toBe(4);
    actions.releaseRank(layer, 4);
    await measured();
    actions.releaseBudget(0.7);
    expect(rank()).toBe(4);
    await measured();
    actions.undo();
    actions.undo();
    expect(rank()).toBe(before);
    expect(studio.getState().ranks).toEqual({});
  });

  it('gives a cancelled drag back', () => {
    const before = rank();
    actions.dragRank(layer, 2);
    actions.cancelDrag();
    expect(rank()).toBe(before);
    expect(studio.getState().preview.state).toBe('measured');
  });

  it('leaves a protected layer whole, and filters alone', () => {
    actions.protectLayer(layer, true);
    expect(rank()).toBeUndefined();
    const { rules } = studio.getState();
    actions.toggleFilter(layer, 0);
    expect(studio.getState().rules).toBe(rules);
  });

  it('becomes truncate, recalibrate, fine-tune, evaluate', () => {
    actions.releaseRank(layer, 5);
    const recipe = recipeOf(studio.getState());
    expect(recipe?.stages.map(({ stage }) => stage)).toEqual(['truncate', 'recalibrate', 'fine-tune', 'evaluate']);
    expect(recipe?.stages[0]).toEqual({
      stage: 'truncate',
      method: 'svd',
      settings: { scheme: 'channel' },
      budget: 0.5,
      protect: [],
      keep: { [layer]: 5 },
    });
    expect(parseRecipe(recipe)).toEqual(recipe);
  });

  it('reads the spectra again for the other scheme, and cuts ranks by hand to what that one has', async () => {
    actions.releaseRank(layer, 30);
    actions.chooseMethod('svd', { scheme: 'spatial' });
    await vi.waitUntil(() => studio.getState().plan?.truncation?.scheme === 'spatial', 5000);
    const full = studio.getState().scoring.spectra?.kernels.find(({ layers }) => layers.includes(layer))?.values.length;
    // 3 x 1 over 32 channels and 1 x 3 over 32: 96.
    expect(full).toBe(96);
    expect(studio.getState().notices).toEqual([]);
  });

  it('gives way to a method that cuts', async () => {
    actions.chooseMethod('l1');
    await vi.waitUntil(() => studio.getState().plan?.truncation === undefined, 5000);
    expect(studio.getState().scoring.spectra).toBeNull();
    expect(Object.keys(studio.getState().plan?.removed ?? {}).length).toBeGreaterThan(0);
    expect(recipeOf(studio.getState())?.stages[0]?.stage).toBe('score');
  });
});

describe('a method that trains first', () => {
  const choose = async (method: string): Promise<void> => {
    actions.chooseMethod(method);
    await vi.waitUntil(() => studio.getState().scoring.state === 'ready', 5000);
    await measured();
  };

  it('becomes its training, the cut, and no fine-tune where the cut loses nothing', async () => {
    await choose('csgd');
    // Foreshadowed by L1, with that method's own settings.
    expect(fixture.received.findLast(({ command }) => command === 'score')?.params).toMatchObject({
      method: 'l1',
      settings: {},
    });
    const recipe = recipeOf(studio.getState());
    expect(recipe?.stages.map(({ stage }) => stage)).toEqual(['fine-tune', 'prune', 'recalibrate', 'evaluate']);
    expect(recipe?.stages[0]).toMatchObject({
      method: 'csgd',
      settings: { strength: 0.003, restarts: 4 },
      epochs: 30,
      learningRate: 0.03,
    });
    expect(parseRecipe(recipe)).toEqual(recipe);
  });

  it('has a length and a rate of its own; a fine-tune nobody touched comes back with the next method', async () => {
    await choose('csgd');
    expect(studio.getState().fineTune.epochs).toBe(0);
    actions.changeTraining({ epochs: 12 });
    expect(recipeOf(studio.getState())?.stages[0]).toMatchObject({ epochs: 12 });
    actions.undo();
    expect(studio.getState().training.epochs).toBe(30);
    await choose('l1');
    expect(studio.getState().fineTune.epochs).toBe(3);
    actions.changeFineTune({ epochs: 8 });
    await choose('csgd');
    expect(studio.getState().fineTune.epochs).toBe(8);
  });

  it('truncates at the end where it reduces ranks', async () => {
    await choose('trp');
    const recipe = recipeOf(studio.getState());
    expect(recipe?.stages.map(({ stage }) => stage)).toEqual([
      'fine-tune',
      'truncate',
      'recalibrate',
      'fine-tune',
      'evaluate',
    ]);
    expect(recipe?.stages.slice(0, 2)).toMatchObject([{ method: 'trp' }, { method: 'trp', budget: 0.5 }]);
    expect(parseRecipe(recipe)).toEqual(recipe);
  });
});
