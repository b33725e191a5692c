/** A network as Keras layers: what a TF.js LayersModel and Keras source are both written from. */
import type { Layer, Network } from '../../network/graph';
import { gather, multiply, pad, resize, slice } from './write-rearrange';
import { type KerasLayer, type KerasRuntime, KerasSheet } from './write-sheet';
import { conv, convTranspose, pool } from './write-windows';

export interface KerasLayers {
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Throws `FormatError` (kind `unsupported`) naming the layer that Keras and TF.js have no layer for. */
export function kerasLayers(network: Network, runtime: KerasRuntime, file: string): KerasLayers {
  const sheet = new KerasSheet(network, runtime, file);
  for (const layer of network.graph.layers) sheet.names.set(layer.id, write(sheet, layer));
  const outputs = network.graph.outputs.map((id) => sheet.nameOf(id));
  return { layers: sheet.layers, inputs: sheet.inputs, outputs };
}

function activation(sheet: KerasSheet, layer: Extract<Layer, { op: 'activation' }>, inputs: readonly string[]): string {
  const { id } = layer;
  const named = (activation: string) => sheet.add(id, 'Activation', { activation }, inputs);
  const scaled = (suffix: string, scale: number, offset: number, from: readonly string[]) =>
    sheet.add(`${id}${suffix}`, 'Rescaling', { scale, offset }, from);
  const capped = (suffix: string, most: number, from: readonly string[]) =>
    sheet.add(`${id}${suffix}`, 'ReLU', { max_value: most }, from);
  switch (layer.kind) {
    case 'relu':
    case 'sigmoid':
    case 'tanh':
    case 'elu':
    case 'softplus':
      return named(layer.kind);
    case 'swish':
      return named('swish');
    case 'relu6':
      return capped('', 6, inputs);
    case 'leakyRelu':
      return sheet.add(id, 'LeakyReLU', { alpha: layer.slope ?? 0.01 }, inputs);
    case 'hardSigmoid': {
      const between = scaled('.scaled', layer.slope ?? 1 / 6, layer.offset ?? 0.5, inputs);
      return capped('', 1, [between]);
    }
    case 'hardSwish': {
      const gate = capped('.capped', 6, [scaled('.shifted', 1, 3, inputs)]);
      return sheet.add(id, 'Multiply', {}, [...inputs, scaled('.gate', 1 / 6, 0, [gate])]);
    }
    case 'clip': {
      const { min, max } = layer;
      if (min === undefined || max === undefined) throw sheet.unsupported(layer, 'a bound on one side alone');
      if (min === 0) return capped('', max, inputs);
      return scaled('', 1, min, [capped('.capped', max - min, [scaled('.shifted', 1, -min, inputs)])]);
    }
    case 'gelu':
      if (sheet.runtime === 'keras') return named('gelu');
      throw sheet.unsupported(layer, 'GELU by the error function, which TF.js approximates');
  }
}

function write(sheet: KerasSheet, layer: Layer): string {
  const inputs = layer.inputs.map((id) => sheet.nameOf(id));
  const { id } = layer;
  switch (layer.op) {
    case 'input': {
      const name = sheet.add(id, 'InputLayer', { batch_input_shape: [null, ...layer.shape], dtype: 'float32' }, []);
      sheet.inputs.push(name);
      return name;
    }
    case 'conv':
      return conv(sheet, layer);
    case 'depthwise': {
      const { padding, inputs: from } = sheet.padded(layer, layer.dilation);
      const config = sheet.windowConfig(layer, padding, {
        depth_multiplier: 1,
        dilation_rate: layer.dilation,
        use_bias: layer.bias !== undefined,
      });
      return sheet.add(id, 'DepthwiseConv2D', config, from, [
        ['depthwise_kernel', sheet.tensor(layer.kernel)],
        ...sheet.bias(layer.bias),
      ]);
    }
    case 'dense': {
      const config = { units: layer.units, activation: 'linear', use_bias: layer.bias !== undefined };
      return sheet.add(id, 'Dense', config, inputs, [
        ['kernel', sheet.tensor(layer.kernel)],
        ...sheet.bias(layer.bias),
      ]);
    }
    case 'convTranspose':
      return convTranspose(sheet, layer);
    case 'batchNorm': {
      const { gamma, beta } = layer;
      const config = {
        axis: -1,
        momentum: 0.99,
        epsilon: layer.epsilon,
        center: beta !== undefined,
        scale: gamma !== undefined,
      };
      return sheet.add(id, 'BatchNormalization', config, inputs, [
        ...(gamma === undefined ? [] : [['gamma', sheet.tensor(gamma)] as const]),
        ...(beta === undefined ? [] : [['beta', sheet.tensor(beta)] as const]),
        ['moving_mean', sheet.tensor(layer.mean)],
        ['moving_variance', sheet.tensor(layer.variance)],
      ]);
    }
    case 'activation':
      return activation(sheet, layer, inputs);
    case 'prelu': {
      const slope = sheet.tensor(layer.slope);
      const flat = sheet.shapeOf(layer.inputs[0]).length === 1;
      const shape = flat ? slope.shape : [1, 1, ...slope.shape];
      const config = flat ? {} : { shared_axes: [1, 2] };
      return sheet.add(id, 'PReLU', config, inputs, [['alpha', { shape, values: slope.values }]]);
    }
    case 'scale':
      return sheet.add(id, 'Rescaling', { scale: layer.factor, offset: layer.offset }, inputs);
    case 'add':
      return sheet.add(id, 'Add', {}, inputs);
    case 'multiply':
      return multiply(sheet, layer, inputs);
    case 'concat': {
      const axis = layer.axis === 'height' ? 1 : layer.axis === 'width' ? 2 : -1;
      return sheet.add(id, 'Concatenate', { axis }, inputs);
    }
    case 'maxPool':
    case 'averagePool':
      return pool(sheet, layer);
    case 'globalPool': {
      const className = layer.mode === 'average' ? 'GlobalAveragePooling2D' : 'GlobalMaxPooling2D';
      const config = { data_format: 'channels_last' };
      if (layer.keepSpatial !== true) return sheet.add(id, className, config, inputs);
      const flat = sheet.add(`${id}.flat`, className, config, inputs);
      return sheet.add(id, 'Reshape', { target_shape: sheet.shapeOf(id) }, [flat]);
    }
    case 'flatten':
      return sheet.add(id, 'Flatten', { data_format: 'channels_last' }, inputs);
    case 'reshape':
      return sheet.add(id, 'Reshape', { target_shape: layer.shape }, inputs);
    case 'pad':
      return pad(sheet, layer, inputs);
    case 'slice':
      return slice(sheet, layer, inputs);
    case 'gather':
      return gather(sheet, layer, inputs);
    case 'resize':
      return resize(sheet, layer, inputs);
    case 'softmax':
      if (layer.log === true) {
        const activation = sheet.runtime === 'tfjs' ? 'logSoftmax' : 'log_softmax';
        return sheet.add(id, 'Activation', { activation }, inputs);
      }
      return sheet.add(id, 'Softmax', { axis: -1 }, inputs);
    case 'opaque':
      throw sheet.unsupported(layer, `it was not understood (${layer.operator})`);
  }
}
