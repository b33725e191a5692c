/** One layer as operators. Values are NCHW, or `[n, features]`; rows of images are never mixed. */
import {
  type ActivationLayer,
  type ConvLayer,
  type ConvTransposeLayer,
  type DenseLayer,
  type DepthwiseLayer,
  type FlattenLayer,
  type GlobalPoolLayer,
  type Layer,
  type LayerId,
  type MaxPoolLayer,
  type AveragePoolLayer,
  type Network,
  NetworkError,
  type Padding,
  type ResizeLayer,
  type Shape,
  type TensorName,
} from '../../network/graph';
import { resizeSamples } from '../../network/resize';
import { channelsOf } from '../../network/shapes';
import { transposed } from './constant';
import type { AttributeValue, Sheet } from './sheet';
import type { CarriedWriter } from './write-carried';

export class LayerWriter {
  /** What each layer's output is called. */
  readonly values = new Map<LayerId, string>();
  /** Flattened layers whose numbers are in the order of NCHW, and the shape they had. */
  private readonly unturned = new Map<LayerId, readonly [number, number, number]>();

  constructor(
    private readonly sheet: Sheet,
    private readonly network: Network,
    private readonly shapes: ReadonlyMap<LayerId, Shape>,
    /** Names for layers that are outputs as they are. */
    private readonly outputs: ReadonlyMap<LayerId, string>,
    private readonly carried: CarriedWriter,
  ) {}

  /** Throws `FormatError` for a node of another file that cannot be carried over. */
  write(layer: Layer): void {
    this.values.set(layer.id, this.operators(layer));
  }

  private operators(layer: Layer): string {
    const [input = ''] = layer.inputs.map((id) => this.value(id));
    const plain = (op: string, attributes: Readonly<Record<string, AttributeValue>> = {}): string =>
      this.last(layer.id, op, [input], attributes);
    switch (layer.op) {
      case 'input':
        throw new NetworkError(`Input "${layer.id}" is written before the layers.`, layer.id);
      case 'conv':
      case 'depthwise':
        return this.convolution(layer, input);
      case 'convTranspose':
        return this.convolutionTransposed(layer, input);
      case 'dense':
        return this.dense(layer, input);
      case 'batchNorm': {
        const channels = channelsOf(this.shape(layer.id));
        const vector = (name: TensorName | undefined, otherwise: number): string =>
          name === undefined
            ? this.sheet.floats('fill', `fill ${otherwise} ${channels}`, [channels], () =>
                new Float32Array(channels).fill(otherwise),
              )
            : this.vector(name);
        const tensors = [
          vector(layer.gamma, 1),
          vector(layer.beta, 0),
          vector(layer.mean, 0),
          vector(layer.variance, 1),
        ];
        return this.last(layer.id, 'BatchNormalization', [input, ...tensors], { epsilon: { float: layer.epsilon } });
      }
      case 'activation':
        return this.activation(layer, input);
      case 'prelu': {
        const channels = channelsOf(this.shape(layer.id));
        const dims = this.shape(layer.id).length === 3 ? [channels, 1, 1] : [channels];
        return this.last(layer.id, 'PRelu', [input, this.tensor(layer.slope, `slope ${dims.length}`, dims)]);
      }
      case 'scale': {
        const { id, factor, offset } = layer;
        if (offset === 0) return this.last(id, 'Mul', [input, this.sheet.number(factor)]);
        const scaled =
          factor === 1 ? input : this.sheet.node('Mul', [input, this.sheet.number(factor)], `${id}.scaled`);
        return this.last(id, 'Add', [scaled, this.sheet.number(offset)]);
      }
      case 'add': {
        const inputs = layer.inputs.map((id) => this.value(id));
        return this.last(layer.id, inputs.length === 2 ? 'Add' : 'Sum', inputs);
      }
      case 'multiply': {
        const [first = '', second = ''] = layer.inputs;
        const flatGate = this.shape(first).length === 3 && this.shape(second).length === 1;
        const axes = this.sheet.whole('axes', [2, 3]);
        const gate = flatGate
          ? this.sheet.node('Unsqueeze', [this.value(second), axes], `${layer.id}.gate`)
          : this.value(second);
        return this.last(layer.id, 'Mul', [input, gate]);
      }
      case 'concat': {
        const axis = layer.axis === 'height' ? 2 : layer.axis === 'width' ? 3 : 1;
        return this.last(
          layer.id,
          'Concat',
          layer.inputs.map((id) => this.value(id)),
          { axis },
        );
      }
      case 'maxPool':
      case 'averagePool':
        return this.pool(layer, input);
      case 'globalPool':
        return this.globalPool(layer, input);
      case 'flatten':
        return this.flatten(layer, input);
      case 'reshape':
        return this.reshape(layer.id, input, this.shape(layer.inputs[0] ?? ''), layer.shape);
      case 'pad': {
        const [top, bottom, left, right] = layer.padding;
        const [before, after] = layer.channels;
        const pads = this.sheet.whole(`${layer.id}.pads`, [0, before, top, left, 0, after, bottom, right]);
        return this.last(layer.id, 'Pad', [input, pads]);
      }
      case 'slice': {
        const places = (of: readonly [number, number, number]): number[] => [of[2], of[0], of[1]];
        const settings = [places(layer.begin), places(layer.end), [1, 2, 3], places(layer.stride)];
        const names = ['begin', 'end', 'axes', 'stride'];
        const inputs = settings.map((values, at) => this.sheet.whole(`${layer.id}.${names[at] ?? ''}`, values));
        return this.last(layer.id, 'Slice', [input, ...inputs]);
      }
      case 'gather':
        return this.last(layer.id, 'Gather', [input, this.sheet.whole(`${layer.id}.channels`, layer.channels)], {
          axis: 1,
        });
      case 'resize':
        return this.resize(layer, input);
      case 'softmax':
        return plain(layer.log === true ? 'LogSoftmax' : 'Softmax', { axis: 1 });
      case 'opaque': {
        const inputs = layer.inputs.map((id) => this.value(id));
        const shapes = layer.inputs.map((id) => this.shape(id));
        const value = this.carried.write(layer, inputs, shapes);
        return this.outputs.has(layer.id) ? this.last(layer.id, 'Identity', [value]) : value;
      }
    }
  }

