/** Keras layers with weights: convolutions, dense layers, batch norm and what else learns. */
import type { LayerId, Pair } from '../../network/graph';
import { NotUnderstood } from '../network-draft';
import { transposedPadding, windowPadding } from '../tensorflow-windows';
import type { Fields } from './config';
import {
  activationName,
  flagField,
  listField,
  numberField,
  paddingField,
  pairField,
  requireChannelsLast,
} from './fields';
import type { Translation } from './translation';
import type { WeightRole } from './weights';

const ones: Pair = [1, 1];

interface WeightedClass {
  /** Weights in Keras's order. */
  readonly roles: (config: Fields) => readonly WeightRole[];
  readonly translate: (t: Translation) => LayerId;
}

function withBias(config: Fields, ...roles: readonly WeightRole[]): readonly WeightRole[] {
  return flagField(config, 'use_bias', true) ? [...roles, 'bias'] : roles;
}

function biasOf(t: Translation, filters: number): { readonly bias?: string } {
  return flagField(t.config, 'use_bias', true) ? { bias: t.tensor('bias', [filters]) } : {};
}

function windowOf({ config }: Translation) {
  requireChannelsLast(config);
  return {
    kernelSize: pairField(config, 'kernel_size', ones),
    stride: pairField(config, 'strides', ones),
    dilation: pairField(config, 'dilation_rate', ones),
  };
}

function conv2d(t: Translation): LayerId {
  const window = windowOf(t);
  const filters = numberField(t.config, 'filters', 0);
  const groups = numberField(t.config, 'groups', 1);
  return t.withActivation({
    op: 'conv',
    id: t.id,
    inputs: [t.input],
    filters,
    groups,
    ...window,
    padding: windowPadding(paddingField(t.config), t.positions, window),
    kernel: t.tensor('kernel', [...window.kernelSize, t.spatial[2] / groups, filters]),
    ...biasOf(t, filters),
  });
}

/** The depthwise half: one kernel a channel, or several, which is a grouped convolution. */
function depthwise(t: Translation, id: LayerId, role: WeightRole, biased: boolean): LayerId {
  const window = windowOf(t);
  const channels = t.spatial[2];
  const multiplier = numberField(t.config, 'depth_multiplier', 1);
  const padding = windowPadding(paddingField(t.config), t.positions, window);
  const bias = biased ? biasOf(t, channels * multiplier) : {};
  const common = { id, inputs: [t.input], ...window, padding, ...bias };
  if (multiplier === 1) {
    return t.add({ op: 'depthwise', ...common, kernel: t.tensor(role, [...window.kernelSize, channels, 1]) });
  }
  // [kh, kw, c, m] and [kh, kw, 1, c * m] are the same numbers in the same order.
  const filters = channels * multiplier;
  const kernel = t.tensor(role, [...window.kernelSize, 1, filters]);
  return t.add({ op: 'conv', ...common, filters, groups: channels, kernel });
}

function separableConv2d(t: Translation): LayerId {
  const between = depthwise(t, t.part('depthwise'), 'depthwise_kernel', false);
  const filters = numberField(t.config, 'filters', 0);
  const channels = t.spatial[2] * numberField(t.config, 'depth_multiplier', 1);
  return t.withActivation({
    op: 'conv',
    id: t.id,
    inputs: [between],
    filters,
    groups: 1,
    kernelSize: ones,
    stride: ones,
    dilation: ones,
    padding: [0, 0, 0, 0],
    kernel: t.tensor('pointwise_kernel', [1, 1, channels, filters]),
    ...biasOf(t, filters),
  });
}

function conv2dTranspose(t: Translation): LayerId {
  const { kernelSize, stride, dilation } = windowOf(t);
  if (dilation.some((axis) => axis !== 1))
    throw new NotUnderstood('Transposed convolutions with dilation have no layer here.');
  if (numberField(t.config, 'groups', 1) !== 1)
    throw new NotUnderstood('Transposed convolutions in groups have no layer here.');
  const mode = paddingField(t.config);
  const extra = t.config['output_padding'] ?? null;
  const [height, width] = t.positions;
  const length = (input: number, at: 0 | 1): number => {
    if (extra !== null) {
      const cropped = mode === 'same' ? 2 * Math.floor(kernelSize[at] / 2) : 0;
      return (input - 1) * stride[at] + kernelSize[at] - cropped + pairField(t.config, 'output_padding', [0, 0])[at];
    }
    return input * stride[at] + (mode === 'valid' ? Math.max(kernelSize[at] - stride[at], 0) : 0);
  };
  const output: Pair = [length(height, 0), length(width, 1)];
  const filters = numberField(t.config, 'filters', 0);
  return t.withActivation({
    op: 'convTranspose',
    id: t.id,
    inputs: [t.input],
    filters,
    kernelSize,
    stride,
    ...transposedPadding(mode, t.positions, output, { kernelSize, stride }),
    kernel: t.tensor('kernel', [...kernelSize, filters, t.spatial[2]]),
    ...biasOf(t, filters),
  });
}

