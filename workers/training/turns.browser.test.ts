import { expect, it } from 'vitest';
import { createTurns } from './turns';

it('lets messages in between steps of 5 ms', async () => {
  const turns = createTurns();
  const { port1, port2 } = new MessageChannel();
  const began = performance.now();
  const message = { heard: Infinity };
  port1.addEventListener('message', () => (message.heard = performance.now() - began));
  port1.start();
  port2.postMessage('pause');
  while (performance.now() - began < 300) {
    const step = performance.now();
    while (performance.now() - step < 5);
    await turns.next();
  }
  expect(message.heard).toBeLessThan(100);
  turns.close();
  port1.close();
});
