/** A network file is read in a thread of its own, as the page does it: one that sends a reader astray is ended, not waited for. */
import { Worker } from 'node:worker_threads';
import type { OpenedFile } from '../workers/formats/format';
import { importLimits } from '../workers/session/import-client';
import { stuckText } from '../workers/session/reading-worker';
import type { LocalFile } from './local-files';

/** What the thread tells: every second that it is alive, at last one of the others. */
export type ThreadAnswer =
  | { readonly kind: 'alive' }
  | { readonly kind: 'opened'; readonly opened: OpenedFile }
  | { readonly kind: 'failed'; readonly message: string };

export interface ThreadLimits {
  /** A thread that has not said for so long that it is alive is stuck, milliseconds. */
  readonly silenceMs: number;
  /** The whole reading may take so long, milliseconds. */
  readonly totalMs: number;
}

/**
 * Opens `files` in the thread whose program is `program`. Throws with the reader's own sentence, and one that says so when
 * the thread got stuck or died.
 */
export async function readInThread(
  program: URL,
  files: readonly LocalFile[],
  { silenceMs, totalMs }: ThreadLimits = importLimits,
): Promise<OpenedFile> {
  const name = files[0]?.name ?? 'nothing';
  const thread = new Worker(program, { workerData: files });
  const timers: NodeJS.Timeout[] = [];
  try {
    return await new Promise<OpenedFile>((resolve, reject) => {
      const stuckAfter = (ms: number) => setTimeout(() => reject(new Error(stuckText(name, ms / 1000))), ms);
      const silence = stuckAfter(silenceMs);
      timers.push(silence, stuckAfter(totalMs));
      thread.on('message', (answer: ThreadAnswer) => {
        silence.refresh();
        if (answer.kind === 'opened') resolve(answer.opened);
        else if (answer.kind === 'failed') reject(new Error(answer.message));
      });
      thread.on('error', (error) => reject(new Error(`Reading ${name} broke off: ${error.message}`)));
      thread.on('exit', (code) => reject(new Error(`Reading ${name} broke off (the thread ended with ${code}).`)));
    });
  } finally {
    timers.forEach(clearTimeout);
    await thread.terminate();
  }
}
