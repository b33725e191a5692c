/**
 * Shape inference: the output shape of every layer, from the graph alone.
 *
 * Tensors are never looked at; what they must look like is in `tensor-shapes.ts`.
 */
import {
  NetworkError,
  type Graph,
  type Layer,
  type LayerId,
  type Padding,
  type Pair,
  type Shape,
  type SliceLayer,
} from './graph';

/** Numbers in one layer's output for one image; 8 GiB of float32. Stops hostile files before they cost memory. */
const MAX_SIZE = 2 ** 31;

type Spatial = readonly [number, number, number];

/**
 * Output shape (`[h, w, c]` or `[features]`, no batch axis) of every layer, in layer order.
 * Throws `NetworkError` naming the layer: duplicate id, input unknown or not yet computed, shapes that do not fit.
 */
export function inferShapes(graph: Graph): ReadonlyMap<LayerId, Shape> {
  const shapes = new Map<LayerId, Shape>();
  for (const layer of graph.layers) {
    if (shapes.has(layer.id)) {
      throw new NetworkError(`Two layers are called "${layer.id}"; give each layer its own id.`, layer.id);
    }
    const inputs = layer.inputs.map((id) => {
      const shape = shapes.get(id);
      if (shape !== undefined) return shape;
      const exists = graph.layers.some((candidate) => candidate.id === id);
      const cause = exists ? 'which stands after it; list layers after all their inputs' : 'which does not exist';
      throw new NetworkError(`Layer "${layer.id}" reads "${id}", ${cause}.`, layer.id);
    });
    const shape = layerShape(layer, inputs);
    if (sizeOf(shape) > MAX_SIZE) {
      throw new NetworkError(
        `The output of layer "${layer.id}", ${shapeText(shape)}, is too large for any device.`,
        layer.id,
      );
    }
    shapes.set(layer.id, shape);
  }
  return shapes;
}

/** Number of channels (or features) of a shape. */
export function channelsOf(shape: Shape): number {
  return shape.length === 3 ? shape[2] : shape[0];
}

