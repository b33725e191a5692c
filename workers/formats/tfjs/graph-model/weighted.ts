/** TensorFlow operations with weights: convolutions and matrix products, with what is fused behind them. */
import type { Pair, Padding, Tensor } from '../../../network/graph';
import { NotUnderstood } from '../../network-draft';
import { transposedPadding, windowPadding } from '../../tensorflow-windows';
import { flagOf, numberOf, numbersOf, pairOf, requireNhwc, textOf, textsOf } from './nodes';
import type { LayerValue, Operation } from './operation';

type Translate = (o: Operation) => LayerValue;

function axes(tensor: Tensor, rank: number): readonly number[] {
  if (tensor.shape.length === rank) return tensor.shape;
  throw new NotUnderstood(`Its kernel has ${tensor.shape.length} axes, but ${rank} were expected.`);
}

function windowOf(o: Operation, kernelSize: Pair) {
  requireNhwc(o.node);
  const stride = pairOf(o.node, 'strides');
  const dilation = pairOf(o.node, 'dilations');
  const mode = textOf(o.node, 'padding', 'VALID');
  const [, , top = 0, bottom = 0, left = 0, right = 0] = numbersOf(o.node, 'explicit_paddings');
  const [height, width] = o.spatial();
  const explicit: Padding = [top, bottom, left, right];
  const words = mode === 'SAME' ? 'same' : 'valid';
  const padding =
    mode === 'EXPLICIT' ? explicit : windowPadding(words, [height, width], { kernelSize, stride, dilation });
  return { kernelSize, stride, dilation, padding };
}

/** What is fused behind a product: its bias first, then an activation or a batch norm. */
function fused(o: Operation, filters: number, make: (bias: { readonly bias?: string }) => LayerValue): LayerValue {
  const operations = textsOf(o.node, 'fused_ops');
  let next = 2;
  const biased = operations.includes('BiasAdd');
  const bias = biased ? o.constant(next++) : operations.length === 0 ? o.absorbBias(filters) : undefined;
  let value = make(bias === undefined ? {} : { bias: o.keep('bias', bias, [filters]) });
  for (const operation of operations) {
    if (operation === 'BiasAdd') continue;
    if (operation === 'FusedBatchNorm') {
      const role = (name: string) => o.keep(name, o.constant(next++), [filters]);
      value = o.add(
        {
          op: 'batchNorm',
          id: o.part('bn'),
          inputs: [value.id],
          gamma: role('gamma'),
          beta: role('beta'),
          mean: role('mean'),
          variance: role('variance'),
          epsilon: numberOf(o.node, 'epsilon', 1e-3),
        },
        value.rank,
      );
      continue;
    }
    value = activate(o, operation, value, () => o.constant(next++));
  }
  return value;
}

function activate(o: Operation, operation: string, value: LayerValue, slope: () => Tensor): LayerValue {
  const place = { id: o.part(operation.toLowerCase()), inputs: [value.id] };
  const kinds = { Relu: 'relu', Relu6: 'relu6', Elu: 'elu', Sigmoid: 'sigmoid', Tanh: 'tanh' } as const;
  if (Object.hasOwn(kinds, operation)) {
    return o.add({ op: 'activation', ...place, kind: kinds[operation as keyof typeof kinds] }, value.rank);
  }
  if (operation === 'LeakyRelu') {
    const alpha = numberOf(o.node, 'leakyrelu_alpha', 0.2);
    return o.add({ op: 'activation', ...place, kind: 'leakyRelu', slope: alpha }, value.rank);
  }
  if (operation === 'Prelu') {
    const channels = o.draft.shapeOf(value.id).at(-1) ?? 0;
    return o.add({ op: 'prelu', ...place, slope: o.keep('slope', slope(), [channels]) }, value.rank);
  }
  throw new NotUnderstood(`"${operation}" is fused behind it, which has no layer here.`);
}

const conv: Translate = (o) => {
  const filter = o.constant(1);
  const [height = 1, width = 1, channels = 1, filters = 1] = axes(filter, 4);
  const groups = o.spatial()[2] / channels;
  return fused(o, filters, (bias) =>
    o.add({
      op: 'conv',
      id: o.id,
      inputs: [o.layer().id],
      filters,
      groups,
      ...windowOf(o, [height, width]),
      kernel: o.keep('kernel', filter, filter.shape),
      ...bias,
    }),
  );
};

const depthwise: Translate = (o) => {
  const filter = o.constant(1);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = axes(filter, 4);
  const filters = channels * multiplier;
  return fused(o, filters, (bias) => {
    const common = { id: o.id, inputs: [o.layer().id], ...windowOf(o, [height, width]), ...bias };
    if (multiplier === 1) return o.add({ op: 'depthwise', ...common, kernel: o.keep('kernel', filter, filter.shape) });
    const kernel = o.keep('kernel', filter, [height, width, 1, filters]);
    return o.add({ op: 'conv', ...common, filters, groups: channels, kernel });
  });
};

const convTranspose: Translate = (o) => {
  requireNhwc(o.node);
  const filter = o.constant(1);
  const [kernelHeight = 1, kernelWidth = 1, filters = 1] = axes(filter, 4);
  const [, height = 1, width = 1] = o.numbers(0);
  const kernelSize: Pair = [kernelHeight, kernelWidth];
  const stride = pairOf(o.node, 'strides');
  const [inputHeight, inputWidth] = o.spatial(2);
  const mode = textOf(o.node, 'padding', 'VALID') === 'SAME' ? 'same' : 'valid';
  const window = transposedPadding(mode, [inputHeight, inputWidth], [height, width], { kernelSize, stride });
  const bias = o.absorbBias(filters);
  return o.add(
    {
      op: 'convTranspose',
      id: o.id,
      inputs: [o.layer(2).id],
      filters,
      kernelSize,
      stride,
      ...window,
      kernel: o.keep('kernel', filter, filter.shape),
      ...(bias === undefined ? {} : { bias: o.keep('bias', bias, [filters]) }),
    },
    4,
  );
};

function transposed({ shape, values }: Tensor): Tensor {
  const [rows = 1, columns = 1] = shape;
  const turned = Float32Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
  return { shape: [columns, rows], values: turned };
}

const matMul: Translate = (o) => {
  if (flagOf(o.node, 'transpose_a') || flagOf(o.node, 'adj_x')) throw new NotUnderstood('It turns its input around.');
  const given = o.constant(1);
  axes(given, 2);
  const kernel = flagOf(o.node, 'transpose_b') || flagOf(o.node, 'adj_y') ? transposed(given) : given;
  const units = kernel.shape[1] ?? 1;
  return fused(o, units, (bias) =>
    o.add({
      op: 'dense',
      id: o.id,
      inputs: [o.layer().id],
      units,
      kernel: o.keep('kernel', kernel, kernel.shape),
      ...bias,
    }),
  );
};

const batchNorm: Translate = (o) => {
  requireNhwc(o.node);
  const channels = o.shape().at(-1) ?? 0;
  const role = (name: string, at: number) => o.keep(name, o.constant(at), [channels]);
  return o.add({
    op: 'batchNorm',
    id: o.id,
    inputs: [o.layer().id],
    gamma: role('gamma', 1),
    beta: role('beta', 2),
    mean: role('mean', 3),
    variance: role('variance', 4),
    epsilon: numberOf(o.node, 'epsilon', 1e-3),
  });
};

/** By TensorFlow operation. */
export const weightedOperations: Readonly<Record<string, Translate>> = {
  Conv2D: conv,
  _FusedConv2D: conv,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2d: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: convTranspose,
  MatMul: matMul,
  _FusedMatMul: matMul,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
