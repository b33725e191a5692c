/**
 * One device, several wishes: commands of the page take turns with each other and with a run that trains.
 *
 * A command holds the queue for one evaluation, not for a whole scan; a run asks for a turn before every step. So a
 * preview is answered at the next batch edge while training goes on afterwards.
 */
export interface DeviceQueue {
  /** Runs `task` when all that was queued before is done. A cancelled task leaves the queue without running. */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
  /** Resolves when all that is queued now is done. Holds nothing. */
  turn(): Promise<void>;
}

export function createDeviceQueue(): DeviceQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    run(signal, task) {
      waiting += 1;
      const mine = tail.then(async () => {
        signal.throwIfAborted();
        return task();
      });
      tail = mine.then(
        () => (waiting -= 1),
        () => (waiting -= 1),
      );
      return mine;
    },
    async turn() {
      if (waiting > 0) await tail;
    },
  };
}
