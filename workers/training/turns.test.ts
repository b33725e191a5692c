import { describe, expect, it, vi } from 'vitest';
import { createTurns, inTurns } from './turns';

describe('createTurns', () => {
  it('lets a timer run between steps of 5 ms', async () => {
    const turns = createTurns();
    const timer = { heardAfter: Infinity };
    let steps = 0;
    setTimeout(() => (timer.heardAfter = steps), 20);
    for (; steps < 60; steps++) {
      const step = performance.now();
      while (performance.now() - step < 5);
      await turns.next();
    }
    // It is due after four.
    expect(timer.heardAfter).toBeLessThan(12);
    turns.close();
  });

  it.each([false, true])('costs far less than a clamped timeout (as in a browser: %s)', async (browser) => {
    if (browser) vi.stubGlobal('setImmediate', undefined);
    const turns = createTurns();
    const began = performance.now();
    for (let i = 0; i < 200; i++) await turns.next();
    // 200 nested timeouts of 4 ms would take 800 ms.
    expect(performance.now() - began).toBeLessThan(400);
    turns.close();
    vi.unstubAllGlobals();
  });
});

describe('inTurns', () => {
  it('hears what others ask for between items, and ends when it is cancelled', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const endless = function* (): Generator<number> {
      for (let item = 0; ; item += 1) yield item;
    };
    const work = async (): Promise<void> => {
      for await (const item of inTurns(endless(), abort.signal)) {
        seen.push(item);
        // What is done with an item may answer without ever leaving the present task.
        await Promise.resolve();
        if (item === 3) setTimeout(() => abort.abort(new Error('enough')));
        if (item > 100_000) throw new Error('Nothing else was heard.');
      }
    };
    await expect(work()).rejects.toThrow('enough');
    expect(seen.slice(0, 4)).toEqual([0, 1, 2, 3]);
  });
});
