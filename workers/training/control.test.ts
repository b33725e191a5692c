import { describe, expect, it } from 'vitest';
import { createControl } from './control';
import { createTurns } from './turns';

describe('createControl', () => {
  it('runs until paused, and a paused loop gets exactly the steps it was granted', () => {
    const control = createControl();
    expect(control.wish()).toBe('run');
    control.step();
    control.pause();
    expect(control.wish()).toBe('wait');
    control.step();
    control.step();
    expect(control.wish()).toBe('run');
    control.stepped();
    expect(control.wish()).toBe('run');
    control.stepped();
    expect(control.wish()).toBe('wait');
  });

  it('forgets granted steps on resume', () => {
    const control = createControl();
    control.pause();
    control.step();
    control.resume();
    control.pause();
    expect(control.wish()).toBe('wait');
  });

  it('stays stopped', () => {
    const control = createControl();
    control.stop();
    control.resume();
    control.step();
    expect(control.wish()).toBe('stop');
  });

  it('wakes who waits, on every change', async () => {
    const control = createControl();
    control.pause();
    for (const change of [control.step, control.resume, control.stop]) {
      const woken = control.changed();
      change();
      await woken;
    }
    expect(control.wish()).toBe('stop');
  });
});

describe('createTurns', () => {
  it('lets other tasks run between', async () => {
    const turns = createTurns();
    const timer = { heard: false };
    setTimeout(() => (timer.heard = true), 10);
    const begin = performance.now();
    while (!timer.heard && performance.now() - begin < 2000) await turns.next();
    expect(timer.heard).toBe(true);
    turns.close();
  });

  it('costs far less than a clamped timeout', async () => {
    const turns = createTurns();
    const begin = performance.now();
    for (let i = 0; i < 200; i++) await turns.next();
    // 200 nested timeouts of 4 ms would take 800 ms.
    expect(performance.now() - begin).toBeLessThan(400);
    turns.close();
  });
});
