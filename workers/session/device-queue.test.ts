import { describe, expect, it } from 'vitest';
import { createDeviceQueue } from './device-queue';

const never = new AbortController().signal;
const rest = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Works until it is told to stop, as an evaluation does between batches. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  for (;;) {
    await rest();
    signal.throwIfAborted();
  }
}

describe('idle work', () => {
  it('gives way to a command, and begins again after it', async () => {
    const queue = createDeviceQueue();
    const told: string[] = [];
    let begun = 0;
    const idle = queue.idle(never, async (signal) => {
      begun += 1;
      told.push(`idle ${begun}`);
      return begun === 1 ? untilAborted(signal) : 'done';
    });
    await rest();
    const asked = queue.run(never, async () => told.push('command'));
    await asked;
    expect(await idle).toBe('done');
    expect(told).toEqual(['idle 1', 'command', 'idle 2']);
  });

  it('gives way to a run that trains, and to one idle task at a time', async () => {
    const queue = createDeviceQueue();
    let begun = 0;
    const first = queue.idle(never, async (signal) => ((begun += 1) === 1 ? untilAborted(signal) : begun));
    const second = queue.idle(never, async () => (begun += 1));
    await rest();
    expect(begun).toBe(1);
    await queue.turn();
    await Promise.all([first, second]);
    expect(begun).toBe(3);
  });

  it('ends when it is cancelled, and fails for reasons of its own', async () => {
    const queue = createDeviceQueue();
    const abort = new AbortController();
    const cancelled = queue.idle(abort.signal, untilAborted);
    await rest();
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    await expect(queue.idle(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(queue.run(never, async () => 1)).resolves.toBe(1);
  });
});
