/**
 * Which axis of which tensor follows which channels.
 *
 * The one place that knows how kernels, biases and batch-norm tensors line up with the channels going in and out of
 * their layer: coupling ties shared tensors by it, cutting and masking select slices by it.
 */
import { NetworkError, type Layer, type LayerId, type Network, type Tensor, type TensorName } from './graph';
import type { TensorRole } from './tensor-shapes';

export interface TensorAxes {
  readonly name: TensorName;
  readonly role: TensorRole;
  /** `labels[i]` belongs to index `i` of the axis; a kernel's inputs before its filters. Others follow no channels. */
  readonly axes: readonly { readonly axis: number; readonly labels: Int32Array }[];
}

/**
 * The tensors of `layer` with their axes labelled by the labels of its input and output channels (any numbers:
 * coupling passes atoms, cutting passes classes).
 */
export function tensorAxes(layer: Layer, input: Int32Array, output: Int32Array): readonly TensorAxes[] {
  const tensors: TensorAxes[] = [];
  const follow = (role: TensorRole, name: TensorName | undefined, axes: TensorAxes['axes']): void => {
    if (name !== undefined) tensors.push({ name, role, axes });
  };
  switch (layer.op) {
    case 'conv': {
      // Groups read the same kernel axis at different channels: position p of the first stands for p of all (they are
      // tied). With one input channel a group the axis has length 1 for ever, and whole groups go instead.
      const inPerGroup = input.length / layer.groups;
      const wholeGroups = layer.groups > 1 && inPerGroup === 1;
      const inputAxis = wholeGroups ? [] : [{ axis: 2, labels: input.subarray(0, inPerGroup) }];
      follow('kernel', layer.kernel, [...inputAxis, { axis: 3, labels: output }]);
      follow('bias', layer.bias, [{ axis: 0, labels: output }]);
      break;
    }
    case 'convTranspose':
      follow('kernel', layer.kernel, [
        { axis: 3, labels: input },
        { axis: 2, labels: output },
      ]);
      follow('bias', layer.bias, [{ axis: 0, labels: output }]);
      break;
    case 'depthwise':
      follow('kernel', layer.kernel, [{ axis: 2, labels: output }]);
      follow('bias', layer.bias, [{ axis: 0, labels: output }]);
      break;
    case 'dense':
      follow('kernel', layer.kernel, [
        { axis: 0, labels: input },
        { axis: 1, labels: output },
      ]);
      follow('bias', layer.bias, [{ axis: 0, labels: output }]);
      break;
    case 'batchNorm': {
      const axes = [{ axis: 0, labels: output }];
      follow('gamma', layer.gamma, axes);
      follow('beta', layer.beta, axes);
      follow('mean', layer.mean, axes);
      follow('variance', layer.variance, axes);
      break;
    }
    case 'prelu':
      follow('slope', layer.slope, [{ axis: 0, labels: output }]);
      break;
    default:
      break;
  }
  return tensors;
}

/**
 * Every tensor of the network once, its axes labelled by the labels of its first layer's channels (a shared tensor has
 * equal labels in all of its layers, or it could not be cut). Throws `NetworkError` for a tensor that is missing.
 */
export function* labelledTensors(
  { graph, tensors }: Network,
  labels: ReadonlyMap<LayerId, Int32Array>,
): Generator<TensorAxes & { readonly tensor: Tensor }> {
  const none = new Int32Array(0);
  const seen = new Set<TensorName>();
  for (const layer of graph.layers) {
    const input = labels.get(layer.inputs[0] ?? '') ?? none;
    for (const entry of tensorAxes(layer, input, labels.get(layer.id) ?? none)) {
      if (seen.has(entry.name)) continue;
      seen.add(entry.name);
      const tensor = tensors[entry.name];
      if (tensor === undefined) {
        const problem = `names tensor "${entry.name}", which the network does not have`;
        throw new NetworkError(`Layer "${layer.id}" ${problem}.`, layer.id);
      }
      yield { ...entry, tensor };
    }
  }
}
