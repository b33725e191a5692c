/**
 * Whole-network checks: what every network must satisfy before anything is computed from it.
 *
 * Readers of files call this once; code that builds networks from checked ones does not need to.
 */
import {
  type ActivationLayer,
  type Graph,
  type LayerId,
  type Network,
  NetworkError,
  type Shape,
  type Tensor,
} from './graph';
import { channelsOf, inferShapes, shapeText, sizeOf } from './shapes';
import { type ExpectedTensor, expectedTensors } from './tensor-shapes';

/** Keys that JavaScript objects treat specially; as a name they could be lost or worse. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks the structure: unique usable ids, known inputs in topological order, shapes that fit, sensible numbers,
 * shared tensors that agree, outputs that exist. Returns the shapes. Throws `NetworkError` naming the layer.
 */
export function validateGraph(graph: Graph): ReadonlyMap<LayerId, Shape> {
  for (const layer of graph.layers) {
    checkName('A layer id', layer.id);
    if (layer.op === 'batchNorm' && !(layer.epsilon > 0 && Number.isFinite(layer.epsilon))) {
      throw new NetworkError(`Batch norm "${layer.id}": epsilon must be above 0, not ${layer.epsilon}.`, layer.id);
    }
    if (layer.op === 'activation') checkActivation(layer);
    if (layer.op === 'scale' && !(Number.isFinite(layer.factor) && Number.isFinite(layer.offset))) {
      const found = `${layer.factor} and ${layer.offset}`;
      throw new NetworkError(`Scale "${layer.id}": factor and offset must be numbers, not ${found}.`, layer.id);
    }
  }
  const shapes = inferShapes(graph);
  for (const name of expectedTensors(graph, shapes).keys()) checkName('A tensor name', name);
  if (!graph.layers.some((layer) => layer.op === 'input')) {
    throw new NetworkError('The network has no input layer.');
  }
  if (graph.outputs.length === 0) throw new NetworkError('The network names no output layer.');
  for (const id of graph.outputs) {
    if (!shapes.has(id)) throw new NetworkError(`The network's output "${id}" does not exist.`, id);
  }
  return shapes;
}

/**
 * Checks structure (`validateGraph`), tensors (all there, right shapes, finite, running variances not negative) and
 * meta (class names and normalisation of the right length). Throws `NetworkError` naming layer and tensor.
 */
export function validateNetwork(network: Network): void {
  const { graph, tensors, meta } = network;
  const shapes = validateGraph(graph);
  for (const expected of expectedTensors(graph, shapes).values()) {
    checkTensor(expected, Object.hasOwn(tensors, expected.name) ? tensors[expected.name] : undefined);
  }
  const output = shapes.get(graph.outputs[0] ?? '');
  if (meta.classes !== undefined && output !== undefined && meta.classes.length !== channelsOf(output)) {
    const counts = `${meta.classes.length} class names, but ${channelsOf(output)} outputs`;
    throw new NetworkError(`The network has ${counts}; name every class or none.`, graph.outputs[0]);
  }
  if (meta.normalisation !== undefined) checkNormalisation(network, shapes);
  if (meta.origin !== undefined && meta.origin.outputs.length !== graph.outputs.length) {
    const counts = `${meta.origin.outputs.length} outputs of its source, but ${graph.outputs.length} outputs`;
    throw new NetworkError(`The network names ${counts}.`, graph.outputs[0]);
  }
}

function checkActivation({ id, kind, slope, offset, min, max }: ActivationLayer): void {
  for (const [what, value] of Object.entries({ slope, offset, min, max })) {
    if (value === undefined || Number.isFinite(value)) continue;
    const article = what === 'min' || what === 'max' ? what : `the ${what}`;
    throw new NetworkError(`Activation "${id}": ${article} must be a number, not ${value}.`, id);
  }
  if (kind === 'clip' && (min ?? -Infinity) >= (max ?? Infinity)) {
    throw new NetworkError(`Activation "${id}": min ${min} must be below max ${max}.`, id);
  }
}

function checkTensor({ name, role, shape, layers }: ExpectedTensor, tensor: Tensor | undefined): void {
  const [layer] = layers;
  const place = `${role} "${name}" of layer "${layer}"`;
  if (tensor === undefined) throw new NetworkError(`The ${place} is missing.`, layer);
  if (shapeText(tensor.shape) !== shapeText(shape)) {
    throw new NetworkError(`The ${place} is ${shapeText(tensor.shape)}, but should be ${shapeText(shape)}.`, layer);
  }
  if (tensor.values.length !== sizeOf(shape)) {
    throw new NetworkError(
      `The ${place} holds ${tensor.values.length} numbers, but should hold ${sizeOf(shape)}.`,
      layer,
    );
  }
  const bad = tensor.values.findIndex((value) => !Number.isFinite(value) || (role === 'variance' && value < 0));
  if (bad === -1) return;
  const wanted = role === 'variance' ? 'finite numbers, none below 0' : 'finite numbers';
  throw new NetworkError(`The ${place} must hold ${wanted}; number ${bad} is ${tensor.values[bad]}.`, layer);
}

function checkNormalisation({ graph, meta }: Network, shapes: ReadonlyMap<LayerId, Shape>): void {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const shape = input === undefined ? undefined : shapes.get(input.id);
  if (shape === undefined || meta.normalisation === undefined) return;
  const channels = channelsOf(shape);
  const { mean, std } = meta.normalisation;
  const fits = mean.length === channels && std.length === channels;
  if (fits && mean.every(Number.isFinite) && std.every((value) => Number.isFinite(value) && value > 0)) return;
  throw new NetworkError(
    `The input normalisation needs ${channels} means and ${channels} deviations above 0, one pair per channel.`,
    input?.id,
  );
}

function checkName(what: string, name: string): void {
  // Names become tensor names in files: no control characters, nothing an object key cannot be.
  const usable = name.length > 0 && name.length <= 200 && !/\p{Cc}/u.test(name) && !RESERVED_NAMES.has(name);
  if (usable) return;
  const rule = 'must have 1 to 200 characters, none of them control characters, and must not be a reserved word';
  throw new NetworkError(`${what} ${rule}: ${JSON.stringify(name.slice(0, 220))}.`, name);
}
