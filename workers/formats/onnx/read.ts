/** An ONNX file as a network. */
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, type ModelProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from 'onnx-buf';
import {
  type Network,
  NetworkError,
  type NetworkOrigin,
  type Normalisation,
  type OriginPort,
  type Shape,
} from '../../network/graph';
import { validateNetwork } from '../../network/validate';
import { widenedNotes } from '../element-types';
import type { NetworkReader, OpenedFile } from '../format';
import { FormatError, type FormatErrorKind } from '../format-error';
import { readSidecar, type Sidecar } from '../sidecar';
import type { Builder } from './builder';
import { readExternalData } from './external-data';
import { readMetadata } from './metadata';
import { finish } from './outputs';
import { code, type ExternalBytes } from './tensor-proto';
import { viewOf } from './view';
import { Walk } from './walk';

const oldestOpset = 7;
/** Of ONNX 1.20. From 23 on nothing that is read here computes otherwise; only element types were added. */
const newestOpset = 25;
const mostBytes = 2 ** 31;
/** Side of the square assumed where a file leaves height and width open. */
const usualSide = 224;

async function decode(main: File): Promise<ModelProto> {
  if (main.size > mostBytes) {
    const problem = `It has ${(main.size / 1e9).toFixed(1)} GB; protobuf files end at 2 GB. Save its weights as external data.`;
    throw new FormatError('unsupported', problem, main.name, 'size');
  }
  const bytes = new Uint8Array(await main.arrayBuffer());
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const [kind, why] = protobufFault(error);
    const problem = `The file is not readable as ONNX protobuf (${why}). Download or copy it again.`;
    throw new FormatError(kind, problem, main.name, 'protobuf');
  }
}

/** What the protobuf reader met, in words; its own where it has said something of use. */
function protobufFault(error: unknown): readonly [FormatErrorKind, string] {
  const text = error instanceof Error ? error.message : 'unreadable';
  if (/recursion|stack/i.test(text)) return ['malformed', 'nested too deeply'];
  if (/premature|outside the bounds|typed array length|start offset/i.test(text))
    return ['truncated', 'it ends too early'];
  if (/wire type|illegal tag/i.test(text)) return ['not-this-format', 'it holds fields that no protobuf has'];
  return ['malformed', text];
}

/** The opset of standard operators. Throws `FormatError` outside of what is read. */
function opsetOf(model: ModelProto, file: string): number {
  const found = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (found === undefined) {
    const problem = 'The file states no operator set, so its operators have no meaning.';
    throw new FormatError('malformed', problem, file, 'opset_import');
  }
  const version = Number(found.version);
  if (version >= oldestOpset && version <= newestOpset) return version;
  const cure =
    version > newestOpset ? `Export it with opset ${newestOpset} or lower.` : 'Convert it with onnx.version_converter.';
  const problem = `The file uses operator set ${version}; sets ${oldestOpset} to ${newestOpset} are read. ${cure}`;
  throw new FormatError('unsupported', problem, file, 'opset_import');
}

/** Sizes of an input; 0 where the file leaves one open. */
function statedDims(info: ValueInfoProto, file: string): readonly number[] {
  const { value } = info.type ?? {};
  if (value?.case !== 'tensorType') {
    throw new FormatError('unsupported', `Input "${info.name}" is no tensor.`, file, info.name);
  }
  const dims = value.value.shape?.dim.map(({ value: size }) => (size.case === 'dimValue' ? Number(size.value) : 0));
  if (dims === undefined || dims.length < 2 || dims.length > 4) {
    const found = dims === undefined ? 'no shape' : `${dims.length} axes`;
    throw new FormatError(
      'unsupported',
      `Input "${info.name}" has ${found}; images [n, c, h, w], sequences [n, c, l] and rows [n, features] are read.`,
      file,
      info.name,
    );
  }
  return dims.map((size) => (size > 0 ? size : 0));
}

function putsLastSecond({ opType, attribute }: NodeProto): boolean {
  const order = attribute.find(({ name }) => name === 'perm')?.ints.map(Number);
  return opType === 'Transpose' && order?.join() === '0,3,1,2';
}

