/**
 * Giving the event loop a turn between training steps, so that messages (pause, stop) are heard.
 *
 * In a browser a posted message is an ordinary task: unlike `setTimeout` it is not clamped to 4 ms when nested nor
 * throttled in a hidden tab. Node handles up to 1,000 messages of a port in one task (steps of 5 ms kept timers waiting
 * for 5 s), so there it is `setImmediate`.
 */
export interface Turns {
  /** Resolves in a later task. */
  next(): Promise<void>;
  /** An open message port is never collected. */
  close(): void;
}

export function createTurns(): Turns {
  if (typeof setImmediate === 'function') {
    return { next: () => new Promise((resolve) => void setImmediate(resolve)), close: () => undefined };
  }
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

/**
 * The same items, with a turn before each: on a device that answers at once nothing else lets go of the event loop, and
 * neither a cancelled task nor any other message would be heard. Throws the reason of `signal`.
 */
export async function* inTurns<T>(items: Iterable<T>, signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
  const turns = createTurns();
  try {
    for (const item of items) {
      await turns.next();
      signal?.throwIfAborted();
      yield item;
    }
  } finally {
    turns.close();
  }
}
