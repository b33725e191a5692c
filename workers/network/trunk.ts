/**
 * The skeleton of a graph: the layers every path runs through, and the blocks that branch off and come back.
 *
 * Found from the edges alone, so it works for any network. An edge into the second input of a `multiply` is left out:
 * it carries a gate (squeeze-and-excitation), not the data.
 */
import { type Graph, type Layer, type LayerId, isWeighted } from './graph';

/** A stretch between two neighbouring trunk layers with at least two ways through. */
export interface Block {
  /** Trunk layers where the ways part and where they meet again. */
  readonly from: LayerId;
  readonly to: LayerId;
  /** Weighted layers on the way with the most of them (the first such way, by input order). */
  readonly main: readonly LayerId[];
  /** Weighted layers on the other ways. */
  readonly aside: readonly LayerId[];
}

/** One step along the trunk: a weighted layer on it, or a block. */
export type TrunkStep =
  { readonly kind: 'layer'; readonly layer: LayerId } | { readonly kind: 'block'; readonly block: Block };

/**
 * Weighted layers on the trunk and blocks without any, in forward order. Weighted layers that no step names lie on no
 * path of data from an input to an output (gates). The graph must be topologically ordered.
 */
export function trunkSteps(graph: Graph): readonly TrunkStep[] {
  const path = dataPath(graph);
  const trunk = trunkPositions(graph, path);
  const steps: TrunkStep[] = [];
  trunk.forEach((position, index) => {
    const layer = path[position];
    if (layer === undefined) return;
    const previous = trunk[index - 1];
    const from = previous === undefined ? undefined : path[previous];
    if (from !== undefined && previous !== undefined && position - previous > 1) {
      const block = readBlock(from, path.slice(previous + 1, position), layer);
      if (block.main.length > 0) steps.push({ kind: 'block', block });
    }
    if (isWeighted(layer)) steps.push({ kind: 'layer', layer: layer.id });
  });
  return steps;
}

/** The inputs that carry data: all, but for a `multiply` the first only. */
export function dataInputs(layer: Layer): readonly LayerId[] {
  return layer.op === 'multiply' ? layer.inputs.slice(0, 1) : layer.inputs;
}

/** Layers on a path of data to some output, in graph order. */
export function dataPath(graph: Graph): readonly Layer[] {
  const wanted = new Set(graph.outputs);
  for (const layer of graph.layers.toReversed()) {
    if (wanted.has(layer.id)) for (const input of dataInputs(layer)) wanted.add(input);
  }
  return graph.layers.filter((layer) => wanted.has(layer.id));
}

/**
 * Positions in `path` that no edge jumps over. In a topological order these are exactly the layers every path passes.
 * Inputs count as read from before the start, outputs as read after the end.
 */
function trunkPositions(graph: Graph, path: readonly Layer[]): readonly number[] {
  const positionOf = new Map(path.map((layer, position) => [layer.id, position]));
  const furthestReader = path.map((layer) => (graph.outputs.includes(layer.id) ? path.length : 0));
  let furthest = 0;
  path.forEach((layer, position) => {
    for (const input of dataInputs(layer)) furthestReader[positionOf.get(input) ?? 0] = position;
    if (layer.op === 'input') furthest = position;
  });
  for (const id of graph.outputs) furthestReader[positionOf.get(id) ?? 0] = path.length;
  const trunk: number[] = [];
  path.forEach((_, position) => {
    if (furthest <= position) trunk.push(position);
    furthest = Math.max(furthest, furthestReader[position] ?? 0);
  });
  return trunk;
}

function readBlock(from: Layer, inside: readonly Layer[], to: Layer): Block {
  /** The best way from `from` up to and including a layer: its weighted layers. */
  const ways = new Map<LayerId, readonly LayerId[]>([[from.id, []]]);
  const bestInto = (layer: Layer): readonly LayerId[] => {
    let best: readonly LayerId[] | undefined;
    for (const input of dataInputs(layer)) {
      const way = ways.get(input);
      if (way !== undefined && (best === undefined || way.length > best.length)) best = way;
    }
    return best ?? [];
  };
  for (const layer of inside) {
    const way = bestInto(layer);
    ways.set(layer.id, isWeighted(layer) ? [...way, layer.id] : way);
  }
  const main = bestInto(to);
  const aside = inside.filter((layer) => isWeighted(layer) && !main.includes(layer.id)).map((layer) => layer.id);
  return { from: from.id, to: to.id, main, aside };
}
