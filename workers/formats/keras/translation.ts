/** What the translation of one layer call works with. */
import type { Layer, LayerId, Pair, Shape, Tensor } from '../../network/graph';
import { shapeText } from '../../network/shapes';
import { NotUnderstood, type NetworkDraft } from '../network-draft';
import { activationLayer, type KerasDialect } from './activations';
import type { Fields, LayerCall } from './config';
import { activationName } from './fields';
import type { WeightRole } from './weights';

export class Translation {
  readonly config: Fields;

  constructor(
    readonly draft: NetworkDraft,
    readonly call: LayerCall,
    /** The id its main layer takes. */
    readonly id: LayerId,
    readonly inputs: readonly LayerId[],
    readonly weights: ReadonlyMap<WeightRole, Tensor>,
    readonly dialect: KerasDialect,
  ) {
    this.config = call.config;
  }

  /** The one input. */
  get input(): LayerId {
    const [only] = this.inputs;
    if (only === undefined || this.inputs.length !== 1) {
      throw new NotUnderstood(`It has ${this.inputs.length} inputs, but one was expected.`);
    }
    return only;
  }

  get inputShape(): Shape {
    return this.draft.shapeOf(this.input);
  }

  /** Height, width and channels of the input. */
  get spatial(): readonly [number, number, number] {
    const shape = this.inputShape;
    if (shape.length === 3) return shape;
    throw new NotUnderstood(`It needs height, width and channels, but gets ${shape[0]} features.`);
  }

  get positions(): Pair {
    return [this.spatial[0], this.spatial[1]];
  }

  /** Adds a layer under a name of its own: `part` behind the layer's, or the layer's own. */
  add(layer: Layer): LayerId {
    return this.draft.add(layer);
  }

  part(name: string): LayerId {
    return this.draft.freeId(`${this.id}.${name}`);
  }

  /** Keeps a weight in the shape the layer asks for; the numbers keep their order. */
  tensor(role: WeightRole, shape: readonly number[]): string {
    const tensor = this.weights.get(role);
    if (tensor === undefined) throw new NotUnderstood(`Its ${role} is not in the file.`);
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (tensor.values.length !== size) {
      throw new NotUnderstood(`Its ${role} is ${shapeText(tensor.shape)}, but should be ${shapeText(shape)}.`);
    }
    return this.draft.addTensor(`${this.call.path.join('/')}.${role}`, { shape, values: tensor.values });
  }

  /** Size of one axis of a weight, counted from the end. */
  sizeOf(role: WeightRole, axis: number): number {
    return this.weights.get(role)?.shape.at(axis) ?? 0;
  }

  /** Adds `layer`, and behind it the activation its configuration asks for. */
  withActivation(layer: Layer): LayerId {
    return this.activate(activationName(this.config['activation']), this.add(layer));
  }

  /** Adds an activation by name, `linear` being none. */
  activate(name: string, input: LayerId): LayerId {
    const layer = activationLayer(name, this.dialect, this.part(name), input);
    return layer === undefined ? input : this.add(layer);
  }
}
