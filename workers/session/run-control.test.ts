import { describe, expect, it } from 'vitest';
import { createDeviceQueue } from './device-queue';
import { createRunControl } from './run-control';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Ten batches of 5 ms, heeding the signal; counts how often it began and ended. */
function tenBatches() {
  const seen = { begun: 0, ended: 0 };
  const task = async (signal: AbortSignal): Promise<string> => {
    seen.begun += 1;
    for (let batch = 0; batch < 10; batch += 1) {
      await pause(5);
      signal.throwIfAborted();
    }
    seen.ended += 1;
    return 'measured';
  };
  return { seen, task };
}

describe('run control', () => {
  it('cuts work short on a pause, at once, and does it again from its beginning', async () => {
    const states: string[] = [];
    const control = createRunControl((state) => states.push(state));
    const { seen, task } = tenBatches();
    const result = control.guard(task);
    await pause(12);
    const start = performance.now();
    control.pause();
    await control.settled();
    expect(performance.now() - start).toBeLessThan(250);
    expect(states).toEqual(['paused']);
    await pause(30);
    expect(seen).toEqual({ begun: 1, ended: 0 });
    control.resume();
    expect(await result).toBe('measured');
    expect(seen).toEqual({ begun: 2, ended: 1 });
    expect(states).toEqual(['paused', 'running']);
  });

  it('ends work on a stop, running or paused', async () => {
    for (const paused of [false, true]) {
      const control = createRunControl(() => undefined);
      const result = control.guard(tenBatches().task);
      if (paused) control.pause();
      await pause(12);
      control.stop();
      await expect(result).rejects.toMatchObject({ name: 'StoppedError' });
    }
  });

  it('passes an error of the work on', async () => {
    const control = createRunControl(() => undefined);
    const failing = control.guard(async () => {
      throw new RangeError('wrong');
    });
    await expect(failing).rejects.toThrow(RangeError);
  });
});

describe('device queue', () => {
  it('runs one at a time in order, lets training through between, and skips what was cancelled', async () => {
    const queue = createDeviceQueue();
    const log: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      log.push(`${name} begins`);
      await pause(5);
      log.push(`${name} ends`);
    };
    const open = new AbortController().signal;
    const first = queue.run(open, work('a'));
    const cancelled = queue.run(AbortSignal.abort(new Error('gone')), work('b'));
    const step = queue.turn().then(() => log.push('step'));
    const second = queue.run(open, work('c'));
    await expect(cancelled).rejects.toThrow('gone');
    await Promise.all([first, step, second]);
    expect(log.filter((entry) => entry !== 'step')).toEqual(['a begins', 'a ends', 'c begins', 'c ends']);
    expect(log.indexOf('step')).toBeGreaterThan(log.indexOf('a ends'));
    expect(log.indexOf('step')).toBeLessThan(log.indexOf('c ends'));
    const failing = queue.run(open, async () => {
      throw new Error('bad');
    });
    await expect(failing).rejects.toThrow('bad');
    await queue.turn();
  });
});