/** Product of a shape's axes. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Positions of a window along one axis: floor((length + padding - dilation * (kernel - 1) - 1) / stride) + 1. */
export function windowPositions(length: number, padding: number, kernel: number, stride: number, dilation = 1): number {
  return Math.floor((length + padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/** "32x32x16": how shapes are written in messages and in the text form. */
export function shapeText(shape: readonly number[]): string {
  return shape.join('x');
}

function layerShape(layer: Layer, inputs: readonly Shape[]): Shape {
  switch (layer.op) {
    case 'input': {
      if (inputs.length > 0) throw arityError(layer, 'no input', inputs.length);
      for (const axis of layer.shape) checkCount(layer, 'input size', axis, 1);
      return layer.shape;
    }
    case 'conv':
      return convShape(layer, spatial(layer, onlyInput(layer, inputs)));
    case 'depthwise': {
      const input = spatial(layer, onlyInput(layer, inputs));
      return [...windowed(layer, input, layer.dilation), input[2]];
    }
    case 'dense': {
      const input = onlyInput(layer, inputs);
      if (input.length === 3) {
        const remedy = 'put a flatten or a global pooling before it';
        throw new NetworkError(`Dense layer "${layer.id}" gets ${shapeText(input)}; ${remedy}.`, layer.id);
      }
      checkCount(layer, 'number of units', layer.units, 1);
      return [layer.units];
    }
    case 'maxPool':
    case 'averagePool': {
      const input = spatial(layer, onlyInput(layer, inputs));
      return [...poolWindows(layer, input), input[2]];
    }
    case 'batchNorm':
    case 'activation':
    case 'softmax':
      return onlyInput(layer, inputs);
    case 'add':
      return addShape(layer, inputs);
    case 'multiply':
      return multiplyShape(layer, inputs);
    case 'concat':
      return concatShape(layer, inputs);
    case 'globalPool':
      return [spatial(layer, onlyInput(layer, inputs))[2]];
    case 'flatten':
      return [sizeOf(onlyInput(layer, inputs))];
    case 'pad': {
      const [h, w, c] = spatial(layer, onlyInput(layer, inputs));
      const [top, bottom, left, right] = layer.padding;
      const [before, after] = layer.channels;
      for (const amount of [...layer.padding, ...layer.channels]) checkCount(layer, 'padding', amount, 0);
      return [h + top + bottom, w + left + right, c + before + after];
    }
    case 'slice':
      return sliceShape(layer, spatial(layer, onlyInput(layer, inputs)));
    case 'upsample': {
      const [h, w, c] = spatial(layer, onlyInput(layer, inputs));
      for (const factor of layer.scale) checkCount(layer, 'scale', factor, 1);
      return [h * layer.scale[0], w * layer.scale[1], c];
    }
    default:
      return unknownOp(layer);
  }
}

/** Reached only by graphs that were not checked, such as unvalidated JSON. */
function unknownOp(layer: never): never {
  const { id, op } = layer as Layer;
  throw new NetworkError(`Layer "${id}": there is no operation "${op}".`, id);
}

function convShape(layer: Extract<Layer, { op: 'conv' }>, input: Spatial): Shape {
  const { id, filters, groups } = layer;
  checkCount(layer, 'number of filters', filters, 1);
  checkCount(layer, 'number of groups', groups, 1);
  if (input[2] % groups !== 0 || filters % groups !== 0) {
    const problem = `${input[2]} input channels and ${filters} filters cannot be divided into ${groups} groups`;
    throw new NetworkError(`Convolution "${id}": ${problem}.`, id);
  }
  return [...windowed(layer, input, layer.dilation), filters];
}

interface WindowedLayer {
  readonly id: LayerId;
  readonly op: string;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

function windowed(layer: WindowedLayer, input: Spatial, dilation: Pair): Pair {
  for (const axis of [...layer.kernelSize, ...layer.stride, ...dilation]) {
    checkCount(layer, 'kernel size, stride or dilation', axis, 1);
  }
  for (const amount of layer.padding) checkCount(layer, 'padding', amount, 0);
  const [top, bottom, left, right] = layer.padding;
  const [kernelHeight, kernelWidth] = layer.kernelSize;
  const height = windowPositions(input[0], top + bottom, kernelHeight, layer.stride[0], dilation[0]);
  const width = windowPositions(input[1], left + right, kernelWidth, layer.stride[1], dilation[1]);
  if (height < 1 || width < 1) {
    const problem = `its ${kernelHeight}x${kernelWidth} window does not fit into ${shapeText(input)}`;
    throw new NetworkError(
      `Layer "${layer.id}" (${layer.op}): ${problem}; use a larger input or more padding.`,
      layer.id,
    );
  }
  return [height, width];
}

function poolWindows(layer: WindowedLayer, input: Spatial): Pair {
  const [top, bottom, left, right] = layer.padding;
  const [kernelHeight, kernelWidth] = layer.kernelSize;
  // A window made of padding alone has no maximum and no mean.
  if (Math.max(top, bottom) >= kernelHeight || Math.max(left, right) >= kernelWidth) {
    throw new NetworkError(`Layer "${layer.id}" (${layer.op}): padding must be smaller than the window.`, layer.id);
  }
  return windowed(layer, input, [1, 1]);
}

function addShape(layer: Layer, inputs: readonly Shape[]): Shape {
  const [first, ...others] = inputs;
  if (first === undefined || others.length === 0) throw arityError(layer, 'two or more inputs', inputs.length);
  for (const other of others) if (!sameShape(first, other)) throw mismatch(layer, inputs);
  return first;
}

function multiplyShape(layer: Layer, inputs: readonly Shape[]): Shape {
  const [first, second] = inputs;
  if (first === undefined || second === undefined || inputs.length !== 2) {
    throw arityError(layer, 'two inputs', inputs.length);
  }
  if (sameShape(first, second)) return first;
  if (first.length === 3) {
    const [h, w, c] = first;
    const broadcasts: readonly Shape[] = [[1, 1, c], [h, w, 1], [c]];
    if (broadcasts.some((shape) => sameShape(shape, second))) return first;
  }
  throw mismatch(layer, inputs);
}

function concatShape(layer: Layer, inputs: readonly Shape[]): Shape {
  const [first] = inputs;
  if (first === undefined || inputs.length < 2) throw arityError(layer, 'two or more inputs', inputs.length);
  let channels = 0;
  for (const shape of inputs) {
    const fits =
      first.length === 3 && shape.length === 3
        ? shape[0] === first[0] && shape[1] === first[1]
        : shape.length === first.length;
    if (!fits) throw mismatch(layer, inputs);
    channels += channelsOf(shape);
  }
  return first.length === 3 ? [first[0], first[1], channels] : [channels];
}

function sliceShape(layer: SliceLayer, input: Spatial): Shape {
  const axis = (index: 0 | 1 | 2): number => {
    const [begin, end, stride] = [layer.begin[index], layer.end[index], layer.stride[index]];
    checkCount(layer, 'begin', begin, 0);
    checkCount(layer, 'stride', stride, 1);
    if (!Number.isInteger(end) || end <= begin || end > input[index]) {
      const range = `${begin}..${end} of axis ${['height', 'width', 'channels'][index]}`;
      throw new NetworkError(`Slice "${layer.id}" asks for ${range}, but gets ${shapeText(input)}.`, layer.id);
    }
    return Math.ceil((end - begin) / stride);
  };
  return [axis(0), axis(1), axis(2)];
}

function onlyInput(layer: Layer, inputs: readonly Shape[]): Shape {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) throw arityError(layer, 'one input', inputs.length);
  return input;
}

function spatial(layer: Layer, shape: Shape): Spatial {
  if (shape.length === 3) return shape;
  const problem = `needs height, width and channels, but gets ${shape[0]} flat features`;
  throw new NetworkError(`Layer "${layer.id}" (${layer.op}) ${problem}.`, layer.id);
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index]);
}

function checkCount(layer: { id: LayerId; op: string }, what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  const rule = `must be a whole number, at least ${least}`;
  throw new NetworkError(`Layer "${layer.id}" (${layer.op}): ${what} ${rule}, not ${value}.`, layer.id);
}

function arityError(layer: Layer, expected: string, found: number): NetworkError {
  return new NetworkError(`Layer "${layer.id}" (${layer.op}) takes ${expected}, but has ${found}.`, layer.id);
}

function mismatch(layer: Layer, inputs: readonly Shape[]): NetworkError {
  const found = inputs.map((shape, index) => `"${layer.inputs[index]}" ${shapeText(shape)}`).join(', ');
  return new NetworkError(`Layer "${layer.id}" (${layer.op}) gets shapes that do not fit: ${found}.`, layer.id);
}
