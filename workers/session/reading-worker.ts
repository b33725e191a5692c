/**
 * Foreign bytes are read in a worker of their own, so that a file that sends a reader astray costs a worker, not the
 * studio: what is too large is not begun, what falls silent or takes too long is ended, and so is what is cancelled.
 */
import { connect, type Connection, WorkerDiedError } from '../rpc';
import type { CommandTable } from '../rpc/wire';

export interface ReadingLimits {
  /** Bytes of all files together. */
  readonly mostBytes: number;
  /** A worker that answers no heartbeat for so long is stuck, milliseconds. */
  readonly silenceMs: number;
  /** The whole reading may take so long, milliseconds. */
  readonly totalMs?: number | undefined;
}

/** How the caller's kind of reading fails: with its own error, which names the file. */
export interface ReadingFaults {
  tooLarge(text: string): Error;
  stuck(text: string): Error;
}

/** What is said of a file whose reading had to be ended. */
export function stuckText(name: string, seconds: number): string {
  return `Reading ${name} got stuck and was ended after ${seconds} s. The file is probably damaged; get it again.`;
}

/**
 * Starts a worker with `spawn`, lets `read` call it, and ends it. `name` stands for the files in messages. Throws what
 * `faults` makes, the worker's `RemoteError`, and whatever the connection throws when the worker cannot be started.
 */
export async function readInWorker<C extends CommandTable<C>, R>(
  spawn: () => Worker,
  { name, files }: { readonly name: string; readonly files: readonly File[] },
  { mostBytes, silenceMs, totalMs }: ReadingLimits,
  faults: ReadingFaults,
  read: (worker: Connection<C>) => Promise<R>,
): Promise<R> {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (bytes > mostBytes) {
    const sizes = `The files take ${(bytes / 1e9).toFixed(1)} GB; at most ${mostBytes / 1e9} GB can be read.`;
    throw faults.tooLarge(`${sizes} Open a part of them.`);
  }
  const worker = connect<C>(spawn, { silenceMs });
  let late = false;
  const deadline = setTimeout(
    () => {
      late = true;
      worker.terminate();
    },
    totalMs ?? 2 ** 31 - 1,
  );
  try {
    return await read(worker);
  } catch (error) {
    const silent = error instanceof WorkerDiedError && error.causeKind === 'silent';
    if (!silent && !late) throw error;
    const seconds = (late ? (totalMs ?? 0) : silenceMs) / 1000;
    throw faults.stuck(stuckText(name, seconds));
  } finally {
    clearTimeout(deadline);
    worker.terminate();
  }
}
