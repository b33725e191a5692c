/** Opens network files in a worker of their own. */
import type { OpenedFile } from '../formats/format';
import { FormatError } from '../formats/format-error';
import { readInWorker, type ReadingLimits } from './reading-worker';

/** What the import worker answers. */
export interface ImportCommands {
  open: { params: { readonly files: readonly File[] }; result: OpenedFile };
}

/** Of a network file, wherever it is read. */
export const importLimits = { mostBytes: 4e9, silenceMs: 60_000, totalMs: 300_000 } satisfies ReadingLimits;

/**
 * Opens a network from files dropped together in the worker that `spawn` starts, and ends that worker. Throws
 * `FormatError` (or the worker's `RemoteError` of that kind), and whatever the connection throws.
 */
export async function openInImportWorker(
  spawn: () => Worker,
  files: readonly File[],
  signal: AbortSignal,
  limits: Partial<ReadingLimits> = {},
): Promise<OpenedFile> {
  const name = files[0]?.name ?? 'nothing';
  return readInWorker<ImportCommands, OpenedFile>(
    spawn,
    { name, files },
    { ...importLimits, ...limits },
    {
      tooLarge: (text) => new FormatError('unsupported', text, name, 'size'),
      stuck: (text) => new FormatError('timeout', text, name, 'whole file'),
    },
    (worker) => worker.call('open', { files }, { signal }),
  );
}