/** On images a dense layer works on the last axis: a 1x1 convolution. */
function dense(t: Translation): LayerId {
  const units = numberField(t.config, 'units', 0);
  const shape = t.inputShape;
  if (shape.length === 1) {
    const kernel = t.tensor('kernel', [shape[0], units]);
    return t.withActivation({ op: 'dense', id: t.id, inputs: [t.input], units, kernel, ...biasOf(t, units) });
  }
  const kernel = t.tensor('kernel', [1, 1, shape[2], units]);
  return t.withActivation({
    op: 'conv',
    id: t.id,
    inputs: [t.input],
    filters: units,
    groups: 1,
    kernelSize: ones,
    stride: ones,
    dilation: ones,
    padding: [0, 0, 0, 0],
    kernel,
    ...biasOf(t, units),
  });
}

function requireLastAxis(t: Translation): void {
  const [axis, ...more] = t.config['axis'] === undefined ? [-1] : listField(t.config, 'axis');
  const last = t.inputShape.length;
  if (more.length === 0 && (axis === -1 || axis === last)) return;
  throw new NotUnderstood(`It works along axis ${String(axis)}; only the last, the channels, has a layer here.`);
}

function batchNormalization(t: Translation): LayerId {
  requireLastAxis(t);
  const channels = t.inputShape.at(-1) ?? 0;
  const mean = t.tensor('moving_mean', [channels]);
  return t.add({
    op: 'batchNorm',
    id: t.id,
    inputs: [t.input],
    ...(flagField(t.config, 'scale', true) ? { gamma: t.tensor('gamma', [channels]) } : {}),
    ...(flagField(t.config, 'center', true) ? { beta: t.tensor('beta', [channels]) } : {}),
    mean,
    variance: t.tensor('moving_variance', [channels]),
    epsilon: numberField(t.config, 'epsilon', 1e-3),
  });
}

/** Keras keeps one slope a channel only where the other axes are shared. */
function prelu(t: Translation): LayerId {
  const channels = t.inputShape.at(-1) ?? 0;
  if (t.weights.get('alpha')?.values.length !== channels) {
    throw new NotUnderstood('It has a slope of its own for every position; only one a channel has a layer here.');
  }
  return t.add({ op: 'prelu', id: t.id, inputs: [t.input], slope: t.tensor('alpha', [channels]) });
}

/** (x - mean) / sqrt(variance), learnt by `adapt`: a batch norm without gamma and beta. */
function normalization(t: Translation): LayerId {
  if (flagField(t.config, 'invert', false)) throw new NotUnderstood('It undoes a normalisation.');
  requireLastAxis(t);
  const channels = t.inputShape.at(-1) ?? 0;
  const [mean, variance] = [t.tensor('mean', [channels]), t.tensor('variance', [channels])];
  return t.add({ op: 'batchNorm', id: t.id, inputs: [t.input], mean, variance, epsilon: 1e-14 });
}

/** By Keras class name. */
export const weightedClasses: Readonly<Record<string, WeightedClass>> = {
  Conv2D: { roles: (config) => withBias(config, 'kernel'), translate: conv2d },
  Convolution2D: { roles: (config) => withBias(config, 'kernel'), translate: conv2d },
  DepthwiseConv2D: {
    roles: (config) => withBias(config, 'depthwise_kernel'),
    translate: (t) => t.activate(activationName(t.config['activation']), depthwise(t, t.id, 'depthwise_kernel', true)),
  },
  SeparableConv2D: {
    roles: (config) => withBias(config, 'depthwise_kernel', 'pointwise_kernel'),
    translate: separableConv2d,
  },
  Conv2DTranspose: { roles: (config) => withBias(config, 'kernel'), translate: conv2dTranspose },
  Dense: { roles: (config) => withBias(config, 'kernel'), translate: dense },
  BatchNormalization: {
    roles: (config) => [
      ...(flagField(config, 'scale', true) ? (['gamma'] as const) : []),
      ...(flagField(config, 'center', true) ? (['beta'] as const) : []),
      'moving_mean',
      'moving_variance',
    ],
    translate: batchNormalization,
  },
  PReLU: { roles: () => ['alpha'], translate: prelu },
  Normalization: { roles: () => ['mean', 'variance'], translate: normalization },
};
