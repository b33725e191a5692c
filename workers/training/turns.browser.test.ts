import { expect, it } from 'vitest';
import { createTurns } from './turns';

it('lets messages in between steps of 5 ms', async () => {
  const turns = createTurns();
  const { port1, port2 } = new MessageChannel();
  const message = { heardAfter: Infinity };
  let steps = 0;
  port1.addEventListener('message', () => (message.heardAfter = steps));
  port1.start();
  port2.postMessage('pause');
  for (; steps < 60; steps++) {
    const step = performance.now();
    while (performance.now() - step < 5);
    await turns.next();
  }
  expect(message.heardAfter).toBeLessThan(12);
  turns.close();
  port1.close();
});
