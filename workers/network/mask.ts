/**
 * Masking: a cut that can be taken back. The structure stays, the removed filters' numbers become zero.
 */
import { removedClasses } from './closure';
import { couplingOf } from './coupling';
import type { Network, Tensor, TensorName } from './graph';
import type { RemovedChannels } from './plan';
import { labelledTensors } from './tensor-axes';

/**
 * A network of the same graph that computes exactly what `cutChannels(network, removed)` computes.
 *
 * Zeroed are the filters themselves (kernel slices, bias), their batch norm (gamma, beta, mean) and the consumers'
 * input slices: after an activation with f(0) != 0, or a batch norm without gamma, a zero filter is not a zero input.
 * Running variances stay, since an epsilon of 0 would divide by them. History is unchanged; the original stays valid.
 * Throws as `cutChannels`.
 */
export function maskChannels(network: Network, removed: RemovedChannels): Network {
  const { graph, tensors } = network;
  const gone = removedClasses(graph, removed);
  if (gone.size === 0) return network;
  const { classes } = couplingOf(graph);
  const masked: Record<TensorName, Tensor> = {};
  for (const { name, role, axes, tensor } of labelledTensors(network, classes)) {
    if (role === 'variance') continue;
    const values = Float32Array.from(tensor.values);
    for (const { axis, labels } of axes) {
      labels.forEach((label, at) => {
        if (gone.has(label)) zeroAlong(tensor.shape, values, axis, at);
      });
    }
    masked[name] = { shape: tensor.shape, values };
  }
  return { ...network, tensors: { ...tensors, ...masked } };
}

function zeroAlong(shape: readonly number[], values: Float32Array, axis: number, at: number): void {
  const length = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  for (let from = at * inner; from < values.length; from += length * inner) values.fill(0, from, from + inner);
}
