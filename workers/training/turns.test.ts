import { describe, expect, it, vi } from 'vitest';
import { createTurns } from './turns';

describe('createTurns', () => {
  it('lets a timer run between steps of 5 ms', async () => {
    const turns = createTurns();
    const began = performance.now();
    const timer = { heard: Infinity };
    setTimeout(() => (timer.heard = performance.now() - began), 20);
    while (performance.now() - began < 300) {
      const step = performance.now();
      while (performance.now() - step < 5);
      await turns.next();
    }
    expect(timer.heard).toBeLessThan(150);
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
