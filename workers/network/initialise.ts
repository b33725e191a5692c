/**
 * Fresh tensors for a graph: what an untrained network starts from.
 */
import type { Random } from '../linalg/random';
import type { Graph, Layer, Tensor, TensorName, Tensors } from './graph';
import { sizeOf } from './shapes';
import { expectedTensors } from './tensor-shapes';

/**
 * Tensors of an untrained network: kernels from He's normal distribution with fan-in, deviation sqrt(2 / fan-in)
 * (He et al. 2015, equation 10; fan-in = weights behind one output, in a transposed convolution on average), slopes of a
 * PReLU 0.25 (section 2.1 there), bias and beta 0, gamma 1, running mean 0, variance 1.
 *
 * Each tensor draws from `random.fork(its name)`: a tensor's values depend on seed, name and shape alone.
 */
export function initialTensors(graph: Graph, random: Random): Tensors {
  const layerOf = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const tensors: Record<TensorName, Tensor> = {};
  for (const { name, role, shape, layers } of expectedTensors(graph).values()) {
    const values = new Float32Array(sizeOf(shape));
    if (role === 'kernel') {
      const stream = random.fork(name);
      const deviation = Math.sqrt(2 / fanIn(layerOf.get(layers[0] ?? ''), shape));
      for (let at = 0; at < values.length; at++) values[at] = stream.normal(0, deviation);
    } else if (role === 'gamma' || role === 'variance') {
      values.fill(1);
    } else if (role === 'slope') {
      values.fill(0.25);
    }
    tensors[name] = { shape, values };
  }
  return tensors;
}

function fanIn(layer: Layer | undefined, shape: readonly number[]): number {
  if (layer?.op === 'depthwise') return sizeOf(shape.slice(0, 2));
  // One output pixel sees every stride-th tap of each axis.
  if (layer?.op === 'convTranspose') return sizeOf(shape.with(2, 1)) / sizeOf(layer.stride);
  return sizeOf(shape.slice(0, -1));
}
