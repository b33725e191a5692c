/** Reads a data set whose kind only its files tell. */
import type { Graph } from '../../workers/network/graph';
import type { DatasetView, DataSource } from '../../workers/protocol';
import { errorData } from '../../workers/rpc';
import type { StudioClient } from './state';

interface Given {
  readonly source: DataSource;
  readonly files: readonly File[];
}

interface CallOptions {
  readonly onProgress: (done: number, note: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Opens a data set. A folder or archive shows only when it is read whether its images have classes or masks: with masks it
 * is read again as such, its images fitted into the input of the open network.
 */
export async function readData(
  client: Pick<StudioClient, 'call'>,
  { source, files }: Given,
  graph: Graph | undefined,
  options: CallOptions,
): Promise<DatasetView> {
  try {
    return await client.call('openDataset', { source, files }, options);
  } catch (thrown) {
    if (source.source !== 'folder' || errorData(thrown).data['kind'] !== 'masks') throw thrown;
    const masked = { source: 'voc', name: source.name, ...inputSize(graph) } as const;
    return client.call('openDataset', { source: masked, files }, options);
  }
}

/** Height and width the network takes, where a data set can be of that size. */
function inputSize(graph: Graph | undefined): { readonly size?: [number, number] } {
  const input = graph?.layers.find(({ op }) => op === 'input');
  if (input?.op !== 'input' || input.shape.length !== 3) return {};
  const [height, width] = input.shape;
  return Math.min(height, width) < 8 || Math.max(height, width) > 512 ? {} : { size: [height, width] };
}
