/**
 * Which axis of which tensor follows which channels.
 *
 * The one place that knows how kernels, biases and batch-norm tensors line up with the channels going in and out of
 * their layer: coupling ties shared tensors by it, cutting and masking select slices by it.
 */
import type { Layer, TensorName } from './graph';
import type { TensorRole } from './tensor-shapes';

export interface TensorAxes {
  readonly name: TensorName;
  readonly role: TensorRole;
  /** `labels[i]` belongs to index `i` of the axis. Axes that are not listed follow no channels. */
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
    default:
      break;
  }
  return tensors;
}
