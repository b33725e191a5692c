/** Which batch norms normalise a layer's channels: the place where a filter's scale is decided. */
import type { BatchNormLayer, Graph, LayerId, Shape } from '../network/graph';
import { channelsOf, inferShapes } from '../network/shapes';

/** Channel c of the layer is channel `offset + c` of `layer`. */
export interface Normaliser {
  readonly layer: BatchNormLayer;
  readonly offset: number;
}

/**
 * Batch norms that read the output of `id` directly, or through concatenations and pooling (DenseNet). Empty when there
 * is none, and when anything else reads the output too: then no batch norm has the last word on its scale.
 */
export function normalisersOf(
  graph: Graph,
  id: LayerId,
  shapes: ReadonlyMap<LayerId, Shape> = inferShapes(graph),
): readonly Normaliser[] {
  const found: Normaliser[] = [];
  const complete = follow(graph, id, 0, shapes, found);
  return complete ? found : [];
}

/** Adds the batch norms behind `id`; false when another reader was met. */
function follow(
  graph: Graph,
  id: LayerId,
  offset: number,
  shapes: ReadonlyMap<LayerId, Shape>,
  found: Normaliser[],
): boolean {
  const readers = graph.layers.filter((layer) => layer.inputs.includes(id));
  if (readers.length === 0 || graph.outputs.includes(id)) return false;
  return readers.every((reader) => {
    switch (reader.op) {
      case 'batchNorm':
        found.push({ layer: reader, offset });
        return true;
      case 'averagePool':
      case 'maxPool':
        return follow(graph, reader.id, offset, shapes, found);
      case 'concat': {
        // Side by side in space, two layers share one channel of the batch norm.
        if (reader.axis === 'height' || reader.axis === 'width') return false;
        const before = reader.inputs.slice(0, reader.inputs.indexOf(id));
        const shift = before.reduce((sum, input) => sum + channelCount(shapes, input), 0);
        return follow(graph, reader.id, offset + shift, shapes, found);
      }
      default:
        return false;
    }
  });
}

function channelCount(shapes: ReadonlyMap<LayerId, Shape>, id: LayerId): number {
  const shape = shapes.get(id);
  return shape === undefined ? 0 : channelsOf(shape);
}
