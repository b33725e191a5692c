/**
 * Giving the event loop a turn between training steps, so that messages (pause, stop) are heard.
 *
 * A posted message is an ordinary task: unlike `setTimeout` it is not clamped to 4 ms when nested nor throttled in a
 * hidden tab.
 */
export interface Turns {
  /** Resolves in a later task. */
  next(): Promise<void>;
  /** In Node an open port keeps the process alive. */
  close(): void;
}

export function createTurns(): Turns {
  const { port1, port2 } = new MessageChannel();
  let waiting: (() => void)[] = [];
  port1.addEventListener('message', () => {
    const waken = waiting;
    waiting = [];
    for (const wake of waken) wake();
  });
  port1.start();
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        port2.postMessage(null);
      }),
    close() {
      port1.close();
      port2.close();
    },
  };
}
