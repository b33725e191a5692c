/**
 * A network as PyTorch source that a person can read, change and run: one module with the slim widths, its state dict as
 * safetensors beside it. Images are `[n, channels, height, width]`, as PyTorch has them.
 */
import {
  type Layer,
  type LayerId,
  type Network,
  type Padding,
  type Shape,
  type Tensor,
  type TensorName,
} from '../../network/graph';
import { inferShapes } from '../../network/shapes';
import { FormatError } from '../format-error';

export interface PyTorchSource {
  readonly text: string;
  /** The state dict, in PyTorch's layout. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Throws `FormatError` (kind `unsupported`) for a layer that was not understood. */
export function pytorchSource(network: Network, weightsFile: string): PyTorchSource {
  return new Writer(network, weightsFile).result();
}

class Writer {
  private readonly modules: string[] = [];
  private readonly steps: string[] = [];
  private readonly tensors: Record<string, Tensor> = {};
  private readonly variables = new Map<LayerId, string>();
  private readonly taken = new Set(['self', 'torch', 'nn', 'F', 'x']);
  private readonly shapes: ReadonlyMap<LayerId, Shape>;
  private readonly inputs: string[] = [];

  constructor(
    private readonly network: Network,
    private readonly file: string,
  ) {
    this.shapes = inferShapes(network.graph);
    for (const layer of network.graph.layers) this.write(layer);
  }

  result(): PyTorchSource {
    const { meta, graph } = this.network;
    const outputs = graph.outputs.map((id) => this.of(id)).join(', ');
    const text = `"""${meta.name}, written by Espalier. Needs torch and safetensors."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
${this.modules.map((line) => `        ${line}`).join('\n')}

    def forward(self, ${this.inputs.join(', ')}):
${this.steps.map((line) => `        ${line}`).join('\n')}
        return ${outputs}


def load(path='${this.file}'):
    from safetensors.torch import load_file

    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()


if __name__ == '__main__':
    network = load()
    print(network)
    print(sum(parameter.numel() for parameter in network.parameters()), 'parameters')
`;
    return { text, tensors: this.tensors };
  }

  private of(id: LayerId | undefined): string {
    return this.variables.get(id ?? '') ?? '';
  }

  private shape(id: LayerId | undefined): Shape {
    return this.shapes.get(id ?? '') ?? [0];
  }

  private tensor(name: TensorName): Tensor {
    const tensor = this.network.tensors[name];
    if (tensor === undefined)
      throw new FormatError('malformed', `The network has no tensor "${name}".`, this.file, name);
    return tensor;
  }

  private name(id: LayerId): string {
    const plain = id.replaceAll(/\W+/g, '_').replace(/^(?![A-Za-z_])/, 'layer_');
    let name = plain;
    for (let count = 2; this.taken.has(name); count++) name = `${plain}_${count}`;
    this.taken.add(name);
    return name;
  }

  /** A line of `forward`: the layer's output under its own name. */
  private step(layer: Layer, expression: string): void {
    const variable = this.variables.get(layer.id) ?? this.name(layer.id);
    this.variables.set(layer.id, variable);
    this.steps.push(`${variable} = ${expression}`);
  }

  /** A module of its own with its tensors, applied to `input`. */
  private module(layer: Layer, constructor: string, tensors: Readonly<Record<string, Tensor>>, input: string): void {
    const name = this.name(layer.id);
    this.variables.set(layer.id, name);
    this.modules.push(`self.${name} = nn.${constructor}`);
    for (const [part, tensor] of Object.entries(tensors)) this.tensors[`${name}.${part}`] = tensor;
    this.step(layer, `self.${name}(${input})`);
  }

  private bias(name: TensorName | undefined): Readonly<Record<string, Tensor>> {
    return name === undefined ? {} : { bias: this.tensor(name) };
  }

  /** Symmetric padding is the module's own; any other goes in front. */
  private padded(
    input: string,
    [top, bottom, left, right]: Padding,
  ): { readonly input: string; readonly padding: string } {
    if (top === bottom && left === right) return { input, padding: top === left ? `${top}` : `(${top}, ${left})` };
    return { input: `F.pad(${input}, (${left}, ${right}, ${top}, ${bottom}))`, padding: '0' };
  }

