/** Trial truncations, one after the other over the same network: each kernel is decomposed once and remembered. */
import { svd, type SingularValues } from '../linalg/svd';
import { decomposeLayers } from '../network/decompose';
import { layerOf, NetworkError, type LayerId, type Network } from '../network/graph';
import { unfoldKernel, type Scheme } from '../network/low-rank';
import type { Truncation } from '../protocol';
import { createTurns } from '../training/turns';

const known = new WeakMap<Network, Map<string, SingularValues>>();

/**
 * `network` with its convolutions split. Hears cancellation between kernels; what was decomposed until then is kept for
 * the next trial. Throws as `decomposeLayers`.
 */
export async function truncated(network: Network, truncation: Truncation, signal: AbortSignal): Promise<Network> {
  const mine = known.get(network) ?? new Map<string, SingularValues>();
  known.set(network, mine);
  const factors = new Map<LayerId, SingularValues>();
  const turns = createTurns();
  try {
    for (const layer of Object.keys(truncation.ranks)) {
      signal.throwIfAborted();
      const { name, matrix } = matrixOf(network, layer, truncation.scheme);
      const key = `${truncation.scheme} ${name}`;
      let values = mine.get(key);
      if (values === undefined) {
        const { rows, cols, values: numbers } = matrix();
        values = svd(rows, cols, numbers);
        mine.set(key, values);
        await turns.next();
      }
      factors.set(layer, values);
    }
  } finally {
    turns.close();
  }
  return decomposeLayers(network, truncation, factors);
}

function matrixOf({ graph, tensors }: Network, id: LayerId, scheme: Scheme) {
  const layer = layerOf(graph, id);
  const kernel = layer.op === 'conv' ? tensors[layer.kernel] : undefined;
  if (layer.op !== 'conv' || kernel === undefined) throw new NetworkError(`Layer "${id}" has no kernel to split.`, id);
  return { name: layer.kernel, matrix: () => unfoldKernel(kernel, scheme) };
}
