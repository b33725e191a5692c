/**
 * Fresh tensors for a graph: what an untrained network starts from.
 */
import type { Random } from '../linalg/random';
import type { Graph, Tensor, TensorName, Tensors } from './graph';
import { sizeOf } from './shapes';
import { expectedTensors } from './tensor-shapes';

/**
 * Tensors of an untrained network: kernels from He's normal distribution with fan-in, deviation sqrt(2 / fan-in)
 * (He et al. 2015, equation 10; fan-in = inputs of one filter), bias and beta 0, gamma 1, running mean 0, variance 1.
 *
 * Each tensor draws from `random.fork(its name)`: a tensor's values depend on seed, name and shape alone.
 */
export function initialTensors(graph: Graph, random: Random): Tensors {
  const depthwise = new Set(graph.layers.filter((layer) => layer.op === 'depthwise').map((layer) => layer.id));
  const tensors: Record<TensorName, Tensor> = {};
  for (const { name, role, shape, layers } of expectedTensors(graph).values()) {
    const values = new Float32Array(sizeOf(shape));
    if (role === 'kernel') {
      const stream = random.fork(name);
      // A kernel's last axis is its filters; a depthwise filter reads one channel only.
      const fanIn = sizeOf(layers.some((id) => depthwise.has(id)) ? shape.slice(0, 2) : shape.slice(0, -1));
      const deviation = Math.sqrt(2 / fanIn);
      for (let at = 0; at < values.length; at++) values[at] = stream.normal(0, deviation);
    } else if (role === 'gamma' || role === 'variance') {
      values.fill(1);
    }
    tensors[name] = { shape, values };
  }
  return tensors;
}
