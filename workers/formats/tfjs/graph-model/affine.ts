/** Arithmetic with constants: a number for all, or one a channel. */
import type { Tensor } from '../../../network/graph';
import { channelsOf } from '../../../network/shapes';
import { NotUnderstood } from '../../network-draft';
import type { LayerValue, Operation } from './operation';

/** 1 - 2^-10 and 2^-10 are exact in float32, so that their sum, the batch norm's divisor, is exactly 1. */
const epsilon = 2 ** -10;

/** factor * x + offset, each a number or one a channel; the latter as a batch norm that normalises nothing. */
export function affine(
  o: Operation,
  input: LayerValue,
  { factor, offset }: { readonly factor?: Tensor | undefined; readonly offset?: Tensor | undefined },
): LayerValue {
  const scalar = (tensor: Tensor | undefined) => tensor === undefined || tensor.values.length === 1;
  if (scalar(factor) && scalar(offset)) {
    const [scale = 1] = factor?.values ?? [];
    const [shift = 0] = offset?.values ?? [];
    return o.add({ op: 'scale', id: o.id, inputs: [input.id], factor: scale, offset: shift }, input.rank);
  }
  const channels = channelsOf(o.draft.shapeOf(input.id));
  const perChannel = (tensor: Tensor): Tensor => {
    const { values } = tensor;
    if (values.length === channels && tensor.shape.at(-1) === channels) return { shape: [channels], values };
    if (values.length === 1) return { shape: [channels], values: new Float32Array(channels).fill(values[0] ?? 0) };
    throw new NotUnderstood('It computes with a constant of its own for every position.');
  };
  const shape = [channels];
  return o.add(
    {
      op: 'batchNorm',
      id: o.id,
      inputs: [input.id],
      ...(factor === undefined ? {} : { gamma: o.keep('factor', perChannel(factor), shape) }),
      ...(offset === undefined ? {} : { beta: o.keep('offset', perChannel(offset), shape) }),
      mean: o.keep('zero', { shape, values: new Float32Array(channels) }, shape),
      variance: o.keep('one', { shape, values: new Float32Array(channels).fill(1 - epsilon) }, shape),
      epsilon,
    },
    input.rank,
  );
}

/** The same tensor with `change` applied to every number. */
export function mapped({ shape, values }: Tensor, change: (value: number) => number): Tensor {
  return { shape, values: values.map(change) };
}
