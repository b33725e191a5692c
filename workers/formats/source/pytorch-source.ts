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
import { expression, type Names, pair } from './pytorch-expressions';
import { docstringText, pythonName, pythonString } from './python-names';
import { denseWeight, flattenedImage, flattensForDense, turned } from './pytorch-weights';

export interface PyTorchSource {
  readonly text: string;
  /** The state dict, in PyTorch's layout. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Throws `FormatError` (kind `unsupported`) for a layer that was not understood. */
export function pytorchSource(network: Network, weightsFile: string): PyTorchSource {
  return new Writer(network, weightsFile).result();
}

class Writer implements Names {
  private readonly modules: string[] = [];
  private readonly steps: string[] = [];
  private readonly tensors: Record<string, Tensor> = {};
  private readonly variables = new Map<LayerId, string>();
  private readonly taken = new Set<string>();
  private readonly shapes: ReadonlyMap<LayerId, Shape>;
  private readonly inputs: string[] = [];
  private readonly flattens: ReadonlySet<LayerId>;

  constructor(
    private readonly network: Network,
    private readonly file: string,
  ) {
    this.shapes = inferShapes(network.graph);
    this.flattens = flattensForDense(network.graph);
    for (const layer of network.graph.layers) this.write(layer);
  }

  result(): PyTorchSource {
    const { meta, graph } = this.network;
    const outputs = graph.outputs.map((id) => this.of(id)).join(', ');
    const text = `"""${docstringText(meta.name)}, written by Espalier. Needs torch and safetensors."""

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


def load(path=${pythonString(this.file)}):
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

  of(id: LayerId | undefined): string {
    return this.variables.get(id ?? '') ?? '';
  }

  shape(id: LayerId | undefined): Shape {
    return this.shapes.get(id ?? '') ?? [0];
  }

  private tensor(name: TensorName): Tensor {
    const tensor = this.network.tensors[name];
    if (tensor === undefined)
      throw new FormatError('malformed', `The network has no tensor "${name}".`, this.file, name);
    return tensor;
  }

  inPyTorchOrder(flatten: LayerId): boolean {
    return this.flattens.has(flatten);
  }

  private name(id: LayerId): string {
    const name = pythonName(id, (wanted) => this.taken.has(wanted));
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
        const shapeOf = (id: LayerId | undefined): Shape => this.shape(id);
        const image = flattenedImage(this.network.graph.layers, first, this.flattens, shapeOf);
        const weight = denseWeight(this.tensor(layer.kernel), image);
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
        this.step(layer, expression(this, layer, x, shape));
    }
  }

  unsupported(layer: Layer, what: string): FormatError {
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
}

function option(name: string, value: string, usual: string): readonly string[] {
  return value === usual ? [] : [`${name}=${value}`];
}
