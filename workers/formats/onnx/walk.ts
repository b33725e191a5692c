/** Walks a file's operators in order: constants are computed, the rest becomes layers, or an opaque one with its reason. */
import type { GraphProto, ValueInfoProto } from 'onnx-buf';
import { type LayerId, NetworkError, type Shape } from '../../network/graph';
import { FormatError } from '../format-error';
import { carriedConstant, type CarriedInput, carriedText, givesFloats } from './carried';
import { Builder, commonChannels, NotUnderstood, type Value } from './builder';
import { BATCH, type Constant, ConstantError, elementCount, integers } from './constant';
import { mostNesting } from './external-data';
import { fold } from './fold';
import { inferDims } from './infer-dims';
import { OnnxNode } from './node';
import { handlers, keepsShape } from './operators';
import { Site } from './site';
import { type ExternalBytes, readTensorProto } from './tensor-proto';
import { dimsOf, type View, viewOf } from './view';

export interface WalkOptions {
  readonly graph: GraphProto;
  readonly opset: number;
  /** Versions of the operator sets of other domains; none for functions that the file defines itself. */
  readonly domains: ReadonlyMap<string, number>;
  readonly external: ExternalBytes;
  readonly batch: number | undefined;
  readonly file: string;
}

const weighted: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** Reads of every value, by the outputs too, in the graph and all graphs inside. */
function countUses(graph: GraphProto, uses = new Map<string, number>(), depth = 0): Map<string, number> {
  const count = (name: string): void => void uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const node of graph.node) {
    node.input.forEach(count);
    if (depth >= mostNesting) continue;
    for (const { g, graphs } of node.attribute) {
      for (const inner of g === undefined ? graphs : [g, ...graphs]) countUses(inner, uses, depth + 1);
    }
  }
  for (const { name } of graph.output) count(name);
  return uses;
}

export class Walk {
  readonly builder: Builder;
  private readonly stated = new Map<string, ValueInfoProto>();
  /** Element types of constants, by name, where the file states them. */
  private readonly elements = new Map<string, number>();

  constructor(private readonly options: WalkOptions) {
    this.builder = new Builder(countUses(options.graph));
    for (const info of [...options.graph.valueInfo, ...options.graph.output]) this.stated.set(info.name, info);
  }

  /** Reads initialisers and operators. Throws `FormatError` for what no network can contain. */
  walk(): Builder {
    this.enter(this.options.graph, 0);
    return this.builder;
  }

  private enter(graph: GraphProto, depth: number): void {
    const { external, file, opset } = this.options;
    for (const tensor of graph.initializer) {
      this.elements.set(tensor.name, tensor.dataType);
      this.builder.set(tensor.name, { kind: 'constant', constant: readTensorProto(tensor, external, file) });
    }
    for (const proto of graph.node) this.visit(new OnnxNode(proto, opset), depth);
  }

  private visit(node: OnnxNode, depth: number): void {
    for (const name of node.inputs) {
      if (name === '' || this.builder.values.has(name)) continue;
      const problem = `Node "${node.title}" (${node.op}) reads "${name}", which nothing before it writes.`;
      throw new FormatError('malformed', problem, this.options.file, node.title);
    }
    if (node.op === 'If' && this.inline(node, depth)) return;
    const inputs = node.inputs.map((name) => this.builder.values.get(name));
    const unknown = inputs.find((value) => value?.kind === 'unknown');
    if (unknown !== undefined) {
      if (weighted.has(node.op)) this.builder.lost.set(unknown.cause, (this.builder.lost.get(unknown.cause) ?? 0) + 1);
      return this.setAll(node, unknown);
    }
    try {
      if (inputs.every((value) => value?.kind !== 'view')) this.compute(node, inputs);
      else this.build(node, inputs);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      this.opaque(node, inputs, `Node "${node.title}" ${reason}.`);
    }
  }