  /** The last operator of a layer: writes under the name of the output where the layer is one. */
  private last(
    id: LayerId,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.sheet.node(op, inputs, id, attributes, this.outputs.get(id));
  }

  value(id: LayerId): string {
    const name = this.values.get(id);
    if (name === undefined) throw new NetworkError(`Layer "${id}" was not written yet.`, id);
    return name;
  }

  private shape(id: LayerId): Shape {
    return this.shapes.get(id) ?? [0];
  }

  /** A tensor with its axes in another order, or (`order` absent) its numbers under other sizes. */
  private tensor(name: TensorName, turn: string, dims: readonly number[], order?: readonly number[]): string {
    const tensor = this.network.tensors[name];
    if (tensor === undefined) throw new NetworkError(`Tensor "${name}" is missing.`);
    return this.sheet.floats(name, `${turn} ${name}`, dims, () => {
      if (order === undefined) return tensor.values;
      return Float32Array.from(transposed({ dims: tensor.shape, values: tensor.values, type: 'float' }, order).values);
    });
  }

  private vector(name: TensorName): string {
    return this.tensor(name, 'vector', [this.network.tensors[name]?.values.length ?? 0]);
  }

  private bias(name: TensorName | undefined): readonly string[] {
    return name === undefined ? [] : [this.vector(name)];
  }

  private convolution(layer: ConvLayer | DepthwiseLayer, input: string): string {
    const shape = this.network.tensors[layer.kernel]?.shape ?? [];
    const order = layer.op === 'conv' ? [3, 2, 0, 1] : [2, 3, 0, 1];
    const dims = order.map((axis) => shape[axis] ?? 1);
    const kernel = this.tensor(layer.kernel, layer.op, dims, order);
    const group = layer.op === 'conv' ? layer.groups : channelsOf(this.shape(layer.id));
    return this.last(layer.id, 'Conv', [input, kernel, ...this.bias(layer.bias)], {
      kernel_shape: layer.kernelSize,
      strides: layer.stride,
      dilations: layer.dilation,
      pads: filePads(layer.padding),
      group,
    });
  }