/** Whether the first thing that is done to an input is to put its last axis second: then it is NHWC. */
function isChannelsLast(graph: GraphProto, name: string): boolean {
  let value = name;
  for (let steps = 0; steps < 20; steps++) {
    const readers = graph.node.filter(({ input }) => input.includes(value));
    const [node] = readers;
    if (readers.some(putsLastSecond)) return true;
    const goesOn = ['Cast', 'Identity', 'Sub', 'Add', 'Mul', 'Div'].includes(node?.opType ?? '');
    if (node === undefined || readers.length > 1 || !goesOn) return false;
    value = node.output[0] ?? '';
  }
  return false;
}

/** Sizes of a constant that the file states outright. */
function constantDims(graph: GraphProto, name: string): readonly bigint[] | undefined {
  const tensor =
    graph.initializer.find((one) => one.name === name) ??
    graph.node.find(({ opType, output }) => opType === 'Constant' && output[0] === name)?.attribute[0]?.t;
  return tensor?.dims;
}

/** Channels that the first convolution over an input takes, channels before the positions; undefined where there is none. */
function convolvedChannels(graph: GraphProto, name: string): number | undefined {
  let value = name;
  for (let steps = 0; steps < 20; steps++) {
    const node = graph.node.find(({ input }) => input.includes(value));
    if (node === undefined) return undefined;
    if (node.opType === 'Conv' && node.input[0] === value) {
      const perGroup = constantDims(graph, node.input[1] ?? '')?.[1];
      const groups = node.attribute.find((one) => one.name === 'group')?.i ?? 1n;
      return perGroup === undefined ? undefined : Number(perGroup * groups);
    }
    value = node.output[0] ?? '';
  }
  return undefined;
}

interface Opened {
  readonly port: OriginPort;
  readonly batch: number | undefined;
  readonly notes: readonly string[];
}

function openInput(builder: Builder, graph: GraphProto, info: ValueInfoProto, file: string): Opened {
  const [batch = 0, ...dims] = statedDims(info, file);
  const last = dims.length === 3 && isChannelsLast(graph, info.name);
  const channelAxis = last ? dims.length - 1 : 0;
  const isOpen = dims[channelAxis] === 0;
  const taken = isOpen && dims.length > 1 ? convolvedChannels(graph, info.name) : undefined;
  if (taken !== undefined) dims[channelAxis] = taken;
  if (dims[channelAxis] === 0) {
    const problem = `Input "${info.name}" leaves its number of channels open; export it with a fixed one.`;
    throw new FormatError('unsupported', problem, file, info.name);
  }
  const sizes = dims.map((size) => (size === 0 ? usualSide : size));
  const [first = 1, second = 1, third = 1] = sizes;
  const shape: Shape =
    sizes.length === 1
      ? [first]
      : sizes.length === 2
        ? [second, 1, first]
        : last
          ? [first, second, third]
          : [second, third, first];
  const layer = builder.emit(info.name, { op: 'input', shape }, []);
  const order = sizes.length === 1 ? [0] : sizes.length === 2 ? [2, 0] : last ? [0, 1, 2] : [2, 0, 1];
  builder.set(info.name, { kind: 'view', view: viewOf(layer, shape, order) });
  const notes = dims.includes(0)
    ? [`Input "${info.name}" leaves its height and width open; ${usualSide} pixels are assumed.`]
    : [];
  if (isOpen) notes.push(`Input "${info.name}" leaves its channels open; its first convolution takes ${taken}.`);
  return {
    port: { name: info.name, layout: last ? 'NHWC' : 'NCHW', rank: sizes.length + 1 },
    batch: batch === 0 ? undefined : batch,
    notes,
  };
}

/** Element type that most weights have. */
function elementsOf(graph: GraphProto): NetworkOrigin['elements'] {
  const numbers = new Map<number, number>();
  for (const { dataType, dims } of graph.initializer) {
    const count = dims.reduce((product, size) => product * Number(size), 1);
    numbers.set(dataType, (numbers.get(dataType) ?? 0) + count);
  }
  const [most] = [...numbers].toSorted(([, a], [, b]) => b - a);
  switch (most?.[0]) {
    case code.FLOAT16:
      return 'float16';
    case code.BFLOAT16:
      return 'bfloat16';
    case code.DOUBLE:
      return 'float64';
    case code.UINT8:
    case code.INT8:
      return 'uint8';
    default:
      return 'float32';
  }
}

