/**
 * Writes a graph down in PyTorch's words: modules by their names in the checkpoint, sizes from their tensors' shapes. What a
 * checkpoint cannot say (strides, padding, where a ReLU stands) comes from the recogniser that knows the family.
 */
import type { Graph, Layer, LayerId, Pair, TensorName } from '../../network/graph';
import { batchNormNames, type ForeignTensors } from '../foreign-names';
import { FormatError } from '../format-error';

export interface ConvOptions {
  readonly stride?: number;
  /** On every side; by default what keeps the size of odd kernels. */
  readonly padding?: number;
}

const none = [0, 0, 0, 0] as const;

export class TorchGraph {
  readonly layers: Layer[] = [];
  /** Our tensor name to the checkpoint's. */
  readonly tensors = new Map<TensorName, string>();

  constructor(
    readonly foreign: ForeignTensors,
    private readonly family: string,
    private readonly file: string,
    size: number,
    channels: number,
  ) {
    this.layers.push({ op: 'input', id: 'input', inputs: [], shape: [size, size, channels] });
  }

  has(name: string): boolean {
    return this.foreign.has(name);
  }

  /** Shape of a tensor that must be there. Throws `FormatError`. */
  shape(name: string): readonly number[] {
    const found = this.foreign.get(name);
    if (found !== undefined) return found.shape;
    const text = `This looks like ${this.family}, but "${name}" is missing.`;
    throw new FormatError('unrecognised', text, this.file, name);
  }

  add(layer: Layer): LayerId {
    this.layers.push(layer);
    return layer.id;
  }

  /** A convolution; one input channel a filter and as many filters as channels make it depthwise. */
  conv(input: LayerId, name: string, channels: number, { stride = 1, padding }: ConvOptions = {}): LayerId {
    const [filters = 1, perGroup = 1, height = 1, width = 1] = this.shape(`${name}.weight`);
    const around = (kernel: number) => padding ?? Math.floor((kernel - 1) / 2);
    const common = {
      id: name,
      inputs: [input],
      kernelSize: [height, width] as Pair,
      stride: [stride, stride] as Pair,
      padding: [around(height), around(height), around(width), around(width)] as const,
      dilation: [1, 1] as Pair,
      kernel: `${name}.kernel`,
      ...this.bias(name),
    };
    this.tensors.set(`${name}.kernel`, `${name}.weight`);
    if (perGroup === 1 && filters === channels && channels > 1) return this.add({ op: 'depthwise', ...common });
    return this.add({ op: 'conv', ...common, filters, groups: channels / perGroup });
  }

  /** Filters of a convolution, units of a dense layer. */
  width(name: string): number {
    return this.shape(`${name}.weight`)[0] ?? 0;
  }

  bn(input: LayerId, name: string): LayerId {
    for (const [ours, theirs] of batchNormNames(name, name)) this.tensors.set(ours, theirs);
    return this.add({
      op: 'batchNorm',
      id: name,
      inputs: [input],
      gamma: `${name}.gamma`,
      beta: `${name}.beta`,
      mean: `${name}.mean`,
      variance: `${name}.variance`,
      epsilon: 1e-5,
    });
  }

  relu(input: LayerId, kind: 'relu' | 'relu6' = 'relu'): LayerId {
    return this.add({ op: 'activation', id: `${input}.${kind}`, inputs: [input], kind });
  }

  sum(id: LayerId, first: LayerId, second: LayerId): LayerId {
    return this.add({ op: 'add', id, inputs: [first, second] });
  }

  maxPool(input: LayerId, id: LayerId, kernel: number, stride: number, padding: number): LayerId {
    return this.add({
      op: 'maxPool',
      id,
      inputs: [input],
      kernelSize: [kernel, kernel],
      stride: [stride, stride],
      padding: [padding, padding, padding, padding],
    });
  }

  averagePool(input: LayerId, id: LayerId): LayerId {
    const window = { kernelSize: [2, 2], stride: [2, 2], padding: none } as const;
    return this.add({ op: 'averagePool', id, inputs: [input], ...window, countPadding: true });
  }

  globalPool(input: LayerId): LayerId {
    return this.add({ op: 'globalPool', id: 'pool', inputs: [input], mode: 'average' });
  }

  dense(input: LayerId, name: string): LayerId {
    this.tensors.set(`${name}.kernel`, `${name}.weight`);
    const units = this.width(name);
    return this.add({ op: 'dense', id: name, inputs: [input], units, kernel: `${name}.kernel`, ...this.bias(name) });
  }

  graph(output: LayerId): Graph {
    return { layers: this.layers, outputs: [output] };
  }

  private bias(name: string): { readonly bias?: string } {
    if (!this.has(`${name}.bias`)) return {};
    this.tensors.set(`${name}.bias`, `${name}.bias`);
    return { bias: `${name}.bias` };
  }
}

/** How many of `name(0)`, `name(1)` ... follow each other in the checkpoint. */
export function countFrom(start: number, has: (index: number) => boolean): number {
  let count = 0;
  while (has(start + count)) count++;
  return count;
}