  private convolutionTransposed(layer: ConvTransposeLayer, input: string): string {
    const shape = this.network.tensors[layer.kernel]?.shape ?? [];
    const order = [3, 2, 0, 1];
    const dims = order.map((axis) => shape[axis] ?? 1);
    const kernel = this.tensor(layer.kernel, 'transposed', dims, order);
    return this.last(layer.id, 'ConvTranspose', [input, kernel, ...this.bias(layer.bias)], {
      kernel_shape: layer.kernelSize,
      strides: layer.stride,
      pads: filePads(layer.padding),
      output_padding: layer.outputPadding,
    });
  }

  /** `[units, features]`, as PyTorch has it; after an unturned flatten the features follow the order of NCHW. */
  private dense(layer: DenseLayer, input: string): string {
    const [features = 0, units = 0] = this.network.tensors[layer.kernel]?.shape ?? [];
    const image = this.unturned.get(layer.inputs[0] ?? '');
    const tensor = this.network.tensors[layer.kernel];
    if (tensor === undefined) throw new NetworkError(`Tensor "${layer.kernel}" is missing.`, layer.id);
    const turn = `dense ${image?.join() ?? ''} ${layer.kernel}`;
    const kernel = this.sheet.floats(layer.kernel, turn, [units, features], () => {
      const values = new Float32Array(features * units);
      const [height, width, channels] = image ?? [1, 1, features];
      for (let place = 0; place < height * width; place++) {
        for (let channel = 0; channel < channels; channel++) {
          const row = place * channels + channel;
          const to = channel * height * width + place;
          for (let unit = 0; unit < units; unit++) {
            values[unit * features + to] = tensor.values[row * units + unit] ?? 0;
          }
        }
      }
      return values;
    });
    return this.last(layer.id, 'Gemm', [input, kernel, ...this.bias(layer.bias)], { transB: 1 });
  }

  private activation(layer: ActivationLayer, input: string): string {
    const { id, kind } = layer;
    const node = (op: string, inputs: readonly string[], part: string) => this.sheet.node(op, inputs, `${id}.${part}`);
    const clip = (low: number | undefined, high: number | undefined): string =>
      this.last(id, 'Clip', [
        input,
        ...bounds(low, high).map((value) => (value === undefined ? '' : this.sheet.number(value))),
      ]);
    switch (kind) {
      case 'relu':
        return this.last(id, 'Relu', [input]);
      case 'relu6':
        return clip(0, 6);
      case 'clip':
        return layer.min === undefined && layer.max === undefined
          ? this.last(id, 'Identity', [input])
          : clip(layer.min, layer.max);
      case 'leakyRelu':
        return this.last(id, 'LeakyRelu', [input], { alpha: { float: layer.slope ?? 0.01 } });
      case 'elu':
        return this.last(id, 'Elu', [input]);
      case 'softplus':
        return this.last(id, 'Softplus', [input]);
      case 'hardSwish':
        return this.last(id, 'HardSwish', [input]);
      case 'hardSigmoid': {
        const { slope = 1 / 6, offset = 0.5 } = layer;
        return this.last(id, 'HardSigmoid', [input], { alpha: { float: slope }, beta: { float: offset } });
      }
      case 'sigmoid':
        return this.last(id, 'Sigmoid', [input]);
      case 'tanh':
        return this.last(id, 'Tanh', [input]);
      case 'swish':
        return this.last(id, 'Mul', [input, node('Sigmoid', [input], 'sigmoid')]);
      case 'gelu': {
        // x / 2 (1 + erf(x / sqrt 2)): Gelu is an operator of its own only since opset 20.
        const erf = node('Erf', [node('Mul', [input, this.sheet.number(Math.SQRT1_2)], 'scaled')], 'erf');
        const gate = node('Add', [erf, this.sheet.number(1)], 'gate');
        return this.last(id, 'Mul', [node('Mul', [input, gate], 'gated'), this.sheet.number(0.5)]);
      }
    }
  }

