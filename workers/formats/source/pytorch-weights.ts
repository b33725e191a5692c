/** Weights in PyTorch's layout: output axis first, and flattened images channels first. */
import type { Graph, Layer, LayerId, Shape, Tensor } from '../../network/graph';

/** The tensor with its axes in the given order. */
export function turned({ shape, values }: Tensor, order: readonly number[]): Tensor {
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

/** Layers that treat all features alike, so that their order does not matter to them. */
const alike = new Set<Layer['op']>(['activation', 'scale']);

/** The flattens that dense layers alone read, activations and factors between: these may come in any order. */
export function flattensForDense({ layers, outputs }: Graph): ReadonlySet<LayerId> {
  const free = new Map<LayerId, boolean>();
  for (const layer of layers.toReversed()) {
    const readers = layers.filter(({ inputs }) => inputs.includes(layer.id));
    const dense = readers.every(({ id, op }) => op === 'dense' || (alike.has(op) && free.get(id) === true));
    free.set(layer.id, dense && !outputs.includes(layer.id));
  }
  return new Set(layers.flatMap(({ id, op }) => (op === 'flatten' && free.get(id) === true ? [id] : [])));
}

/** The image that was flattened into what `id` gives, where it was flattened in PyTorch's order. */
export function flattenedImage(
  layers: readonly Layer[],
  id: LayerId | undefined,
  flattens: ReadonlySet<LayerId>,
  shapeOf: (id: LayerId | undefined) => Shape,
): readonly [number, number, number] | undefined {
  const layer = layers.find((one) => one.id === id);
  if (layer === undefined) return undefined;
  const [input] = layer.inputs;
  if (alike.has(layer.op)) return flattenedImage(layers, input, flattens, shapeOf);
  const before = shapeOf(input);
  return flattens.has(layer.id) && before.length === 3 ? before : undefined;
}

/** `[out, in]` of a dense kernel; behind an image flattened in PyTorch's order its columns follow that order. */
export function denseWeight(kernel: Tensor, image: readonly [number, number, number] | undefined): Tensor {
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
