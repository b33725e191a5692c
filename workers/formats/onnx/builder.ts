/** The network as it grows while a file's operators are walked: layers, tensors, and what each value of the file is. */
import { type Layer, type LayerId, NetworkError, type Shape, type Tensor, type TensorName } from '../../network/graph';
import { layerShape, shapeText, sizeOf } from '../../network/shapes';
import type { Constant } from './constant';
import { channelsLast, dimsOf, type View } from './view';

/** A value of the file. */
export type Value =
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'view'; readonly view: View }
  /** Behind something that was not understood, and of a shape nobody states. `from`: the values that led there. */
  | { readonly kind: 'unknown'; readonly cause: string; readonly from: readonly string[] };

/** An operator, or a use of one, that cannot be expressed. The message completes "...: it <message>". */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

type Omitted<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A layer without its place in the graph. */
export type LayerBody = Omitted<Layer, 'id' | 'inputs'>;

const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A name of the file as a name here: no control characters, at most 150 of the rest, never empty. */
function usableName(name: string, otherwise: string): string {
  const plain = name
    .replaceAll(/\p{Cc}/gu, ' ')
    .replace(/^\/+/, '')
    .slice(0, 150);
  return plain.trim() === '' || reserved.has(plain) ? otherwise : plain;
}

export class Builder {
  readonly layers = new Map<LayerId, Layer>();
  readonly shapes = new Map<LayerId, Shape>();
  readonly tensors: Record<TensorName, Tensor> = {};
  readonly values = new Map<string, Value>();
  readonly notes: string[] = [];
  /** The first value of the file that each layer stands for. */
  readonly named = new Map<LayerId, { readonly name: string; readonly view: View }>();
  /** Operators with weights behind a value of unknown shape, by what made it unknown. */
  readonly lost = new Map<string, number>();
  /** Batch norms made here to scale and shift, whose tensors nobody shares. */
  readonly affines = new Set<LayerId>();
  /** How many values of the file look at a layer. */
  private readonly lookers = new Map<LayerId, number>();
  private readonly shared = new Map<string, TensorName>();

  /** `uses`: how often each value of the file is read, outputs included. */
  constructor(private readonly uses: ReadonlyMap<string, number>) {}

  /** Appends a layer; `wish` is the id it would like. Throws `NetworkError` when its shapes do not fit. */
  emit(wish: string, body: LayerBody, inputs: readonly LayerId[]): LayerId {
    const id = this.freeId(usableName(wish, body.op));
    const layer = { ...body, id, inputs } as Layer;
    const shape = layerShape(
      layer,
      inputs.map((input) => this.shapeOf(input)),
    );
    this.layers.set(id, layer);
    this.shapes.set(id, shape);
    return id;
  }

  shapeOf(layer: LayerId): Shape {
    const shape = this.shapes.get(layer);
    if (shape === undefined) throw new NetworkError(`There is no layer "${layer}".`, layer);
    return shape;
  }

  /** The layer with its numbers under another shape of the same size; itself where it has that shape already. */
  shaped(layer: LayerId, shape: Shape): LayerId {
    const own = this.shapeOf(layer);
    if (shapeText(own) === shapeText(shape)) return layer;
    if (shape.length === 1 && own.length === 3) return this.emit(`${layer}.flat`, { op: 'flatten' }, [layer]);
    return this.emit(`${layer}.reshape`, { op: 'reshape', shape }, [layer]);
  }

  set(name: string, value: Value): void {
    if (name === '') return;
    this.values.set(name, value);
    if (value.kind !== 'view') return;
    const { layer } = value.view;
    this.lookers.set(layer, (this.lookers.get(layer) ?? 0) + 1);
    if (!this.named.has(layer)) this.named.set(layer, { name, view: value.view });
  }

  /** Whether `name` is read once and nothing else looks at its layer: the reader may change the layer instead. */
  isOwn(name: string, layer: LayerId): boolean {
    return this.uses.get(name) === 1 && this.lookers.get(layer) === 1;
  }

  /** Puts a changed layer in the place of another: same id, same shape. */
  replace(layer: Layer): void {
    this.layers.set(layer.id, layer);
  }