  /** An If whose condition is known is the branch it takes. */
  private inline(node: OnnxNode, depth: number): boolean {
    const condition = this.builder.values.get(node.inputs[0] ?? '');
    if (condition?.kind !== 'constant' || Number.isNaN(condition.constant.values[0])) return false;
    const branch = node.graph(condition.constant.values[0] === 0 ? 'else_branch' : 'then_branch');
    if (branch === undefined || depth >= mostNesting) return false;
    this.enter(branch, depth + 1);
    branch.output.forEach(({ name }, at) => {
      const value = this.builder.values.get(name);
      if (value !== undefined) this.builder.set(node.outputs[at] ?? '', value);
    });
    return true;
  }

  private setAll(node: OnnxNode, value: Value): void {
    for (const name of node.outputs) this.builder.set(name, value);
  }

  private constant(node: OnnxNode, constants: readonly (Constant | undefined)[]): void {
    constants.forEach((constant, at) => {
      if (constant !== undefined) this.builder.set(node.outputs[at] ?? '', { kind: 'constant', constant });
    });
  }

  private compute(node: OnnxNode, inputs: readonly (Value | undefined)[]): void {
    const constants = inputs.map((value) => (value?.kind === 'constant' ? value.constant : undefined));
    const made = this.stating(node, constants) ?? fold(node, constants);
    if (made === undefined) {
      const cause = `Operator ${node.op} of node "${node.title}" is not computed here.`;
      this.setAll(node, { kind: 'unknown', cause, from: [] });
      return;
    }
    this.constant(node, made);
  }

  /** Constants that the file states outright. */
  private stating(node: OnnxNode, [first]: readonly (Constant | undefined)[]): readonly Constant[] | undefined {
    const { external, file } = this.options;
    const tensor = node.tensor('value');
    if (node.op === 'ConstantOfShape' && first !== undefined) {
      const fill = tensor === undefined ? undefined : readTensorProto(tensor, external, file);
      const dims = Array.from(first.values);
      const values = new Float32Array(elementCount(dims)).fill(fill?.values[0] ?? 0);
      const type = fill?.type ?? 'float';
      return [{ dims, values: type === 'float' ? values : Float64Array.from(values), type }];
    }
    if (node.op !== 'Constant') return undefined;
    if (tensor !== undefined) {
      this.elements.set(node.outputs[0] ?? '', tensor.dataType);
      return [readTensorProto(tensor, external, file)];
    }
    if (node.has('value_float')) {
      return [{ dims: [], values: Float32Array.of(node.float('value_float', 0)), type: 'float' }];
    }
    if (node.has('value_int')) return [integers([node.int('value_int', 0)], [])];
    if (node.has('value_ints')) return [integers(node.ints('value_ints') ?? [])];
    const floats = node.floats('value_floats') ?? [];
    return [{ dims: [floats.length], values: Float32Array.from(floats), type: 'float' }];
  }

  private build(node: OnnxNode, inputs: readonly (Value | undefined)[]): void {
    const [first] = inputs;
    if (first?.kind === 'view' && (node.op === 'Shape' || node.op === 'Size')) {
      const dims = [BATCH, ...dimsOf(first.view)];
      const sizes = dims.slice(node.int('start', 0), node.has('end') ? node.int('end', 0) : undefined);
      const size = integers([BATCH], []);
      return this.constant(node, [node.op === 'Shape' ? integers(sizes) : size]);
    }
    const handler = node.domain === '' && Object.hasOwn(handlers, node.op) ? handlers[node.op] : undefined;
    if (handler === undefined) {
      const name = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
      return this.opaque(node, inputs, `Operator ${name} of node "${node.title}" has no counterpart here.`);
    }
    const views = handler(new Site(node, this.builder, this.options.batch));
    node.outputs.forEach((name, at) => {
      const view = views[at];
      if (view !== undefined) return this.builder.set(name, { kind: 'view', view });
      const cause = `Output ${at + 1} of node "${node.title}" (${node.op}) is not read.`;
      this.builder.set(name, { kind: 'unknown', cause, from: node.inputs });
    });
  }

