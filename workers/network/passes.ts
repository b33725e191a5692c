/** Passes of an unrolled network: it looks at an image several times, and every look is an output of its own. */
import { networkCosts } from './costs';
import type { Graph, LayerId } from './graph';
import { inferShapes, shapeText } from './shapes';

/**
 * The outputs that answer the same question, first pass to last: those of the first output's shape. A plain network has
 * one. Other outputs (boxes beside scores) are no passes.
 */
export function passesOf(graph: Graph): readonly LayerId[] {
  const shapes = inferShapes(graph);
  const text = (id: LayerId): string => {
    const shape = shapes.get(id);
    return shape === undefined ? '' : shapeText(shape);
  };
  return graph.outputs.filter((id) => text(id) === text(graph.outputs[0] ?? ''));
}

/**
 * Whether the first output is probabilities: a softmax ends the network, as Keras puts it. Logarithms of probabilities are
 * logits like any others: a softmax over them gives the probabilities again.
 */
export function endsInSoftmax({ layers, outputs }: Graph): boolean {
  const last = layers.find(({ id }) => id === outputs[0]);
  return last?.op === 'softmax' && last.log !== true;
}

/** Multiply-adds of one image up to each pass, the answers of the passes before it included. */
export function passMacs(graph: Graph): readonly number[] {
  const { layers: costs } = networkCosts(graph);
  const needed = new Set<LayerId>();
  return passesOf(graph).map((pass) => {
    needed.add(pass);
    let macs = 0;
    for (const layer of graph.layers.toReversed()) {
      if (!needed.has(layer.id)) continue;
      for (const id of layer.inputs) needed.add(id);
      macs += costs.get(layer.id)?.macs ?? 0;
    }
    return macs;
  });
}
