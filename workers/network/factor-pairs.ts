/**
 * Pairs of convolutions that together are one linear map: what `decompose.ts` leaves behind, found from the structure so
 * that pairs of opened networks are seen as well.
 */
import type { ConvLayer, Graph, Layer, LayerId } from './graph';

export interface FactorPairs {
  /** First convolution of each pair -> the second. */
  readonly secondOf: ReadonlyMap<LayerId, LayerId>;
  /**
   * The graph without the firsts: each second reads what its first read. Its edges are right, its shapes are not:
   * kernel, stride and padding of the second are left as they are.
   */
  readonly skeleton: Graph;
}

/**
 * A pair is a convolution without bias whose one reader is another convolution, with nothing between. Of a longer
 * chain the first two are a pair, then the next two.
 */
export function factorPairs(graph: Graph): FactorPairs {
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const readers = new Map<LayerId, number>(graph.outputs.map((id) => [id, 1]));
  for (const id of graph.layers.flatMap((layer) => layer.inputs)) readers.set(id, (readers.get(id) ?? 0) + 1);

  const secondOf = new Map<LayerId, LayerId>();
  const seconds = new Map<LayerId, ConvLayer>();
  for (const layer of graph.layers) {
    const first = layers.get(layer.inputs[0] ?? '');
    if (layer.op !== 'conv' || first?.op !== 'conv' || first.bias !== undefined) continue;
    if (readers.get(first.id) !== 1 || seconds.has(first.id)) continue;
    secondOf.set(first.id, layer.id);
    seconds.set(layer.id, first);
  }
  const contracted = graph.layers.flatMap((layer): readonly Layer[] => {
    if (secondOf.has(layer.id)) return [];
    const first = seconds.get(layer.id);
    return first === undefined ? [layer] : [{ ...layer, inputs: first.inputs }];
  });
  return { secondOf, skeleton: { layers: contracted, outputs: graph.outputs } };
}
