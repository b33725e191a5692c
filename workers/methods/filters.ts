/** Filters as columns of a matrix, and scoring layer by layer: what the criteria on weights share. */
import {
  isWeighted,
  NetworkError,
  type LayerId,
  type Network,
  type Tensor,
  type WeightedLayer,
} from '../network/graph';
import type { FilterScores } from '../network/plan';
import { createTurns } from '../training/turns';
import type { MethodContext } from './method';

/**
 * The filters of one layer, a row-major `[size, count]` matrix whose column f is filter f: what most kernels are already
 * (`[kh, kw, cin, filters]`, depthwise `[kh, kw, c, 1]`, dense `[features, units]`). Biases are left out.
 */
export interface FilterMatrix {
  readonly size: number;
  readonly count: number;
  readonly values: Float32Array;
}

/** Throws `NetworkError` when the kernel is missing. */
export function filterMatrix(network: Network, layer: WeightedLayer): FilterMatrix {
  const kernel = network.tensors[layer.kernel];
  if (kernel === undefined) {
    throw new NetworkError(`Layer "${layer.id}" names the tensor "${layer.kernel}", which is missing.`, layer.id);
  }
  const { shape, values } = layer.op === 'convTranspose' ? filtersLast(kernel) : kernel;
  const count = (layer.op === 'depthwise' ? shape[2] : shape.at(-1)) ?? 0;
  return { size: values.length / count, count, values };
}

/** `[kh, kw, filters, cin]` as `[kh, kw, cin, filters]`. */
function filtersLast({ shape, values }: Tensor): Tensor {
  const [kh = 1, kw = 1, filters = 1, cin = 1] = shape;
  const turned = new Float32Array(values.length);
  values.forEach((value, at) => {
    const tap = Math.floor(at / (filters * cin));
    const filter = Math.floor(at / cin) % filters;
    turned[(tap * cin + (at % cin)) * filters + filter] = value;
  });
  return { shape: [kh, kw, cin, filters], values: turned };
}

/** Per filter, the sum of `term` over its weights, in float64. */
export function sumPerFilter({ size, count, values }: FilterMatrix, term: (weight: number) => number): Float64Array {
  const sums = new Float64Array(count);
  for (let row = 0, at = 0; row < size; row++) {
    for (let filter = 0; filter < count; filter++, at++) sums[filter] = (sums[filter] ?? 0) + term(values[at] ?? 0);
  }
  return sums;
}

export function weightedLayers(network: Network): WeightedLayer[] {
  return network.graph.layers.filter(isWeighted);
}

/**
 * Scores every weighted layer with `scoreLayer`, reporting progress and hearing cancellation between layers. Layers that
 * share a kernel get equal scores.
 */
export async function scoreLayers(
  context: MethodContext,
  scoreLayer: (layer: WeightedLayer) => ArrayLike<number>,
): Promise<FilterScores> {
  const layers = weightedLayers(context.network);
  const scores: Record<LayerId, Float32Array> = {};
  const turns = createTurns();
  try {
    for (const [index, layer] of layers.entries()) {
      context.signal.throwIfAborted();
      scores[layer.id] = Float32Array.from(scoreLayer(layer));
      context.progress((index + 1) / layers.length, `Scored layer ${index + 1} of ${layers.length}`);
      await turns.next();
    }
  } finally {
    turns.close();
  }
  return scores;
}
