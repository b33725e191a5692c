import { describe, expect, it } from 'vitest';
import { emptyHistory, record, stepBack, stepForward } from './history';

describe('history', () => {
  it('walks back and forward over whole values', () => {
    let history = record(record(emptyHistory<string>(), 'a'), 'b');
    const back = stepBack(history, 'c');
    expect(back?.value).toBe('b');
    history = back?.history ?? history;
    const again = stepBack(history, 'b');
    expect(again?.value).toBe('a');
    const forward = stepForward(again?.history ?? history, 'a');
    expect(forward?.value).toBe('b');
    expect(forward?.history).toEqual({ past: ['a'], future: ['c'] });
  });

  it('forgets what was undone when a new step is taken', () => {
    const back = stepBack(record(emptyHistory<string>(), 'a'), 'b');
    expect(record(back?.history ?? emptyHistory(), 'a').future).toEqual([]);
  });

  it('has nothing before the first step or after the last', () => {
    expect(stepBack(emptyHistory<string>(), 'a')).toBeNull();
    expect(stepForward(emptyHistory<string>(), 'a')).toBeNull();
  });

  it('keeps the newest 200 steps', () => {
    let history = emptyHistory<number>();
    for (let step = 0; step < 250; step += 1) history = record(history, step);
    expect(history.past).toHaveLength(200);
    expect(history.past[0]).toBe(50);
  });
});
