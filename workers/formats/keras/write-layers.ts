/** A network as Keras layers: what a TF.js LayersModel and Keras source are both written from. */
import {
  type Layer,
  type LayerId,
  type Network,
  type Pair,
  type Padding,
  type Shape,
  type Tensor,
} from '../../network/graph';
import { inferShapes } from '../../network/shapes';
import { FormatError } from '../format-error';
import { transposedPadding, windowPadding } from '../tensorflow-windows';

export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  /** In Keras's own words. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of layers. */
  readonly inputs: readonly string[];
  /** Keras's names of its weights, in Keras's order. */
  readonly weights: readonly (readonly [role: string, tensor: Tensor])[];
}

export interface KerasLayers {
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Throws `FormatError` (kind `unsupported`) naming the layer that Keras and TF.js have no layer for. */
export function kerasLayers(network: Network, file: string): KerasLayers {
  return new KerasWriter(network, file).result();
}

type Config = Record<string, unknown>;

class KerasWriter {
  private readonly layers: KerasLayer[] = [];
  /** Name of the Keras layer that gives each of our layers' outputs. */
  private readonly names = new Map<LayerId, string>();
  private readonly taken = new Set<string>();
  private readonly shapes: ReadonlyMap<LayerId, Shape>;
  private readonly inputs: string[] = [];

  constructor(
    private readonly network: Network,
    private readonly file: string,
  ) {
    this.shapes = inferShapes(network.graph);
    for (const layer of network.graph.layers) this.names.set(layer.id, this.write(layer));
  }

  result(): KerasLayers {
    const outputs = this.network.graph.outputs.map((id) => this.nameOf(id));
    return { layers: this.layers, inputs: this.inputs, outputs };
  }

  private unsupported(layer: Layer, what: string): FormatError {
    return new FormatError('unsupported', `Keras has no layer for "${layer.id}": ${what}.`, this.file, layer.id);
  }

  private nameOf(id: LayerId): string {
    return this.names.get(id) ?? id;
  }

  /** A name that Keras takes and that is still free. */
  private free(wanted: string): string {
    const plain = wanted.replaceAll(/[^\w.-]+/g, '_').replace(/^[^A-Za-z]+/, 'layer_');
    let name = plain;
    for (let count = 2; this.taken.has(name); count++) name = `${plain}_${count}`;
    this.taken.add(name);
    return name;
  }

  private add(
    wanted: string,
    className: string,
    config: Config,
    inputs: readonly string[],
    weights: readonly (readonly [string, Tensor])[] = [],
  ): string {
    const name = this.free(wanted);
    this.layers.push({ className, name, config, inputs, weights });
    return name;
  }

  private tensor(name: string): Tensor {
    const tensor = this.network.tensors[name];
    if (tensor === undefined)
      throw new FormatError('malformed', `The network has no tensor "${name}".`, this.file, name);
    return tensor;
  }

  private shapeOf(id: LayerId | undefined): Shape {
    return this.shapes.get(id ?? '') ?? [0];
  }

  private positions(layer: Layer): Pair {
    const [height = 1, width = 1] = this.shapeOf(layer.inputs[0]);
    return [height, width];
  }

  private bias(name: string | undefined): readonly (readonly [string, Tensor])[] {
    return name === undefined ? [] : [['bias', this.tensor(name)]];
  }

  /** `valid` or `same` where that means the same, else zeros put around first. */
  private padded(
    layer: Layer & { readonly kernelSize: Pair; readonly stride: Pair; readonly padding: Padding },
    dilation: Pair = [1, 1],
  ): { readonly padding: string; readonly inputs: readonly string[] } {
    const inputs = layer.inputs.map((id) => this.nameOf(id));
    if (layer.padding.every((amount) => amount === 0)) return { padding: 'valid', inputs };
    const window = { kernelSize: layer.kernelSize, stride: layer.stride, dilation };
    if (windowPadding('same', this.positions(layer), window).join() === layer.padding.join())
      return { padding: 'same', inputs };
    const [top, bottom, left, right] = layer.padding;
    const config = {
      padding: [
        [top, bottom],
        [left, right],
      ],
      data_format: 'channels_last',
    };
    return { padding: 'valid', inputs: [this.add(`${layer.id}.padding`, 'ZeroPadding2D', config, inputs)] };
  }

