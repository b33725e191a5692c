/** A network as Keras layers while it is written down: names that Keras takes, tensors, and the zeros around windows. */
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
import { windowPadding } from '../tensorflow-windows';

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

/** Who runs the layers: bilinear upsampling starts at the corner of pixels in TF.js, between their centres in Keras. */
export type KerasRuntime = 'tfjs' | 'keras';

export type Config = Record<string, unknown>;

export class KerasSheet {
  readonly layers: KerasLayer[] = [];
  /** Name of the Keras layer that gives each of our layers' outputs. */
  readonly names = new Map<LayerId, string>();
  readonly inputs: string[] = [];
  private readonly taken = new Set<string>();
  private readonly shapes: ReadonlyMap<LayerId, Shape>;

  constructor(
    readonly network: Network,
    readonly runtime: KerasRuntime,
    private readonly file: string,
  ) {
    this.shapes = inferShapes(network.graph);
  }

  unsupported(layer: Layer, what: string): FormatError {
    return new FormatError('unsupported', `Keras has no layer for "${layer.id}": ${what}.`, this.file, layer.id);
  }

  nameOf(id: LayerId): string {
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

  add(
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

  tensor(name: string): Tensor {
    const tensor = this.network.tensors[name];
    if (tensor === undefined)
      throw new FormatError('malformed', `The network has no tensor "${name}".`, this.file, name);
    return tensor;
  }

  shapeOf(id: LayerId | undefined): Shape {
    return this.shapes.get(id ?? '') ?? [0];
  }

  positions(layer: Layer): Pair {
    const [height = 1, width = 1] = this.shapeOf(layer.inputs[0]);
    return [height, width];
  }

  bias(name: string | undefined): readonly (readonly [string, Tensor])[] {
    return name === undefined ? [] : [['bias', this.tensor(name)]];
  }

  /** `valid` or `same` where that means the same, else zeros put around first. */
  padded(
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

  windowConfig(layer: { readonly kernelSize: Pair; readonly stride: Pair }, padding: string, more: Config): Config {
    return {
      kernel_size: layer.kernelSize,
      strides: layer.stride,
      padding,
      data_format: 'channels_last',
      activation: 'linear',
      ...more,
    };
  }
}