  /**
   * A tensor of the network made from one of the file. The same source turned the same way (`turn`) is one tensor, so
   * that layers which share weights in the file share them here.
   */
  tensor(wish: string, source: string, turn: string, make: () => Tensor): TensorName {
    const key = `${turn} ${source}`;
    const known = source === '' ? undefined : this.shared.get(key);
    if (known !== undefined) return known;
    const base = usableName(wish, 'tensor');
    let name = base;
    for (let next = 2; Object.hasOwn(this.tensors, name); next++) name = `${base}.${next}`;
    this.tensors[name] = make();
    this.shared.set(key, name);
    return name;
  }

  private freeId(base: string): LayerId {
    let id = base;
    for (let next = 2; this.layers.has(id); next++) id = `${base}.${next}`;
    return id;
  }
}

/** A vector tensor. */
export function vector(values: ArrayLike<number>): Tensor {
  return { shape: [values.length], values: Float32Array.from(values) };
}

/**
 * The layer's numbers with the file's axis `channels` last, as `[p, q, c]` (`[c]` with no other axis) in one layer.
 * Throws `NotUnderstood` where numbers would have to move.
 */
export function arranged(
  builder: Builder,
  view: View,
  channels: number,
): {
  readonly layer: LayerId;
  readonly shape: Shape;
  readonly spatial: readonly [number | undefined, number | undefined];
} {
  const arrangement = channelsLast(view, channels);
  if (arrangement === undefined) {
    throw new NotUnderstood(`reads a tensor [n, ${dimsOf(view).join(', ')}] whose numbers would have to change places`);
  }
  return { ...arrangement, layer: builder.shaped(view.layer, arrangement.shape) };
}

/**
 * The file's axis that is last in the layers of all `views`: one with which they need no reshape before one with which
 * they do, since an axis of one element could be last anywhere.
 */
export function commonChannels(builder: Builder, views: readonly View[]): number | undefined {
  const axes = Array.from({ length: views[0]?.axes.length ?? 0 }, (_, axis) => axis);
  const shapes = (axis: number) => views.map((view) => channelsLast(view, axis)?.shape.join());
  const asIs = views.map(({ layer }) => builder.shapeOf(layer).join()).join(';');
  return (
    axes.find((axis) => shapes(axis).join(';') === asIs) ??
    axes.find((axis) => shapes(axis).every((one) => one !== undefined))
  );
}

/** As `arranged`, for operations that look at channels alone: other axes may be joined. */
export function innermost(builder: Builder, view: View, channels: number): LayerId {
  const arrangement = channelsLast(view, channels);
  if (arrangement !== undefined) {
    const own = builder.shapeOf(view.layer);
    const fits = own.at(-1) === arrangement.shape.at(-1);
    return fits ? view.layer : builder.shaped(view.layer, arrangement.shape);
  }
  const atoms = view.axes[channels] ?? [];
  const last = view.atoms.length - 1;
  const fits = atoms.every((atom, at) => atom === last - (atoms.length - 1 - at));
  if (!fits) throw new NotUnderstood('works along an axis whose numbers do not lie side by side');
  const c = dimsOf(view)[channels] ?? 1;
  return builder.shaped(view.layer, [sizeOf(builder.shapeOf(view.layer)) / c, 1, c]);
}

/** What the file sees of a layer that `arranged` prepared: `rank` axes, the channels and the spatial ones among them. */
export function arrangedView(
  builder: Builder,
  layer: LayerId,
  rank: number,
  channels: number,
  spatial: readonly (number | undefined)[],
): View {
  const shape = builder.shapeOf(layer);
  const atoms: number[] = [];
  const axes: number[][] = Array.from({ length: rank }, () => []);
  const place = (axis: number | undefined, size: number): void => {
    if (axis !== undefined && size > 1) axes[axis]?.push(atoms.push(size) - 1);
  };
  if (shape.length === 3) {
    place(spatial[0], shape[0]);
    place(spatial[1], shape[1]);
  }
  place(channels, shape.at(-1) ?? 1);
  return { layer, atoms, axes };
}
