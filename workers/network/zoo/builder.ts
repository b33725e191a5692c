/**
 * Writes a graph layer by layer: each call appends one layer and returns its id. Tensors are named after their layer
 * (`<id>.kernel`, `<id>.gamma`).
 *
 * Within a pass (`inPass`) every layer gets the pass's prefix and its tensors do not: passes share their weights. Only
 * the running statistics of batch norm are each pass's own (`<id>.mean.pass2`), unless it shares a bank.
 */
import type { ActivationKind, Graph, Layer, LayerId, Padding, Pair, Shape } from '../graph';
import { passPrefix } from '../unrolled';

export interface ConvOptions {
  /** Side of the square kernel; padding keeps the size at stride 1. Default 3. */
  readonly size?: number;
  readonly stride?: number;
  readonly bias?: boolean;
}

export class GraphBuilder {
  private readonly layers: Layer[] = [];
  private prefix = '';
  private bank = '';

  /** The finished graph. */
  finish(...outputs: readonly LayerId[]): Graph {
    return { layers: this.layers, outputs };
  }

  /** Layers from here on belong to pass `pass` (from 1) and keep their batch-norm statistics in bank `bank`. */
  inPass(pass: number, bank = pass): void {
    this.prefix = passPrefix(pass);
    this.bank = `.pass${bank}`;
  }

  /** Any layer, written out. */
  append(layer: Layer): LayerId {
    const id = this.prefix + layer.id;
    this.layers.push({ ...layer, id });
    return id;
  }

  input(shape: Shape): LayerId {
    return this.append({ id: 'input', op: 'input', inputs: [], shape });
  }

  /** Square convolution; without bias unless asked for (a batch norm follows wherever the zoo uses it). */
  conv(id: LayerId, from: LayerId, filters: number, options: ConvOptions = {}): LayerId {
    const window = squareWindow(options);
    const weights = { kernel: `${id}.kernel`, ...(options.bias === true ? { bias: `${id}.bias` } : {}) };
    return this.append({ id, op: 'conv', inputs: [from], filters, ...window, dilation: [1, 1], groups: 1, ...weights });
  }

  depthwise(id: LayerId, from: LayerId, options: ConvOptions = {}): LayerId {
    const window = squareWindow(options);
    return this.append({ id, op: 'depthwise', inputs: [from], ...window, dilation: [1, 1], kernel: `${id}.kernel` });
  }

  dense(id: LayerId, from: LayerId, units: number): LayerId {
    return this.append({ id, op: 'dense', inputs: [from], units, kernel: `${id}.kernel`, bias: `${id}.bias` });
  }

  batchNorm(id: LayerId, from: LayerId): LayerId {
    const statistics = { mean: `${id}.mean${this.bank}`, variance: `${id}.variance${this.bank}` };
    const tensors = { gamma: `${id}.gamma`, beta: `${id}.beta`, ...statistics };
    return this.append({ id, op: 'batchNorm', inputs: [from], ...tensors, epsilon: 1e-5 });
  }

  activation(id: LayerId, from: LayerId, kind: ActivationKind = 'relu'): LayerId {
    return this.append({ id, op: 'activation', inputs: [from], kind });
  }

  add(id: LayerId, inputs: readonly LayerId[]): LayerId {
    return this.append({ id, op: 'add', inputs });
  }

  multiply(id: LayerId, from: LayerId, factor: LayerId): LayerId {
    return this.append({ id, op: 'multiply', inputs: [from, factor] });
  }

  /** `factor * x + offset`. */
  scale(id: LayerId, from: LayerId, factor: number, offset: number): LayerId {
    return this.append({ id, op: 'scale', inputs: [from], factor, offset });
  }

  /** Bilinear, on the half-pixel grid. */
  resize(id: LayerId, from: LayerId, size: Pair): LayerId {
    return this.append({ id, op: 'resize', inputs: [from], size, mode: 'bilinear', grid: 'halfPixel' });
  }

  concat(id: LayerId, inputs: readonly LayerId[]): LayerId {
    return this.append({ id, op: 'concat', inputs });
  }

  globalAveragePool(id: LayerId, from: LayerId): LayerId {
    return this.append({ id, op: 'globalPool', inputs: [from], mode: 'average' });
  }

  /** The mean of every channel, as an image of one pixel. */
  channelMeans(id: LayerId, from: LayerId): LayerId {
    return this.append({ id, op: 'globalPool', inputs: [from], mode: 'average', keepSpatial: true });
  }
}

/** Unpadded 2x2 pooling window at stride 2. */
export const halvingWindow = { kernelSize: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;

function squareWindow({ size = 3, stride = 1 }: ConvOptions): { kernelSize: Pair; stride: Pair; padding: Padding } {
  const border = (size - 1) / 2;
  return { kernelSize: [size, size], stride: [stride, stride], padding: [border, border, border, border] };
}
