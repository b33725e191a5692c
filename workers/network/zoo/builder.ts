/**
 * Writes a graph layer by layer: each call appends one layer and returns its id. Tensors are named after their layer
 * (`<id>.kernel`, `<id>.gamma`).
 */
import type { ActivationKind, Graph, Layer, LayerId, Padding, Pair, Shape } from '../graph';

export interface ConvOptions {
  /** Side of the square kernel; padding keeps the size at stride 1. Default 3. */
  readonly size?: number;
  readonly stride?: number;
}

export class GraphBuilder {
  private readonly layers: Layer[] = [];

  /** The finished graph. */
  finish(output: LayerId): Graph {
    return { layers: this.layers, outputs: [output] };
  }

  /** Any layer, written out. */
  append(layer: Layer): LayerId {
    this.layers.push(layer);
    return layer.id;
  }

  input(shape: Shape): LayerId {
    return this.append({ id: 'input', op: 'input', inputs: [], shape });
  }

  /** Square convolution without bias (a batch norm follows wherever the zoo uses it). */
  conv(id: LayerId, from: LayerId, filters: number, options: ConvOptions = {}): LayerId {
    const window = squareWindow(options);
    const fixed = { dilation: [1, 1], groups: 1 } as const;
    return this.append({ id, op: 'conv', inputs: [from], filters, ...window, ...fixed, kernel: `${id}.kernel` });
  }

  depthwise(id: LayerId, from: LayerId, options: ConvOptions = {}): LayerId {
    const window = squareWindow(options);
    return this.append({ id, op: 'depthwise', inputs: [from], ...window, dilation: [1, 1], kernel: `${id}.kernel` });
  }

  dense(id: LayerId, from: LayerId, units: number): LayerId {
    return this.append({ id, op: 'dense', inputs: [from], units, kernel: `${id}.kernel`, bias: `${id}.bias` });
  }

  batchNorm(id: LayerId, from: LayerId): LayerId {
    const tensors = { gamma: `${id}.gamma`, beta: `${id}.beta`, mean: `${id}.mean`, variance: `${id}.variance` };
    return this.append({ id, op: 'batchNorm', inputs: [from], ...tensors, epsilon: 1e-5 });
  }

  activation(id: LayerId, from: LayerId, kind: ActivationKind = 'relu'): LayerId {
    return this.append({ id, op: 'activation', inputs: [from], kind });
  }

  add(id: LayerId, inputs: readonly LayerId[]): LayerId {
    return this.append({ id, op: 'add', inputs });
  }

  concat(id: LayerId, inputs: readonly LayerId[]): LayerId {
    return this.append({ id, op: 'concat', inputs });
  }

  globalAveragePool(id: LayerId, from: LayerId): LayerId {
    return this.append({ id, op: 'globalPool', inputs: [from], mode: 'average' });
  }
}

/** Unpadded 2x2 pooling window at stride 2. */
export const halvingWindow = { kernelSize: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;

function squareWindow({ size = 3, stride = 1 }: ConvOptions): { kernelSize: Pair; stride: Pair; padding: Padding } {
  const border = (size - 1) / 2;
  return { kernelSize: [size, size], stride: [stride, stride], padding: [border, border, border, border] };
}
