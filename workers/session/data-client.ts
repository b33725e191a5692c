/** Opens data sets in a worker of their own. */
import { DatasetError, type Dataset } from '../datasets/dataset';
import type { DataSource } from '../protocol';
import type { WorkOptions } from './engine';
import { readInWorker, type ReadingLimits } from './reading-worker';

/** What the data worker answers. */
export interface DataCommands {
  open: { params: { readonly source: DataSource; readonly files: readonly File[] }; result: Dataset };
}

/** The official CIFAR-10 archive has 170 MB; a download may take as long as it takes. */
const usual: ReadingLimits = { mostBytes: 4e9, silenceMs: 60_000 };

function named(source: DataSource, files: readonly File[]): string {
  return source.source === 'hub' ? source.url : (files[0]?.name ?? source.source);
}

/**
 * Opens a data set in the worker that `spawn` starts, and ends that worker. Throws `DatasetError` (or the worker's
 * `RemoteError` of that kind), and whatever the connection throws when the worker cannot be started or is cancelled.
 */
export async function openInDataWorker(
  spawn: () => Worker,
  source: DataSource,
  files: readonly File[],
  { signal, progress }: WorkOptions,
  limits: Partial<ReadingLimits> = {},
): Promise<Dataset> {
  const name = named(source, files);
  return readInWorker<DataCommands, Dataset>(
    spawn,
    { name, files },
    { ...usual, ...limits },
    {
      tooLarge: (text) => new DatasetError('format', text, name),
      stuck: (text) => new DatasetError('timeout', text, name),
    },
    (worker) => worker.call('open', { source, files }, { signal, onProgress: progress }),
  );
}