  private pool(layer: MaxPoolLayer | AveragePoolLayer, input: string): string {
    const window = { kernel_shape: layer.kernelSize, strides: layer.stride, pads: filePads(layer.padding) };
    if (layer.op === 'maxPool') return this.last(layer.id, 'MaxPool', [input], window);
    return this.last(layer.id, 'AveragePool', [input], { ...window, count_include_pad: layer.countPadding ? 1 : 0 });
  }

  private globalPool(layer: GlobalPoolLayer, input: string): string {
    const op = layer.mode === 'max' ? 'GlobalMaxPool' : 'GlobalAveragePool';
    if (layer.keepSpatial === true) return this.last(layer.id, op, [input]);
    const pooled = this.sheet.node(op, [input], layer.id);
    return this.sheet.node('Flatten', [pooled], `${layer.id}.flat`, {}, this.outputs.get(layer.id));
  }

  /** Features in our order, height, width, channel; in NCHW's where all that reads them is dense. */
  private flatten({ id, inputs: [from = ''] }: FlattenLayer, input: string): string {
    const shape = this.shape(from);
    if (shape.length === 1) return this.last(id, 'Identity', [input]);
    const [height, width, channels] = shape;
    if (height * width === 1 || channels === 1) return this.last(id, 'Flatten', [input]);
    const { layers, outputs } = this.network.graph;
    const readers = layers.filter(({ inputs }) => inputs.includes(id));
    if (!outputs.includes(id) && readers.every(({ op }) => op === 'dense')) {
      this.unturned.set(id, shape);
      return this.last(id, 'Flatten', [input]);
    }
    return this.last(id, 'Flatten', [this.sheet.node('Transpose', [input], `${id}.nhwc`, { perm: [0, 2, 3, 1] })]);
  }

  /** The numbers in NHWC order under another shape, and back to NCHW. */
  private reshape(id: LayerId, input: string, from: Shape, to: Shape): string {
    const before =
      from.length === 3 ? this.sheet.node('Transpose', [input], `${id}.nhwc`, { perm: [0, 2, 3, 1] }) : input;
    const target = this.sheet.whole(`${id}.shape`, [0, ...to]);
    if (to.length === 1) return this.last(id, 'Reshape', [before, target]);
    const reshaped = this.sheet.node('Reshape', [before, target], `${id}.reshaped`);
    return this.last(id, 'Transpose', [reshaped], { perm: [0, 3, 1, 2] });
  }

  private resize({ id, inputs, size, mode, grid }: ResizeLayer, input: string): string {
    const ways = { halfPixel: 'half_pixel', asymmetric: 'asymmetric', alignCorners: 'align_corners' } as const;
    const from = this.shape(inputs[0] ?? '');
    if (mode === 'bilinear') {
      const sizes = this.sheet.whole(`${id}.size`, size);
      const attributes = { mode: 'linear', coordinate_transformation_mode: ways[grid], axes: [2, 3] };
      return this.last(id, 'Resize', [input, '', '', sizes], attributes);
    }
    // Runtimes look nearest pixels up in float32; where a rounding error could decide, the pixels are listed instead.
    const whole = size.every((length, axis) => length % (from[axis] ?? 1) === 0);
    if (whole && grid !== 'alignCorners') {
      const sizes = this.sheet.whole(`${id}.size`, size);
      const attributes = {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
        axes: [2, 3],
      };
      return this.last(id, 'Resize', [input, '', '', sizes], attributes);
    }
    const [rows, columns] = size.map((length, axis) => {
      const samples = resizeSamples(from[axis] ?? 1, length, { mode, grid });
      return this.sheet.whole(
        `${id}.pixels`,
        samples.map(([first]) => first?.[0] ?? 0),
      );
    });
    const tall = this.sheet.node('Gather', [input, rows ?? ''], `${id}.rows`, { axis: 2 });
    return this.last(id, 'Gather', [tall, columns ?? ''], { axis: 3 });
  }
}

/** `[top, left, bottom, right]`. */
function filePads([top, bottom, left, right]: Padding): readonly number[] {
  return [top, left, bottom, right];
}

/** Inputs of Clip after the first; an absent bound at the end is left out. */
function bounds(low: number | undefined, high: number | undefined): readonly (number | undefined)[] {
  return high === undefined ? [low] : [low, high];
}
