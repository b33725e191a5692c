/**
 * One device, several wishes: commands of the page take turns with each other and with a run that trains.
 *
 * A command holds the queue for one evaluation, not for a whole scan; a run asks for a turn before every step. So a
 * preview is answered at the next batch edge while training goes on afterwards. Work that nobody waits for runs when the
 * queue is empty and gives way to all of them.
 */
export interface DeviceQueue {
  /** Runs `task` when all that was queued before is done. A cancelled task leaves the queue without running. */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
  /** Resolves when all that is queued now is done. Holds nothing. */
  turn(): Promise<void>;
  /**
   * Runs `task` when nothing is queued. Its signal is aborted as soon as anybody else wants the device; it is then begun
   * again when the queue is empty. Rejects only for reasons of its own, or when `signal` is aborted.
   */
  idle<T>(signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export function createDeviceQueue(): DeviceQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  /** Ends the idle task that runs now. */
  let idling: AbortController | undefined;
  const isBusy = (): boolean => waiting > 0 || idling !== undefined;
  return {
    run(signal, task) {
      idling?.abort();
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
      idling?.abort();
      if (isBusy()) await tail;
    },
    async idle(signal, task) {
      for (;;) {
        while (isBusy()) await tail;
        signal.throwIfAborted();
        const mine = new AbortController();
        idling = mine;
        const work = task(AbortSignal.any([signal, mine.signal])).finally(() => (idling = undefined));
        tail = work.catch(() => undefined);
        try {
          return await work;
        } catch (error) {
          // Given way: once more, when there is time.
          if (!mine.signal.aborted || signal.aborted) throw error;
        }
      }
    },
  };
}