  private activation(layer: Extract<Layer, { op: 'activation' }>, inputs: readonly string[]): string {
    const { id } = layer;
    const named = (activation: string) => this.add(id, 'Activation', { activation }, inputs);
    const scaled = (suffix: string, scale: number, offset: number, from: readonly string[]) =>
      this.add(`${id}${suffix}`, 'Rescaling', { scale, offset }, from);
    const capped = (suffix: string, most: number, from: readonly string[]) =>
      this.add(`${id}${suffix}`, 'ReLU', { max_value: most }, from);
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
        return this.add(id, 'LeakyReLU', { alpha: layer.slope ?? 0.01 }, inputs);
      case 'hardSigmoid': {
        const between = scaled('.scaled', layer.slope ?? 1 / 6, layer.offset ?? 0.5, inputs);
        return capped('', 1, [between]);
      }
      case 'hardSwish': {
        const gate = capped('.capped', 6, [scaled('.shifted', 1, 3, inputs)]);
        return this.add(id, 'Multiply', {}, [...inputs, scaled('.gate', 1 / 6, 0, [gate])]);
      }
      case 'clip': {
        const { min, max } = layer;
        if (min === undefined || max === undefined) throw this.unsupported(layer, 'a bound on one side alone');
        if (min === 0) return capped('', max, inputs);
        return scaled('', 1, min, [capped('.capped', max - min, [scaled('.shifted', 1, -min, inputs)])]);
      }
      case 'gelu':
        throw this.unsupported(layer, 'GELU by the error function, which TF.js approximates');
    }
  }

  private write(layer: Layer): string {
    const inputs = layer.inputs.map((id) => this.nameOf(id));
    const { id } = layer;
    switch (layer.op) {
      case 'input': {
        const name = this.add(id, 'InputLayer', { batch_input_shape: [null, ...layer.shape], dtype: 'float32' }, []);
        this.inputs.push(name);
        return name;
      }
      case 'conv':
        return this.conv(layer);
      case 'depthwise': {
        const { padding, inputs: from } = this.padded(layer, layer.dilation);
        const config = this.windowConfig(layer, padding, {
          depth_multiplier: 1,
          dilation_rate: layer.dilation,
          use_bias: layer.bias !== undefined,
        });
        return this.add(id, 'DepthwiseConv2D', config, from, [
          ['depthwise_kernel', this.tensor(layer.kernel)],
          ...this.bias(layer.bias),
        ]);
      }
      case 'dense': {
        const config = { units: layer.units, activation: 'linear', use_bias: layer.bias !== undefined };
        return this.add(id, 'Dense', config, inputs, [['kernel', this.tensor(layer.kernel)], ...this.bias(layer.bias)]);
      }
      case 'convTranspose':
        return this.convTranspose(layer);
      case 'batchNorm': {
        const { gamma, beta } = layer;
        const config = {
          axis: -1,
          momentum: 0.99,
          epsilon: layer.epsilon,
          center: beta !== undefined,
          scale: gamma !== undefined,
        };
        return this.add(id, 'BatchNormalization', config, inputs, [
          ...(gamma === undefined ? [] : [['gamma', this.tensor(gamma)] as const]),
          ...(beta === undefined ? [] : [['beta', this.tensor(beta)] as const]),
          ['moving_mean', this.tensor(layer.mean)],
          ['moving_variance', this.tensor(layer.variance)],
        ]);
      }
      case 'activation':
        return this.activation(layer, inputs);
      case 'prelu': {
        const slope = this.tensor(layer.slope);
        const flat = this.shapeOf(layer.inputs[0]).length === 1;
        const shape = flat ? slope.shape : [1, 1, ...slope.shape];
        const config = flat ? {} : { shared_axes: [1, 2] };
        return this.add(id, 'PReLU', config, inputs, [['alpha', { shape, values: slope.values }]]);
      }
      case 'scale':
        return this.add(id, 'Rescaling', { scale: layer.factor, offset: layer.offset }, inputs);
      case 'add':
        return this.add(id, 'Add', {}, inputs);
      case 'multiply':
        return this.multiply(layer, inputs);
      case 'concat': {
        const axis = layer.axis === 'height' ? 1 : layer.axis === 'width' ? 2 : -1;
        return this.add(id, 'Concatenate', { axis }, inputs);
      }
      case 'maxPool':
      case 'averagePool':
        return this.pool(layer);
      case 'globalPool': {
        const className = layer.mode === 'average' ? 'GlobalAveragePooling2D' : 'GlobalMaxPooling2D';
        const config = { data_format: 'channels_last' };
        if (layer.keepSpatial !== true) return this.add(id, className, config, inputs);
        const flat = this.add(`${id}.flat`, className, config, inputs);
        return this.add(id, 'Reshape', { target_shape: this.shapeOf(id) }, [flat]);
      }
      case 'flatten':
        return this.add(id, 'Flatten', { data_format: 'channels_last' }, inputs);
      case 'reshape':
        return this.add(id, 'Reshape', { target_shape: layer.shape }, inputs);
      case 'pad':
        return this.pad(layer, inputs);
      case 'slice':
        return this.slice(layer, inputs);
      case 'resize':
        return this.resize(layer, inputs);
      case 'softmax':
        return this.add(id, 'Softmax', { axis: -1 }, inputs);
      case 'opaque':
        throw this.unsupported(layer, `it was not understood (${layer.operator})`);
    }
  }

