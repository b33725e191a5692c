import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFixtureClient, type FixtureClient } from './fixture-client';
import { fixtureMethods } from './fixture-methods';
import { initialState } from './initial';
import { actions, connectStudio, studio } from './store';

let client: FixtureClient;
let disconnect: () => void;

beforeEach(async () => {
  studio.setState(initialState({}, 'light'), true);
  studio.setState(({ engine }) => ({ engine: { ...engine, phase: 'ready', methods: fixtureMethods } }));
  client = createFixtureClient({ delay: 1 });
  disconnect = connectStudio(client);
  await actions.openNetwork({ source: 'zoo', architecture: 'resnet8', widths: [4, 8, 16] });
  await vi.waitUntil(() => studio.getState().preview.state === 'measured', 5000);
});
afterEach(() => disconnect());

const asked = () => client.received.filter(({ command }) => command === 'recover').length;

describe('the recovery ladder', () => {
  it('stays silent until it is switched on, then fills coarse budgets first', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(asked()).toBe(0);
    actions.showLadder(true);
    await vi.waitFor(() => expect(studio.getState().ladder.points).toHaveLength(7), 10_000);
    const { points, isBusy } = studio.getState().ladder;
    expect(points.map(({ share }) => share)).toEqual(points.map(({ share }) => share).toSorted((a, b) => a - b));
    await vi.waitFor(() => expect(studio.getState().ladder.isBusy).toBe(false));
    expect(typeof isBusy).toBe('boolean');
    // Another budget is the same family: nothing is measured twice.
    actions.releaseBudget(0.4);
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(asked()).toBe(7);
    expect(studio.getState().ladder.points).toHaveLength(7);
    actions.showLadder(false);
    expect(studio.getState().ladder.points).toEqual([]);
  }, 30_000);

  it('waits while a run trains, and begins anew for another method', async () => {
    actions.showLadder(true);
    studio.setState({ activeRun: 'r' });
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(asked()).toBe(0);
    studio.setState({ activeRun: null });
    await vi.waitFor(() => expect(studio.getState().ladder.points.length).toBeGreaterThan(0), 10_000);
    actions.chooseMethod('l2');
    expect(studio.getState().ladder.points).toEqual([]);
  }, 30_000);
});
