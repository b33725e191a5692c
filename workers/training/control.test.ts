import { describe, expect, it } from 'vitest';
import { createControl } from './control';

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
