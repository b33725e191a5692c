/** Width and rank of every layer of a network, by the names the layers had before any was split. */
import { factorPairs } from '../../workers/network/factor-pairs';
import { isWeighted, layerOf, type Graph, type LayerId } from '../../workers/network/graph';
import { channelsOf, inferShapes } from '../../workers/network/shapes';
import type { RemovedChannels } from '../../workers/protocol';

export interface LayerWidth {
  readonly filters: number;
  /** Filters of the thin convolution before it; null where the layer is whole. */
  readonly rank: number | null;
}

/** By layer: a pair `x.0`, `x.1` stands under `x`, as `network/decompose.ts` names it. */
export function layerWidths(graph: Graph): ReadonlyMap<LayerId, LayerWidth> {
  const shapes = inferShapes(graph);
  const { secondOf } = factorPairs(graph);
  const width = (id: LayerId): number => {
    const shape = shapes.get(layerOf(graph, id).id);
    return shape === undefined ? 0 : channelsOf(shape);
  };
  const widths = new Map<LayerId, LayerWidth>();
  const seconds = new Set<LayerId>();
  for (const layer of graph.layers) {
    if (!isWeighted(layer) || seconds.has(layer.id)) continue;
    const second = secondOf.get(layer.id);
    const base = layer.id.replace(/\.0$/, '');
    if (second === `${base}.1`) {
      seconds.add(second);
      widths.set(base, { filters: width(second), rank: width(layer.id) });
    } else widths.set(layer.id, { filters: width(layer.id), rank: null });
  }
  return widths;
}

/** The same of a network that is known only by what `removed` took from `graph`. */
export function widthsWithout(graph: Graph, removed: RemovedChannels): ReadonlyMap<LayerId, LayerWidth> {
  return new Map(
    [...layerWidths(graph)].map(([layer, { filters, rank }]) => [
      layer,
      { filters: filters - (removed[layer]?.length ?? 0), rank },
    ]),
  );
}