interface Source {
  readonly model: ModelProto;
  readonly graph: GraphProto;
  readonly external: ExternalBytes;
  readonly sidecar: Sidecar | undefined;
  readonly file: string;
}

function networkOf({ model, graph, external, sidecar, file }: Source): OpenedFile {
  const opset = opsetOf(model, file);
  const initialisers = new Set(graph.initializer.map(({ name }) => name));
  const infos = graph.input.filter(({ name }) => !initialisers.has(name));
  if (infos.length === 0) throw new FormatError('malformed', 'The network has no input.', file, 'graph.input');
  if (graph.output.length === 0) throw new FormatError('malformed', 'The network has no output.', file, 'graph.output');
  const batch = infos.map((info) => statedDims(info, file)[0] ?? 0).find((size) => size > 0);
  const own = new Set(model.functions.map(({ domain }) => domain));
  const imports = model.opsetImport.filter(({ domain }) => domain !== '' && domain !== 'ai.onnx' && !own.has(domain));
  const domains = new Map(imports.map(({ domain, version }) => [domain, Number(version)]));
  const walk = new Walk({ graph, opset, domains, external, batch, file });
  const inputs = infos.map((info) => openInput(walk.builder, graph, info, file));
  const builder = walk.walk();
  const {
    graph: layers,
    outputs,
    notes,
  } = finish(
    builder,
    graph.output.map(({ name }) => name),
  );
  if (outputs.length === 0) {
    const problem = `Nothing of the network is understood. ${notes.join(' ')}`;
    throw new FormatError('unsupported', problem, file, 'graph');
  }
  const origin: NetworkOrigin = {
    format: 'onnx',
    inputs: inputs.map(({ port }) => port),
    outputs,
    elements: elementsOf(graph),
  };
  const facts = readMetadata(model);
  const width = builder.shapes.get(layers.outputs[0] ?? '')?.at(-1);
  const classes = [sidecar?.classes, facts.classes].find((names) => names?.length === width);
  const normalisation = normalisationFor(layers.layers[0]?.op === 'input' ? layers.layers[0].shape : [1], [
    sidecar?.normalisation,
    facts.normalisation,
  ]);
  const asked =
    normalisation === undefined ? ['The file does not say how its input is normalised; that of the data is used.'] : [];
  const network: Network = {
    graph: layers,
    tensors: usedTensors(builder, layers),
    meta: {
      name: facts.name ?? file.replace(/\.onnx$/i, ''),
      history: [],
      origin,
      ...(classes === undefined ? {} : { classes }),
      ...(normalisation === undefined ? {} : { normalisation }),
    },
  };
  const widened = widenedNotes(origin.elements);
  return { network, notes: [...inputs.flatMap((input) => input.notes), ...notes, ...asked, ...widened] };
}

function normalisationFor(shape: Shape, found: readonly (Normalisation | undefined)[]): Normalisation | undefined {
  const channels = shape.at(-1);
  return found.find((one) => one?.mean.length === channels && one?.std.length === channels);
}

/** Tensors that layers still name. */
function usedTensors(builder: Builder, { layers }: Network['graph']): Network['tensors'] {
  const names = new Set<unknown>(layers.flatMap((layer) => Object.values(layer)));
  return Object.fromEntries(Object.entries(builder.tensors).filter(([name]) => names.has(name)));
}

export const onnxReader: NetworkReader = {
  async read({ file }, beside) {
    const model = await decode(file);
    const { graph } = model;
    if (graph === undefined) {
      throw new FormatError('malformed', 'The file holds no graph, so it is no ONNX network.', file.name, 'graph');
    }
    if (graph.sparseInitializer.length > 0) {
      const problem = 'The file keeps weights as sparse tensors, which are not read; export it with dense ones.';
      throw new FormatError('unsupported', problem, file.name, 'sparse_initializer');
    }
    const json = beside.find(({ kind }) => kind === 'json');
    const sidecar = json === undefined ? undefined : await readSidecar(json.file, json.file.name);
    const external = await readExternalData(graph, beside, file.name);
    try {
      const opened = networkOf({ model, graph, external, sidecar, file: file.name });
      validateNetwork(opened.network);
      return opened;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new FormatError('malformed', error.message, file.name, error.layer ?? 'graph');
    }
  },
};
