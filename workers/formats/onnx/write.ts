/** A network as an ONNX file: NCHW, with the input and output names of the file it came from. */
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { type LayerId, type Network, NetworkError, type OriginPort, type Shape } from '../../network/graph';
import { inferShapes, sizeOf } from '../../network/shapes';
import type { NetworkWriter } from '../format';
import { FormatError } from '../format-error';
import { metadataKey, metadataText } from './metadata';
import { Sheet } from './sheet';
import { code } from './tensor-proto';
import { CarriedWriter } from './write-carried';
import { LayerWriter } from './write-layers';

/** Resize names its axes since 18, so that the batch may stay open. */
const opset = 18;
const irVersion = 8;
/** protobuf ends at 2 GB; some of it is not weights. */
const mostBytes = 2e9;

/** Name and layout of each input and output: those of the ONNX file it came from, else NCHW under plain names. */
function portsOf({ graph, meta: { origin } }: Network, shapes: ReadonlyMap<LayerId, Shape>) {
  const inputs = graph.layers.filter(({ op }) => op === 'input').map(({ id }) => id);
  const own = (ids: readonly LayerId[], base: string): readonly OriginPort[] =>
    ids.map((id, at) => ({
      name: at === 0 ? base : `${base}_${at + 1}`,
      layout: 'NCHW',
      rank: shapes.get(id)?.length === 3 ? 4 : 2,
    }));
  const given = origin?.format === 'onnx' ? origin : undefined;
  return {
    inputs: (given?.inputs.length === inputs.length ? given.inputs : own(inputs, 'input')).map((port, at) => ({
      port,
      layer: inputs[at] ?? '',
    })),
    outputs: (given?.outputs ?? own(graph.outputs, 'output')).map((port, at) => ({
      port,
      layer: graph.outputs[at] ?? '',
    })),
  };
}

/** Sizes without the batch that a port of this rank and layout has for a layer of that shape. */
function portDims({ layout, rank }: OriginPort, shape: Shape): readonly number[] {
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape[0]];
  const first = layout === 'NCHW';
  if (rank === 2) return [sizeOf(shape)];
  if (rank === 3) return first ? [channels, height * width] : [height * width, channels];
  return first ? [channels, height, width] : [height, width, channels];
}

/** Whether a layer's value is the port's tensor as it stands. */
function isPlain({ layout, rank }: OriginPort, shape: Shape): boolean {
  return shape.length === 1 ? rank === 2 : layout === 'NCHW' && rank === 4;
}

function info(name: string, dims: readonly number[]) {
  const sizes = dims.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const batch = { value: { case: 'dimParam' as const, value: 'batch' } };
  const tensorType = { elemType: code.FLOAT, shape: { dim: [batch, ...sizes] } };
  return { name, type: { value: { case: 'tensorType' as const, value: tensorType } } };
}

/** From the port's tensor to a layer's value. */
function enter(sheet: Sheet, port: OriginPort, layer: LayerId, shape: Shape): string {
  if (isPlain(port, shape)) return port.name;
  if (port.layout === 'NHWC' && port.rank === 4)
    return sheet.node('Transpose', [port.name], layer, { perm: [0, 3, 1, 2] });
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, shape[0]];
  return sheet.node('Reshape', [port.name, sheet.whole(`${layer}.shape`, [0, channels, height, width])], layer);
}

/** From a layer's value to the port's tensor. */
function leave(sheet: Sheet, port: OriginPort, value: string, layer: LayerId, shape: Shape): void {
  const turn = port.layout === 'NHWC' && shape.length === 3;
  const dims = portDims(port, shape);
  if (port.rank === 4 && shape.length === 3) {
    if (turn) sheet.node('Transpose', [value], `${layer}.output`, { perm: [0, 2, 3, 1] }, port.name);
    else sheet.node('Identity', [value], `${layer}.output`, {}, port.name);
    return;
  }
  const turned = turn ? sheet.node('Transpose', [value], `${layer}.nhwc`, { perm: [0, 2, 3, 1] }) : value;
  sheet.node('Reshape', [turned, sheet.whole(`${layer}.output`, [0, ...dims])], `${layer}.output`, {}, port.name);
}

function modelOf(network: Network) {
  const { graph, tensors, meta } = network;
  const bytes = Object.values(tensors).reduce((sum, { values }) => sum + values.byteLength, 0);
  if (bytes > mostBytes) {
    const problem = `The weights take ${(bytes / 1e9).toFixed(1)} GB; an ONNX file holds 2 GB.`;
    throw new FormatError('unsupported', problem, meta.name, 'size');
  }
  const shapes = inferShapes(graph);
  const { inputs, outputs } = portsOf(network, shapes);
  const shapeOf = (layer: LayerId): Shape => shapes.get(layer) ?? [1];
  const sheet = new Sheet([...inputs, ...outputs].map(({ port }) => port.name));
  const named = new Map<LayerId, string>();
  for (const { port, layer } of outputs) {
    const isInput = inputs.some((input) => input.layer === layer);
    if (!named.has(layer) && !isInput && isPlain(port, shapeOf(layer))) named.set(layer, port.name);
  }
  const carried = new CarriedWriter(sheet, graph, meta.name, opset);
  const writer = new LayerWriter(sheet, network, shapes, named, carried);
  for (const { port, layer } of inputs) writer.values.set(layer, enter(sheet, port, layer, shapeOf(layer)));
  for (const layer of graph.layers) if (layer.op !== 'input') writer.write(layer);
  for (const { port, layer } of outputs) {
    if (named.get(layer) !== port.name) leave(sheet, port, writer.value(layer), layer, shapeOf(layer));
  }
  return create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    opsetImport: [...carried.imports].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    producerName: 'espalier',
    metadataProps: [{ key: metadataKey, value: metadataText(meta) }],
    graph: {
      name: meta.name === '' ? 'network' : meta.name,
      node: sheet.nodes,
      initializer: sheet.initialisers,
      input: inputs.map(({ port, layer }) => info(port.name, portDims(port, shapeOf(layer)))),
      output: outputs.map(({ port, layer }) => info(port.name, portDims(port, shapeOf(layer)))),
    },
  });
}

export const onnxWriter: NetworkWriter = {
  async write(network, stem) {
    try {
      return [{ name: `${stem}.onnx`, bytes: toBinary(ModelProtoSchema, modelOf(network)) }];
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new FormatError('malformed', error.message, stem, error.layer ?? 'graph');
    }
  },
};
