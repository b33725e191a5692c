import { expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { createEventFeed } from './events';
import { initialState } from './initial';
import { sampleRun } from './run-sample';
import type { StudioState } from './state';

/** What is said of a lost device while `runs` stand. */
function saidOf(recovering: boolean, runs: StudioState['runs']): string | undefined {
  const store = createStore<StudioState>(() => ({ ...initialState({}, 'light'), runs }));
  const unused = (): never => {
    throw new Error('Events ask the worker for nothing.');
  };
  const feed = createEventFeed({ store, client: unused }, () => undefined);
  feed.receive({ kind: 'device-lost', reason: 'unplugged', recovering });
  feed.dispose();
  return store.getState().notices.at(-1)?.message;
}

it('says of a lost device what becomes of the work', () => {
  const [live, paused, done] = (['running', 'paused', 'finished'] as const).map((state) =>
    sampleRun({ run: state, state }),
  ) as [StudioState['runs'][number], StudioState['runs'][number], StudioState['runs'][number]];
  expect(saidOf(true, [done, live])).toBe('The GPU was reset (unplugged). Training goes on from the last checkpoint.');
  expect(saidOf(true, [paused, done])).toBe('The GPU was reset (unplugged). It starts again; nothing is lost.');
  expect(saidOf(false, [live])).toBe('The GPU was reset (unplugged). Reload the page to go on.');
});