  private write(layer: Layer): void {
    const [first] = layer.inputs;
    const x = this.of(first);
    const shape = this.shape(first);
    const channels = shape.at(-1) ?? 0;
    switch (layer.op) {
      case 'input': {
        const name = this.name(layer.id);
        this.variables.set(layer.id, name);
        this.inputs.push(name);
        return;
      }
      case 'conv':
      case 'depthwise': {
        const { input, padding } = this.padded(x, layer.padding);
        const [filters, groups] = layer.op === 'conv' ? [layer.filters, layer.groups] : [channels, channels];
        const options = [
          `${channels}, ${filters}, ${pair(layer.kernelSize)}`,
          ...option('stride', pair(layer.stride), '1'),
          ...option('padding', padding, '0'),
          ...option('dilation', pair(layer.dilation), '1'),
          ...option('groups', String(groups), '1'),
          ...option('bias', layer.bias === undefined ? 'False' : 'True', 'True'),
        ];
        const weight = turned(this.tensor(layer.kernel), layer.op === 'conv' ? [3, 2, 0, 1] : [2, 3, 0, 1]);
        this.module(layer, `Conv2d(${options.join(', ')})`, { weight, ...this.bias(layer.bias) }, input);
        return;
      }
      case 'convTranspose': {
        const [top, bottom, left, right] = layer.padding;
        const options = [
          `${channels}, ${layer.filters}, ${pair(layer.kernelSize)}`,
          `stride=${pair(layer.stride)}`,
          ...option('bias', layer.bias === undefined ? 'False' : 'True', 'True'),
        ];
        const weight = turned(this.tensor(layer.kernel), [3, 2, 0, 1]);
        this.module(layer, `ConvTranspose2d(${options.join(', ')})`, { weight, ...this.bias(layer.bias) }, x);
        const [below, beside] = [layer.outputPadding[0] - bottom, layer.outputPadding[1] - right];
        if (layer.outputPadding.some((amount, at) => amount > (at === 0 ? bottom : right)))
          throw this.unsupported(layer, 'its output padding');
        if (top + left - below - beside > 0)
          this.step(layer, `F.pad(${this.of(layer.id)}, (${-left}, ${beside}, ${-top}, ${below}))`);
        return;
      }
      case 'dense': {
        const weight = this.denseWeight(layer);
        const bias = layer.bias === undefined ? ', bias=False' : '';
        this.module(layer, `Linear(${channels}, ${layer.units}${bias})`, { weight, ...this.bias(layer.bias) }, x);
        return;
      }
      case 'batchNorm': {
        const filled = (value: number): Tensor => ({
          shape: [channels],
          values: new Float32Array(channels).fill(value),
        });
        const kind = shape.length === 3 ? 'BatchNorm2d' : 'BatchNorm1d';
        const tensors = {
          weight: layer.gamma === undefined ? filled(1) : this.tensor(layer.gamma),
          bias: layer.beta === undefined ? filled(0) : this.tensor(layer.beta),
          running_mean: this.tensor(layer.mean),
          running_var: this.tensor(layer.variance),
          num_batches_tracked: { shape: [], values: Float32Array.of(0) },
        };
        const epsilon = layer.epsilon === 1e-5 ? '' : `, eps=${layer.epsilon}`;
        this.module(layer, `${kind}(${channels}${epsilon})`, tensors, x);
        return;
      }
      case 'prelu':
        this.module(layer, `PReLU(${channels})`, { weight: this.tensor(layer.slope) }, x);
        return;
      case 'maxPool':
        this.pool(layer, x);
        return;
      case 'averagePool':
        this.pool(layer, x);
        return;
      default:
        this.step(layer, this.expression(layer, x, shape));
    }
  }

  private unsupported(layer: Layer, what: string): FormatError {
    return new FormatError('unsupported', `PyTorch source cannot hold "${layer.id}": ${what}.`, this.file, layer.id);
  }

  private pool(layer: Extract<Layer, { op: 'maxPool' | 'averagePool' }>, x: string): void {
    const [top, bottom, left, right] = layer.padding;
    const name = layer.op === 'maxPool' ? 'max_pool2d' : 'avg_pool2d';
    const symmetric = top === bottom && left === right;
    if (layer.op === 'averagePool' && !layer.countPadding && !symmetric) throw this.unsupported(layer, 'its padding');
    const value = layer.op === 'maxPool' ? ", value=float('-inf')" : '';
    const input = symmetric ? x : `F.pad(${x}, (${left}, ${right}, ${top}, ${bottom})${value})`;
    const padding = symmetric && top + left > 0 ? `, padding=(${top}, ${left})` : '';
    const counts =
      layer.op === 'averagePool' && !layer.countPadding && padding !== '' ? ', count_include_pad=False' : '';
    this.step(layer, `F.${name}(${input}, ${pair(layer.kernelSize)}, stride=${pair(layer.stride)}${padding}${counts})`);
  }