  private windowConfig(
    layer: { readonly kernelSize: Pair; readonly stride: Pair },
    padding: string,
    more: Config,
  ): Config {
    return {
      kernel_size: layer.kernelSize,
      strides: layer.stride,
      padding,
      data_format: 'channels_last',
      activation: 'linear',
      ...more,
    };
  }

  private conv(layer: Extract<Layer, { op: 'conv' }>): string {
    const channels = this.shapeOf(layer.inputs[0]).at(-1) ?? 0;
    const { padding, inputs } = this.padded(layer, layer.dilation);
    const kernel = this.tensor(layer.kernel);
    const common = { dilation_rate: layer.dilation, use_bias: layer.bias !== undefined };
    if (layer.groups === 1) {
      const config = this.windowConfig(layer, padding, { filters: layer.filters, ...common });
      return this.add(layer.id, 'Conv2D', config, inputs, [['kernel', kernel], ...this.bias(layer.bias)]);
    }
    if (layer.groups !== channels) throw this.unsupported(layer, 'TF.js has no convolution in groups');
    // One channel a group is Keras's depthwise convolution with a multiplier: the same numbers in the same order.
    const multiplier = layer.filters / channels;
    const shape = [...layer.kernelSize, channels, multiplier];
    const config = this.windowConfig(layer, padding, { depth_multiplier: multiplier, ...common });
    return this.add(layer.id, 'DepthwiseConv2D', config, inputs, [
      ['depthwise_kernel', { shape, values: kernel.values }],
      ...this.bias(layer.bias),
    ]);
  }

  private convTranspose(layer: Extract<Layer, { op: 'convTranspose' }>): string {
    const input = this.positions(layer);
    const { kernelSize, stride } = layer;
    const mode = (['valid', 'same'] as const).find((word) => {
      const length = (at: 0 | 1): number =>
        input[at] * stride[at] + (word === 'valid' ? Math.max(kernelSize[at] - stride[at], 0) : 0);
      const output: Pair = [length(0), length(1)];
      const window = transposedPadding(word, input, output, { kernelSize, stride });
      return (
        window.padding.join() === layer.padding.join() && window.outputPadding.join() === layer.outputPadding.join()
      );
    });
    if (mode === undefined) throw this.unsupported(layer, 'its padding is neither "same" nor "valid"');
    const config = this.windowConfig(layer, mode, { filters: layer.filters, use_bias: layer.bias !== undefined });
    return this.add(
      layer.id,
      'Conv2DTranspose',
      config,
      layer.inputs.map((id) => this.nameOf(id)),
      [['kernel', this.tensor(layer.kernel)], ...this.bias(layer.bias)],
    );
  }

  private multiply(layer: Layer, inputs: readonly string[]): string {
    const [first, second] = layer.inputs.map((id) => this.shapeOf(id));
    const [one = '', other = ''] = inputs;
    if (first?.length === 3 && second?.length === 1) {
      const gate = this.add(`${layer.id}.gate`, 'Reshape', { target_shape: [1, 1, second[0]] }, [other]);
      return this.add(layer.id, 'Multiply', {}, [one, gate]);
    }
    return this.add(layer.id, 'Multiply', {}, inputs);
  }

  private pool(layer: Extract<Layer, { op: 'maxPool' | 'averagePool' }>): string {
    const isMax = layer.op === 'maxPool';
    const { padding, inputs } = this.padded(layer);
    const padsWithZeros = padding === 'valid' && layer.padding.some((amount) => amount > 0);
    const [before] = layer.inputs.map((id) => this.network.graph.layers.find((one) => one.id === id));
    const neverNegative = before?.op === 'activation' && ['relu', 'relu6', 'sigmoid'].includes(before.kind);
    const counts = !isMax && layer.countPadding && layer.padding.some((amount) => amount > 0);
    // A zero at the border is no maximum only where nothing is below it; a mean counts it or not.
    if (padsWithZeros && (isMax ? !neverNegative : !layer.countPadding)) throw this.unsupported(layer, 'its padding');
    if (padding === 'same' && counts) throw this.unsupported(layer, 'its padding counts in the mean');
    const config = { pool_size: layer.kernelSize, strides: layer.stride, padding, data_format: 'channels_last' };
    return this.add(layer.id, isMax ? 'MaxPooling2D' : 'AveragePooling2D', config, inputs);
  }