  /** A layer that stands for what was not understood; where not even its shape is known, nothing can follow. */
  private opaque(node: OnnxNode, inputs: readonly (Value | undefined)[], reason: string): void {
    const from = node.inputs.filter((_, at) => inputs[at]?.kind === 'view');
    const layers = inputs.flatMap((value) => (value?.kind === 'view' ? [value.view.layer] : []));
    const [first] = inputs;
    const inferred = inferDims(node, inputs);
    node.outputs.forEach((name, at) => {
      const given = first?.kind === 'view' ? first.view : undefined;
      const told = keepsShape(node.op) ? undefined : (this.statedDims(name) ?? inferred[at]);
      const same = given !== undefined && (keepsShape(node.op) || told?.join() === dimsOf(given).join());
      const likeFirst = same ? given : undefined;
      const dims = likeFirst === undefined ? told : dimsOf(likeFirst);
      const last = given !== undefined && commonChannels(this.builder, [given]) === given.axes.length - 1;
      const shape = likeFirst === undefined ? shapeOf(dims, last) : this.builder.shapeOf(likeFirst.layer);
      if (shape === undefined || layers.length === 0) {
        return this.builder.set(name, { kind: 'unknown', cause: reason, from });
      }
      const seen = likeFirst ?? viewOfStated('', shape, dims ?? [], last);
      const payload = this.payload(node, inputs, at, seen);
      const body = {
        op: 'opaque',
        operator: node.op,
        reason,
        shape,
        ...(payload === undefined ? {} : { payload }),
      } as const;
      const id = this.builder.emit(node.title, body, layers);
      this.builder.set(name, { kind: 'view', view: { ...seen, layer: id } });
    });
  }

  /** What a writer needs to put a node back; undefined where it could not stand elsewhere as it does here. */
  private payload(
    node: OnnxNode,
    inputs: readonly (Value | undefined)[],
    output: number,
    { atoms, axes }: View,
  ): string | undefined {
    const { opset, domains } = this.options;
    const version = node.domain === '' ? opset : domains.get(node.domain);
    if (version === undefined || node.holdsGraphs) return undefined;
    const carried: CarriedInput[] = [];
    for (const [at, value] of inputs.entries()) {
      if (value === undefined) carried.push({ absent: true });
      else if (value.kind === 'view') carried.push({ seen: { atoms: value.view.atoms, axes: value.view.axes } });
      else {
        const stated = this.elements.get(node.inputs[at] ?? '');
        const constant = value.kind === 'constant' ? carriedConstant(value.constant, stated) : undefined;
        if (constant === undefined) return undefined;
        carried.push({ constant });
      }
    }
    const seen = { atoms, axes };
    const { domain, message } = node;
    const isFloat = givesFloats(node, output);
    return carriedText({ node: message, opset, domain, version, inputs: carried, output, seen, isFloat });
  }

  /** Sizes the file states for a value, without the batch. */
  private statedDims(name: string): readonly number[] | undefined {
    const type = this.stated.get(name)?.type?.value;
    if (type?.case !== 'tensorType') return undefined;
    const dims = type.value.shape?.dim
      .slice(1)
      .map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : 0));
    return dims?.every((size) => size > 0) === true ? dims : undefined;
  }
}

/** What a handler that gave up says; undefined for errors that are none of its own. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof NotUnderstood) return error.message;
  if (error instanceof ConstantError) return `cannot be worked out: ${error.message}`;
  if (error instanceof NetworkError) return `makes no sense here: ${error.message.replace(/\.$/, '')}`;
  return undefined;
}

/** `[c, h, w]`, `[c, l]` or `[features]` as a layer has them; `last`: the channels come last in the file. */
function shapeOf(dims: readonly number[] | undefined, last: boolean): Shape | undefined {
  const [a, b, c] = dims ?? [];
  if (dims === undefined || a === undefined || dims.length > 3) return undefined;
  if (b === undefined) return [a];
  if (c === undefined) return last ? [a, 1, b] : [b, 1, a];
  return last ? [a, b, c] : [b, c, a];
}

function viewOfStated(layer: LayerId, shape: Shape, dims: readonly number[], last: boolean): View {
  if (dims.length === 1) return viewOf(layer, shape, [0]);
  if (dims.length === 2) return viewOf(layer, shape, last ? [0, 2] : [2, 0]);
  return viewOf(layer, shape, last ? [0, 1, 2] : [2, 0, 1]);
}
