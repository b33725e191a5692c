/** Layers with windows as Keras layers: convolutions and pooling. */
import type { Layer, Pair } from '../../network/graph';
import { transposedPadding } from '../tensorflow-windows';
import type { KerasSheet } from './write-sheet';

export function conv(sheet: KerasSheet, layer: Extract<Layer, { op: 'conv' }>): string {
  const channels = sheet.shapeOf(layer.inputs[0]).at(-1) ?? 0;
  const { padding, inputs } = sheet.padded(layer, layer.dilation);
  const kernel = sheet.tensor(layer.kernel);
  const common = { dilation_rate: layer.dilation, use_bias: layer.bias !== undefined };
  if (layer.groups === 1) {
    const config = sheet.windowConfig(layer, padding, { filters: layer.filters, ...common });
    return sheet.add(layer.id, 'Conv2D', config, inputs, [['kernel', kernel], ...sheet.bias(layer.bias)]);
  }
  if (layer.groups !== channels) throw sheet.unsupported(layer, 'TF.js has no convolution in groups');
  // One channel a group is Keras's depthwise convolution with a multiplier: the same numbers in the same order.
  const multiplier = layer.filters / channels;
  const shape = [...layer.kernelSize, channels, multiplier];
  const config = sheet.windowConfig(layer, padding, { depth_multiplier: multiplier, ...common });
  return sheet.add(layer.id, 'DepthwiseConv2D', config, inputs, [
    ['depthwise_kernel', { shape, values: kernel.values }],
    ...sheet.bias(layer.bias),
  ]);
}

export function convTranspose(sheet: KerasSheet, layer: Extract<Layer, { op: 'convTranspose' }>): string {
  const input = sheet.positions(layer);
  const { kernelSize, stride } = layer;
  const mode = (['valid', 'same'] as const).find((word) => {
    const length = (at: 0 | 1): number =>
      input[at] * stride[at] + (word === 'valid' ? Math.max(kernelSize[at] - stride[at], 0) : 0);
    const output: Pair = [length(0), length(1)];
    const window = transposedPadding(word, input, output, { kernelSize, stride });
    return window.padding.join() === layer.padding.join() && window.outputPadding.join() === layer.outputPadding.join();
  });
  if (mode === undefined) throw sheet.unsupported(layer, 'its padding is neither "same" nor "valid"');
  const config = sheet.windowConfig(layer, mode, { filters: layer.filters, use_bias: layer.bias !== undefined });
  return sheet.add(
    layer.id,
    'Conv2DTranspose',
    config,
    layer.inputs.map((id) => sheet.nameOf(id)),
    [['kernel', sheet.tensor(layer.kernel)], ...sheet.bias(layer.bias)],
  );
}

export function pool(sheet: KerasSheet, layer: Extract<Layer, { op: 'maxPool' | 'averagePool' }>): string {
  const isMax = layer.op === 'maxPool';
  const { padding, inputs } = sheet.padded(layer);
  const padsWithZeros = padding === 'valid' && layer.padding.some((amount) => amount > 0);
  const [before] = layer.inputs.map((id) => sheet.network.graph.layers.find((one) => one.id === id));
  const neverNegative = before?.op === 'activation' && ['relu', 'relu6', 'sigmoid'].includes(before.kind);
  const counts = !isMax && layer.countPadding && layer.padding.some((amount) => amount > 0);
  // A zero at the border is no maximum only where nothing is below it; a mean counts it or not.
  if (padsWithZeros && (isMax ? !neverNegative : !layer.countPadding)) throw sheet.unsupported(layer, 'its padding');
  if (padding === 'same' && counts) throw sheet.unsupported(layer, 'its padding counts in the mean');
  const config = { pool_size: layer.kernelSize, strides: layer.stride, padding, data_format: 'channels_last' };
  return sheet.add(layer.id, isMax ? 'MaxPooling2D' : 'AveragePooling2D', config, inputs);
}