  /** Channels kept, moved or added by a fixed 1x1 convolution: `from[k]` is the input channel of output k, -1 for none. */
  private selection(id: string, from: readonly number[], channels: number, inputs: readonly string[]): string {
    const values = new Float32Array(channels * from.length);
    from.forEach((channel, filter) => {
      if (channel >= 0) values[channel * from.length + filter] = 1;
    });
    const window = { kernelSize: [1, 1], stride: [1, 1] } as const;
    const config = this.windowConfig(window, 'valid', { filters: from.length, dilation_rate: [1, 1], use_bias: false });
    return this.add(id, 'Conv2D', config, inputs, [['kernel', { shape: [1, 1, channels, from.length], values }]]);
  }

  private pad(layer: Extract<Layer, { op: 'pad' }>, inputs: readonly string[]): string {
    const [top, bottom, left, right] = layer.padding;
    const [before, after] = layer.channels;
    const spatial = layer.padding.some((amount) => amount > 0);
    const config = {
      padding: [
        [top, bottom],
        [left, right],
      ],
      data_format: 'channels_last',
    };
    const padded = spatial
      ? [this.add(before + after > 0 ? `${layer.id}.space` : layer.id, 'ZeroPadding2D', config, inputs)]
      : inputs;
    if (before + after === 0) return padded[0] ?? '';
    const channels = this.shapeOf(layer.inputs[0]).at(-1) ?? 0;
    const from = Array.from({ length: before + channels + after }, (_, at) =>
      at < before || at >= before + channels ? -1 : at - before,
    );
    return this.selection(layer.id, from, channels, padded);
  }

  private slice(layer: Extract<Layer, { op: 'slice' }>, inputs: readonly string[]): string {
    const [height = 1, width = 1, channels = 1] = this.shapeOf(layer.inputs[0]);
    const { begin, end, stride } = layer;
    let from = inputs;
    const crops = [
      [begin[0], height - end[0]],
      [begin[1], width - end[1]],
    ];
    if (crops.flat().some((amount) => amount > 0)) {
      from = [this.add(`${layer.id}.crop`, 'Cropping2D', { cropping: crops, data_format: 'channels_last' }, from)];
    }
    if (stride[0] > 1 || stride[1] > 1) {
      // Pooling windows of one pixel take one pixel in `stride`.
      const config = {
        pool_size: [1, 1],
        strides: [stride[0], stride[1]],
        padding: 'valid',
        data_format: 'channels_last',
      };
      from = [this.add(`${layer.id}.stride`, 'MaxPooling2D', config, from)];
    }
    if (begin[2] === 0 && end[2] === channels && stride[2] === 1) return from[0] ?? '';
    const kept = Array.from({ length: channels }, (_, at) => at).filter(
      (at) => at >= begin[2] && at < end[2] && (at - begin[2]) % stride[2] === 0,
    );
    return this.selection(layer.id, kept, channels, from);
  }

  private resize(layer: Extract<Layer, { op: 'resize' }>, inputs: readonly string[]): string {
    const [height, width] = this.positions(layer);
    const size = [layer.size[0] / height, layer.size[1] / width];
    const whole = size.every(Number.isInteger) && layer.grid !== 'alignCorners';
    if (!whole) throw this.unsupported(layer, 'TF.js resizes by whole factors, and not corner to corner');
    if (layer.mode === 'bilinear' && layer.grid === 'halfPixel') return this.blurred(layer.id, size, inputs);
    return this.add(
      layer.id,
      'UpSampling2D',
      { size, interpolation: layer.mode, data_format: 'channels_last' },
      inputs,
    );
  }
  /**
   * Bilinear by a factor f between centres of pixels, exactly: every pixel repeated 2 f times, then means of 2 f of them
   * in steps of 2. A window at the border has fewer, all of the border's pixel, as there the border repeats.
   */
  private blurred(id: LayerId, factors: readonly number[], inputs: readonly string[]): string {
    const repeats = factors.map((factor) => 2 * factor);
    const repeat = { size: repeats, interpolation: 'nearest', data_format: 'channels_last' };
    const mean = { pool_size: repeats, strides: [2, 2], padding: 'same', data_format: 'channels_last' };
    return this.add(id, 'AveragePooling2D', mean, [this.add(`${id}.repeated`, 'UpSampling2D', repeat, inputs)]);
  }
}