  private expression(layer: Layer, x: string, shape: Shape): string {
    const all = layer.inputs.map((id) => this.of(id));
    const spatial = shape.length === 3;
    switch (layer.op) {
      case 'activation':
        return activation(layer, x);
      case 'scale':
        return `${layer.factor === 1 ? x : `${x} * ${layer.factor}`}${layer.offset === 0 ? '' : ` + ${layer.offset}`}`;
      case 'add':
        return all.join(' + ');
      case 'multiply': {
        const [, second] = layer.inputs;
        const vector = this.shape(second).length === 1 && spatial;
        return `${x} * ${all[1]}${vector ? '[:, :, None, None]' : ''}`;
      }
      case 'concat':
        return `torch.cat([${all.join(', ')}], ${layer.axis === 'height' ? 2 : layer.axis === 'width' ? 3 : 1})`;
      case 'globalPool': {
        const keep = layer.keepSpatial === true ? ', keepdim=True' : '';
        return layer.mode === 'average' ? `${x}.mean((2, 3)${keep})` : `${x}.amax((2, 3)${keep})`;
      }
      case 'flatten':
        // Weights behind it are turned to PyTorch's order of pixels.
        return `${x}.flatten(1)`;
      case 'reshape': {
        const rows = spatial ? `${x}.permute(0, 2, 3, 1)` : x;
        const [height, width, depth] = layer.shape;
        return layer.shape.length === 1
          ? `${rows}.flatten(1)`
          : `${rows}.reshape(-1, ${height}, ${width}, ${depth}).permute(0, 3, 1, 2)`;
      }
      case 'pad': {
        const [top, bottom, left, right] = layer.padding;
        return `F.pad(${x}, (${[left, right, top, bottom, ...layer.channels].join(', ')}))`;
      }
      case 'slice': {
        const range = (axis: 0 | 1 | 2) =>
          `${layer.begin[axis]}:${layer.end[axis]}${layer.stride[axis] === 1 ? '' : `:${layer.stride[axis]}`}`;
        return `${x}[:, ${range(2)}, ${range(0)}, ${range(1)}]`;
      }
      case 'resize': {
        const size = `size=${pair(layer.size)}`;
        if (layer.mode === 'nearest' && layer.grid === 'asymmetric')
          return `F.interpolate(${x}, ${size}, mode='nearest')`;
        if (layer.mode === 'nearest' && layer.grid === 'halfPixel')
          return `F.interpolate(${x}, ${size}, mode='nearest-exact')`;
        if (layer.mode === 'bilinear' && layer.grid !== 'asymmetric') {
          return `F.interpolate(${x}, ${size}, mode='bilinear', align_corners=${layer.grid === 'alignCorners' ? 'True' : 'False'})`;
        }
        throw this.unsupported(layer, 'the grid it resizes on');
      }
      case 'softmax':
        return `${x}.softmax(1)`;
      default:
        throw this.unsupported(layer, layer.op === 'opaque' ? `it was not understood (${layer.operator})` : layer.op);
    }
  }

  /** `[out, in]`; behind a flattened image the columns go from channel-fastest to PyTorch's channels first. */
  private denseWeight(layer: Extract<Layer, { op: 'dense' }>): Tensor {
    const kernel = this.tensor(layer.kernel);
    const image = this.flattened(layer.inputs[0]);
    const weight = turned(kernel, [1, 0]);
    if (image === undefined) return weight;
    const [units = 1, columns = 1] = weight.shape;
    const [height, width, channels] = image;
    const values = new Float32Array(weight.values.length);
    for (let unit = 0; unit < units; unit++) {
      for (let column = 0; column < columns; column++) {
        const [channel, pixel] = [column % channels, Math.floor(column / channels)];
        values[unit * columns + channel * height * width + pixel] = weight.values[unit * columns + column] ?? 0;
      }
    }
    return { shape: weight.shape, values };
  }

  /** The image that was flattened into what `id` gives, through layers that treat all features alike. */
  private flattened(id: LayerId | undefined): readonly [number, number, number] | undefined {
    const layer = this.network.graph.layers.find((one) => one.id === id);
    if (layer === undefined) return undefined;
    const before = this.shape(layer.inputs[0]);
    if (layer.op === 'flatten') return before.length === 3 && before[0] * before[1] > 1 ? before : undefined;
    return layer.op === 'activation' || layer.op === 'scale' ? this.flattened(layer.inputs[0]) : undefined;
  }
}

function pair([first, second]: readonly [number, number]): string {
  return first === second ? String(first) : `(${first}, ${second})`;
}

function option(name: string, value: string, usual: string): readonly string[] {
  return value === usual ? [] : [`${name}=${value}`];
}

function activation(layer: Extract<Layer, { op: 'activation' }>, x: string): string {
  switch (layer.kind) {
    case 'relu':
    case 'relu6':
    case 'elu':
    case 'softplus':
    case 'gelu':
      return `F.${layer.kind}(${x})`;
    case 'leakyRelu':
      return `F.leaky_relu(${x}, ${layer.slope ?? 0.01})`;
    case 'hardSwish':
      return `F.hardswish(${x})`;
    case 'swish':
      return `F.silu(${x})`;
    case 'sigmoid':
    case 'tanh':
      return `torch.${layer.kind}(${x})`;
    case 'hardSigmoid':
      return `(${x} * ${layer.slope ?? 1 / 6} + ${layer.offset ?? 0.5}).clamp(0, 1)`;
    case 'clip':
      return `${x}.clamp(${layer.min ?? 'None'}, ${layer.max ?? 'None'})`;
  }
}

/** The tensor with its axes in the given order. */
function turned({ shape, values }: Tensor, order: readonly number[]): Tensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const target = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const out = new Float32Array(values.length);
  for (let at = 0; at < out.length; at++) {
    let rest = at;
    let from = 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      from += (rest % (target[axis] ?? 1)) * (steps[axis] ?? 0);
      rest = Math.floor(rest / (target[axis] ?? 1));
    }
    out[at] = values[from] ?? 0;
  }
  return { shape: target, values: out };
}
