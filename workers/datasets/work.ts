/** Manners of long reading: it reports progress, it can be cancelled, and it lets messages in. */

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Share that is done, 0 to 1, and what is being done. */
  readonly progress?: ((done: number, note: string) => void) | undefined;
}

const breathPeriod = 50;
let lastBreath = 0;

/**
 * Call between pieces of work: throws the abort reason, and every 50 ms lets the event loop run, so that a worker
 * still answers heartbeats and hears an abort while it decodes.
 */
export async function breathe(signal?: AbortSignal): Promise<void> {
  const now = performance.now();
  if (now - lastBreath > breathPeriod) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    lastBreath = performance.now();
  }
  signal?.throwIfAborted();
}
