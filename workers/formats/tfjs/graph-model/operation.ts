/** What the translation of one node works with: constants, or outputs of layers with their TensorFlow rank. */
import type { Layer, LayerId, Shape, Tensor } from '../../../network/graph';
import { shapeText } from '../../../network/shapes';
import { type NetworkDraft, NotUnderstood } from '../../network-draft';
import type { GraphNode } from './nodes';

export interface ConstantValue {
  readonly kind: 'constant';
  readonly tensor: Tensor;
}

export interface LayerValue {
  readonly kind: 'layer';
  readonly id: LayerId;
  /** Axes in TensorFlow, the batch included: 4 images, 3 rows, 2 features. Rows `[n, a, b]` are `[a, 1, b]` here. */
  readonly rank: number;
  /** Channels seen as so many groups, an axis of their own before the last: the middle of a channel shuffle, rank 5. */
  readonly groups?: number | undefined;
}

export type Value = ConstantValue | LayerValue;

/** A sole reader of a node that adds a constant to each channel. */
export interface Absorbed {
  readonly bias: Tensor;
}

export class Operation {
  constructor(
    readonly draft: NetworkDraft,
    readonly node: GraphNode,
    /** The id its main layer takes. */
    readonly id: LayerId,
    readonly inputs: readonly Value[],
    /** Looks whether the only reader of this node adds a bias of so many numbers; if so it becomes part of this one. */
    readonly absorbBias: (size: number) => Tensor | undefined,
  ) {}

  /** The layer feeding input `at`; not where its channels are seen as groups. */
  layer(at = 0): LayerValue {
    const value = this.grouped(at);
    if (value.groups === undefined) return value;
    throw new NotUnderstood('It works on channels dealt out in groups.');
  }

  /** The layer feeding input `at`, its channels seen as groups or not. */
  grouped(at = 0): LayerValue {
    const value = this.inputs[at];
    if (value?.kind === 'layer') return value;
    throw new NotUnderstood(
      `Input ${at} was expected to be computed, but is ${value === undefined ? 'missing' : 'constant'}.`,
    );
  }

  constant(at: number): Tensor {
    const value = this.inputs[at];
    if (value?.kind === 'constant') return value.tensor;
    throw new NotUnderstood(
      `Input ${at} was expected to be constant, but is ${value === undefined ? 'missing' : 'computed'}.`,
    );
  }

  /** The numbers of a constant input. */
  numbers(at: number): readonly number[] {
    return [...this.constant(at).values];
  }

  shape(at = 0): Shape {
    return this.draft.shapeOf(this.grouped(at).id);
  }

  /** Height, width and channels of a computed input. */
  spatial(at = 0): readonly [number, number, number] {
    const shape = this.shape(at);
    if (shape.length === 3 && this.layer(at).rank === 4) return shape;
    throw new NotUnderstood('It needs an image, but gets features.');
  }

  /** Adds a layer; its output has `rank` axes, by default those of the first input. */
  add(layer: Layer, rank = this.grouped().rank): LayerValue {
    return { kind: 'layer', id: this.draft.add(layer), rank };
  }

  part(name: string): LayerId {
    return this.draft.freeId(`${this.id}.${name}`);
  }

  /** Keeps a constant in the shape a layer asks for. */
  keep(role: string, tensor: Tensor, shape: readonly number[]): string {
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (tensor.values.length !== size) {
      throw new NotUnderstood(`Its ${role} is ${shapeText(tensor.shape)}, but should be ${shapeText(shape)}.`);
    }
    return this.draft.addTensor(`${this.id}.${role}`, { shape, values: tensor.values });
  }
}
