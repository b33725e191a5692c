/**
 * Shape inference: the output shape of every layer, from the graph alone.
 *
 * Tensors are never looked at; what they must look like is in `tensor-shapes.ts`.
 */
import {
  NetworkError,
  type ConcatLayer,
  type ConvTransposeLayer,
  type GatherLayer,
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

/** Output shape of one layer for inputs of the given shapes. Throws `NetworkError` where they do not fit. */
export function layerShape(layer: Layer, inputs: readonly Shape[]): Shape {
  switch (layer.op) {
    case 'input': {
      if (inputs.length > 0) throw arityError(layer, 'no input', inputs.length);
      for (const axis of layer.shape) checkCount(layer, 'input size', axis, 1);
      return layer.shape;
    }
    case 'conv':
      return convShape(layer, spatial(layer, onlyInput(layer, inputs)));
    case 'convTranspose':
      return convTransposeShape(layer, spatial(layer, onlyInput(layer, inputs)));
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
    case 'prelu':
    case 'scale':
    case 'softmax':
      return onlyInput(layer, inputs);
    case 'add':
      return addShape(layer, inputs);
    case 'multiply':
      return multiplyShape(layer, inputs);
    case 'concat':
      return concatShape(layer, inputs);
    case 'globalPool': {
      const channels = spatial(layer, onlyInput(layer, inputs))[2];
      return layer.keepSpatial === true ? [1, 1, channels] : [channels];
    }
    case 'flatten':
      return [sizeOf(onlyInput(layer, inputs))];
    case 'reshape': {
      const input = onlyInput(layer, inputs);
      for (const axis of layer.shape) checkCount(layer, 'size', axis, 1);
      if (sizeOf(layer.shape) === sizeOf(input)) return layer.shape;
      const problem = `cannot make ${shapeText(layer.shape)} of ${shapeText(input)}`;
      throw new NetworkError(`Layer "${layer.id}" (reshape) ${problem}: the sizes differ.`, layer.id);
    }
    case 'pad': {
      const [h, w, c] = spatial(layer, onlyInput(layer, inputs));
      const [top, bottom, left, right] = layer.padding;
      const [before, after] = layer.channels;
      for (const amount of [...layer.padding, ...layer.channels]) checkCount(layer, 'padding', amount, 0);
      return [h + top + bottom, w + left + right, c + before + after];
    }
    case 'slice':
      return sliceShape(layer, spatial(layer, onlyInput(layer, inputs)));
    case 'gather':
      return gatherShape(layer, onlyInput(layer, inputs));
    case 'resize': {
      const [, , c] = spatial(layer, onlyInput(layer, inputs));
      for (const length of layer.size) checkCount(layer, 'size', length, 1);
      return [...layer.size, c];
    }
    case 'opaque': {
      if (inputs.length === 0) throw arityError(layer, 'one or more inputs', 0);
      for (const axis of layer.shape) checkCount(layer, 'size', axis, 1);
      return layer.shape;
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

function convTransposeShape(layer: ConvTransposeLayer, input: Spatial): Shape {
  const { id, kernelSize, stride, padding, outputPadding } = layer;
  checkCount(layer, 'number of filters', layer.filters, 1);
  for (const axis of [...kernelSize, ...stride]) checkCount(layer, 'kernel size or stride', axis, 1);
  for (const amount of [...padding, ...outputPadding]) checkCount(layer, 'padding', amount, 0);
  const length = (axis: 0 | 1): number => {
    if (outputPadding[axis] >= stride[axis]) {
      throw new NetworkError(`Layer "${id}" (convTranspose): output padding must be smaller than the stride.`, id);
    }
    const full = (input[axis] - 1) * stride[axis] + kernelSize[axis];
    return full - padding[(2 * axis) as 0 | 2] - padding[(2 * axis + 1) as 1 | 3] + outputPadding[axis];
  };
  const [height, width] = [length(0), length(1)];
  if (height < 1 || width < 1) {
    throw new NetworkError(`Layer "${id}" (convTranspose): its padding crops all of its result; use less.`, id);
  }
  return [height, width, layer.filters];
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

function concatShape(layer: ConcatLayer, inputs: readonly Shape[]): Shape {
  const [first] = inputs;
  if (first === undefined || inputs.length < 2) throw arityError(layer, 'two or more inputs', inputs.length);
  const inSpace = layer.axis === 'height' ? 0 : layer.axis === 'width' ? 1 : undefined;
  const joined = inSpace === undefined ? first.length - 1 : inSpace;
  if (inSpace !== undefined) spatial(layer, first);
  const fits = (shape: Shape): boolean =>
    shape.length === first.length && shape.every((length, axis) => axis === joined || length === first[axis]);
  if (!inputs.every(fits)) throw mismatch(layer, inputs);
  const total = inputs.reduce((sum, shape) => sum + (shape[joined] ?? 0), 0);
  return first.with(joined, total) as unknown as Shape;
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

function gatherShape(layer: GatherLayer, input: Shape): Shape {
  checkCount(layer, 'number of channels', layer.channels.length, 1);
  for (const channel of layer.channels) {
    checkCount(layer, 'channel', channel, 0);
    if (channel < channelsOf(input)) continue;
    throw new NetworkError(`Gather "${layer.id}" asks for channel ${channel}, but gets ${shapeText(input)}.`, layer.id);
  }
  return input.with(input.length - 1, layer.channels.length) as unknown as Shape;
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
