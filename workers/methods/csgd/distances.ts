/** How far the clusters still are from being one filter each: the numbers and pictures of a running training. */
import { principalPlane, projected, type Plane } from '../../linalg/principal-axes';
import { isWeighted, type LayerId, type Network, type Tensors } from '../../network/graph';
import { filterMatrix } from '../filters';
import { layerAxis, type ClusteredAxes } from './axes';
import { squaredDistances } from './merge';

export interface Deviation {
  /** Sum over all clustered kernels of the squared distances of filters from the means of their clusters. */
  readonly chi: number;
  /** The same over biases, gammas and betas. */
  readonly chiVectors: number;
  /** Of any filter from the mean of its cluster. */
  readonly largest: number;
  /** The largest distance as a share of its filter's own length. */
  readonly largestShare: number;
}

/** How far the clusters are from being one filter each (the authors' monitor), in float64. */
export function deviationOf(tensors: Tensors, { filters }: ClusteredAxes): Deviation {
  let [chi, chiVectors, largest, largestShare] = [0, 0, 0, 0];
  for (const [name, axis] of filters) {
    const tensor = tensors[name];
    if (tensor === undefined || axis.role === 'mean' || axis.role === 'variance') continue;
    const squares = squaredDistances(tensor, axis);
    const sum = squares.reduce((total, square) => total + square, 0);
    if (axis.role !== 'kernel') {
      chiVectors += sum;
      continue;
    }
    chi += sum;
    largest = Math.max(largest, ...squares.map(Math.sqrt));
    const length = Math.sqrt(tensor.values.reduce((total, value) => total + value * value, 0) / axis.of.length);
    if (length > 0) largestShare = Math.max(largestShare, ...squares.map((square) => Math.sqrt(square) / length));
  }
  return { chi, chiVectors, largest, largestShare };
}

/** Largest distance of a running mean or variance from its cluster's, as a share of the tensor's root mean square. */
export function statisticsSpread(tensors: Tensors, { filters }: ClusteredAxes): number {
  let spread = 0;
  for (const [name, axis] of filters) {
    const tensor = tensors[name];
    if (tensor === undefined || (axis.role !== 'mean' && axis.role !== 'variance')) continue;
    const square = tensor.values.reduce((total, value) => total + value * value, 0) / tensor.values.length;
    const farthest = squaredDistances(tensor, axis).reduce((most, own) => Math.max(most, own), 0);
    if (square > 0) spread = Math.max(spread, Math.sqrt(farthest / square));
  }
  return spread;
}

/**
 * A plane for every clustered layer, laid through its filters as they are now: later positions can be compared. `between`
 * is awaited after each layer.
 */
export async function layerPlanes(
  network: Network,
  axes: ClusteredAxes,
  between: () => Promise<void>,
): Promise<Map<LayerId, Plane>> {
  const planes = new Map<LayerId, Plane>();
  for (const layer of clusteredLayers(network, axes)) {
    planes.set(layer, principalPlane(filtersOf(network, layer)));
    await between();
  }
  return planes;
}

/** Per clustered layer what the inspector draws; see `csgd.ts` for the names. */
export function layerPictures(
  network: Network,
  axes: ClusteredAxes,
  planes: ReadonlyMap<LayerId, Plane>,
): Record<LayerId, Record<string, Float32Array>> {
  const pictures: Record<LayerId, Record<string, Float32Array>> = {};
  for (const [layer, plane] of planes) {
    const axis = layerAxis(network.graph, axes, layer);
    const kernel = axis && network.tensors[axis.name];
    if (axis === undefined || kernel === undefined) continue;
    const places = filtersOf(network, layer).map((filter) => projected(plane, filter));
    const stays = new Set(axis.stays);
    pictures[layer] = {
      distance: Float32Array.from(squaredDistances(kernel, axis), Math.sqrt),
      cluster: Float32Array.from(axis.of),
      stays: Float32Array.from(axis.of, (_, filter) => (stays.has(filter) ? 1 : 0)),
      x: Float32Array.from(places, ([x]) => x),
      y: Float32Array.from(places, ([, y]) => y),
    };
  }
  return pictures;
}

function clusteredLayers({ graph }: Network, axes: ClusteredAxes): LayerId[] {
  return graph.layers.filter(isWeighted).flatMap(({ id }) => (layerAxis(graph, axes, id) === undefined ? [] : [id]));
}

function filtersOf(network: Network, id: LayerId): Float64Array[] {
  const layer = network.graph.layers.find((candidate) => candidate.id === id);
  if (layer === undefined || !isWeighted(layer)) return [];
  const { size, count, values } = filterMatrix(network, layer);
  return Array.from({ length: count }, (_, filter) =>
    Float64Array.from({ length: size }, (__, row) => values[row * count + filter] ?? 0),
  );
}
