/**
 * Opens data sets in a worker of their own, so that a file that sends a reader astray costs a worker, not the studio:
 * what is too large is not begun, what falls silent is ended, and so is what is cancelled.
 */
import { DatasetError, type Dataset } from '../datasets/dataset';
import type { DataSource } from '../protocol';
import { connect, WorkerDiedError } from '../rpc';
import type { WorkOptions } from './engine';

/** What the data worker answers. */
export interface DataCommands {
  open: { params: { readonly source: DataSource; readonly files: readonly File[] }; result: Dataset };
}

/** Together; the official CIFAR-10 archive has 170 MB. */
const mostBytes = 4e9;

interface Limits {
  /** A worker that answers no heartbeat for so long is stuck, milliseconds. Default 60,000. */
  readonly silenceMs?: number;
}

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
  { silenceMs = 60_000 }: Limits = {},
): Promise<Dataset> {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const name = named(source, files);
  if (bytes > mostBytes) {
    throw new DatasetError(
      'format',
      `The files take ${(bytes / 1e9).toFixed(1)} GB; at most ${mostBytes / 1e9} GB can be read. Open a part of them.`,
      name,
    );
  }
  const worker = connect<DataCommands>(spawn, { silenceMs });
  try {
    return await worker.call('open', { source, files }, { signal, onProgress: progress });
  } catch (error) {
    if (!(error instanceof WorkerDiedError) || error.causeKind !== 'silent') throw error;
    throw new DatasetError(
      'timeout',
      `Reading ${name} got stuck and was ended after ${silenceMs / 1000} s. The file is probably damaged; get it again.`,
      name,
    );
  } finally {
    worker.terminate();
  }
}
