/**
 * What a network costs: multiply-adds (MACs) and parameters, per layer and in total, from the graph alone.
 *
 * MACs count the weights of convolutions and dense layers only: no bias, batch norm, activation or pooling. This is the
 * number papers of the field print as "FLOPs". Parameters are trainable numbers: kernels, biases, gamma, beta, slopes.
 */
import { type Graph, type Layer, type LayerId, type Shape, type TensorName, isWeighted } from './graph';
import { inferShapes, sizeOf } from './shapes';
import { isTrainable, layerTensors } from './tensor-shapes';

/**
 * How often each number of a layer's kernel is used for one image: at every output position, in a transposed
 * convolution at every input position (also where the crop drops the product); a dense layer has one position.
 */
export function kernelUses(layer: Layer, input: Shape, output: Shape): number {
  const places = layer.op === 'convTranspose' ? input : output;
  return places.length === 3 ? places[0] * places[1] : 1;
}

interface LayerCost {
  /** For one image. */
  readonly macs: number;
  /** Of this layer alone; a shared tensor counts at its first layer in forward order, and nowhere else. */
  readonly parameters: number;
}

export interface NetworkCosts {
  /** Every layer, in layer order; layers without weights cost nothing. */
  readonly layers: ReadonlyMap<LayerId, LayerCost>;
  readonly macs: number;
  readonly parameters: number;
}

/**
 * Costs for one image. `shapes` may be given where they are already known. Throws `NetworkError` when shapes cannot
 * be inferred.
 */
export function networkCosts(graph: Graph, shapes: ReadonlyMap<LayerId, Shape> = inferShapes(graph)): NetworkCosts {
  const layers = new Map<LayerId, LayerCost>();
  const counted = new Set<TensorName>();
  let totalMacs = 0;
  let totalParameters = 0;
  for (const layer of graph.layers) {
    const input = shapes.get(layer.inputs[0] ?? '');
    const output = shapes.get(layer.id);
    let macs = 0;
    let parameters = 0;
    if (input !== undefined && output !== undefined) {
      for (const { name, role, shape } of layerTensors(layer, input)) {
        if (role === 'kernel' && isWeighted(layer)) macs = kernelUses(layer, input, output) * sizeOf(shape);
        if (!isTrainable(role) || counted.has(name)) continue;
        counted.add(name);
        parameters += sizeOf(shape);
      }
    }
    layers.set(layer.id, { macs, parameters });
    totalMacs += macs;
    totalParameters += parameters;
  }
  return { layers, macs: totalMacs, parameters: totalParameters };
}
