/** TF.js GraphModels: a frozen TensorFlow graph, operation by operation. */
import type { LayerId, OriginPort, Shape, Tensor } from '../../../network/graph';
import { widenedNotes } from '../../element-types';
import type { OpenedFile } from '../../format';
import { FormatError } from '../../format-error';
import { type Fields, isFields } from '../../keras/config';
import { NetworkDraft, NotUnderstood } from '../../network-draft';
import type { TfjsWeights } from '../manifest';
import { foldConstant } from './constants';
import { type GraphNode, outputOf, parseNodes, statedShape } from './nodes';
import { type LayerValue, Operation, type Value } from './operation';
import { plainOperations } from './plain';
import { severalOperations } from './several';
import { weightedOperations } from './weighted';

/** Reads a GraphModel. Operations that are not understood become opaque layers with a reason. Throws `FormatError`. */
export function readGraphModel(
  json: Fields,
  listed: readonly unknown[],
  weights: TfjsWeights,
  file: string,
): OpenedFile {
  const nodes = parseNodes(listed, file);
  const reader = new GraphReader(nodes, weights, file);
  const outputs = signatureNames(json, 'outputs');
  const ends = outputs.length > 0 ? outputs : reader.ends();
  const values = ends.map((name) => reader.valueOf(outputOf(name).node));
  const ids: LayerId[] = [];
  const ports: OriginPort[] = [];
  values.forEach((value, at) => {
    if (value.kind !== 'layer') return;
    ids.push(value.id);
    ports.push({ name: ends[at] ?? value.id, layout: 'NHWC', rank: value.rank });
  });
  const known = [...new Set(ids)];
  const network = reader.draft.finish(known, {
    name: nameOf(json),
    history: [],
    origin: {
      format: 'tfjs-graph',
      inputs: reader.inputs,
      outputs: known.map((id) => ports[ids.indexOf(id)] ?? { name: id, layout: 'NHWC', rank: 2 }),
      elements: weights.elements,
    },
  });
  return { network, notes: [...reader.draft.notes, ...widenedNotes(weights.elements)] };
}

function nameOf(json: Fields): string {
  const by = json['generatedBy'];
  const source = typeof by === 'string' ? (/([\w.-]+)\/?$/.exec(by)?.[1] ?? '') : '';
  return /^[\d.]*$/.test(source) ? 'TF.js graph' : source.slice(0, 80);
}

/** Names of a signature's inputs or outputs, wherever the converter's version put it. */
function signatureNames(json: Fields, side: 'inputs' | 'outputs'): readonly string[] {
  const metadata = isFields(json['userDefinedMetadata']) ? json['userDefinedMetadata'] : {};
  const signature = isFields(json['signature']) ? json['signature'] : metadata['signature'];
  const ports = isFields(signature) ? signature[side] : undefined;
  if (!isFields(ports)) return [];
  return Object.values(ports).flatMap((port) =>
    isFields(port) && typeof port['name'] === 'string' ? [port['name']] : [],
  );
}

const wrappers = /^(StatefulPartitionedCall|PartitionedCall)\//;

class GraphReader {
  readonly draft: NetworkDraft;
  readonly inputs: OriginPort[] = [];
  private readonly values = new Map<string, Value>();
  private readonly readers = new Map<string, GraphNode[]>();
  /** Additions of a bias that became part of the layer before them. */
  private readonly absorbed = new Map<string, string>();

  constructor(
    private readonly nodes: ReadonlyMap<string, GraphNode>,
    private readonly weights: TfjsWeights,
    private readonly file: string,
  ) {
    this.draft = new NetworkDraft(file);
    for (const node of nodes.values()) {
      for (const input of node.inputs) {
        const { node: name } = outputOf(input);
        this.readers.set(name, [...(this.readers.get(name) ?? []), node]);
      }
    }
    for (const node of nodes.values()) if (node.op === 'Placeholder') this.placeholder(node);
  }

  /** Nodes nobody reads, for graphs without a signature. */
  ends(): readonly string[] {
    return [...this.nodes.values()]
      .filter(({ name, op }) => !this.readers.has(name) && op !== 'Const' && op !== 'Placeholder' && op !== 'NoOp')
      .map(({ name }) => name);
  }

  /** Result of a node, computed with all it needs. Throws `FormatError` for a missing node or a circle. */
  valueOf(name: string): Value {
    const pending = [name];
    const open = new Set<string>();
    for (;;) {
      const current = pending.at(-1);
      if (current === undefined) break;
      if (this.values.has(current)) {
        pending.pop();
        continue;
      }
      const node = this.node(current);
      const missing = node.inputs.map((input) => outputOf(input).node).filter((input) => !this.values.has(input));
      if (missing.length === 0) {
        this.values.set(current, this.compute(node));
        pending.pop();
      } else {
        if (open.has(current))
          throw new FormatError('malformed', `Node "${current}" of the graph feeds itself.`, this.file, current);
        open.add(current);
        pending.push(...missing);
      }
    }
    return this.known(name);
  }

  private known(name: string): Value {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    throw new FormatError('malformed', `Node "${name}" of the graph has no value.`, this.file, name);
  }

  private node(name: string): GraphNode {
    const node = this.nodes.get(name);
    if (node !== undefined) return node;
    throw new FormatError('malformed', `The graph reads "${name}", which it does not have.`, this.file, name);
  }

  private constantOf(name: string): Tensor | undefined {
    const { node } = outputOf(name);
    const found = this.nodes.get(node);
    if (found?.op === 'Const') return this.weights.tensors.get(node);
    const value = this.values.get(node);
    return value?.kind === 'constant' ? value.tensor : undefined;
  }

  private compute(node: GraphNode): Value {
    if (node.op === 'Const') {
      const tensor = this.weights.tensors.get(node.name);
      if (tensor !== undefined) return { kind: 'constant', tensor };
      throw new FormatError(
        'malformed',
        `Constant "${node.name}" has no weights in the manifest.`,
        this.file,
        node.name,
      );
    }
    const before = this.absorbed.get(node.name);
    if (before !== undefined) return this.known(before);
    const inputs = node.inputs.map((input) => this.input(input));
    const constants = inputs.flatMap((input) => (input.kind === 'constant' ? [input.tensor] : []));
    if (constants.length === inputs.length) {
      const folded = foldConstant(node, constants);
      if (folded !== undefined) return { kind: 'constant', tensor: folded };
    }
    if (node.op === 'Shape' && inputs[0]?.kind === 'layer') {
      // The batch is open: -1, which reshapes understand.
      return {
        kind: 'constant',
        tensor: { shape: [4], values: Float32Array.of(-1, ...this.draft.shapeOf(inputs[0].id)) },
      };
    }
    return this.translate(node, inputs);
  }

  private input(reference: string): Value {
    const { node, output } = outputOf(reference);
    const value = this.known(node);
    if (output === 0) return value;
    const further = this.values.get(`${node}:${output}`);
    if (further !== undefined) return further;
    // What was not understood stands for all of its outputs.
    if (value.kind === 'layer' && this.draft.layerOf(value.id)?.op === 'opaque') return value;
    const text = `It reads output ${output} of "${node}", which has only one.`;
    throw new FormatError('malformed', text, this.file, node);
  }

  private translate(node: GraphNode, inputs: readonly Value[]): LayerValue {
    const id = this.draft.freeId(node.name.replace(wrappers, ''));
    const feeds = inputs.flatMap((input) => (input.kind === 'layer' ? [input] : []));
    const [first] = feeds;
    const operation = new Operation(this.draft, node, id, inputs, (size) => this.absorbBias(node, size));
    const known = weightedOperations[node.op] ?? plainOperations[node.op];
    const several = severalOperations[node.op];
    let answer: LayerValue | undefined;
    const opaque = this.draft.attempt(
      id,
      node.op,
      feeds.map((feed) => feed.id),
      () => {
        const answers = several?.(operation) ?? (known === undefined ? [] : [known(operation)]);
        [answer] = answers;
        if (answer === undefined) throw new NotUnderstood('There is no layer for it here.');
        answers.forEach((one, at) => at > 0 && this.values.set(`${node.name}:${at}`, one));
        return answer.id;
      },
      () => (first === undefined ? [1] : this.draft.shapeOf(first.id)),
    );
    return answer ?? { kind: 'layer', id: opaque, rank: first?.rank ?? 2 };
  }

  /** Takes in an addition that is the only reader of a product and adds a number to each of its channels. */
  private absorbBias(node: GraphNode, size: number): Tensor | undefined {
    const [reader, ...others] = this.readers.get(node.name) ?? [];
    if (reader === undefined || others.length > 0 || !['BiasAdd', 'Add', 'AddV2'].includes(reader.op)) return undefined;
    const other = reader.inputs.find((input) => outputOf(input).node !== node.name);
    const bias = other === undefined ? undefined : this.constantOf(other);
    if (bias?.values.length !== size || bias.shape.at(-1) !== size) return undefined;
    this.absorbed.set(reader.name, node.name);
    return bias;
  }

  private placeholder(node: GraphNode): void {
    const [, ...axes] = statedShape(node) ?? [];
    const shape = inputShape(axes);
    if (shape === undefined) {
      const text = `Its input "${node.name}" is [${axes.join(', ')}] beside the batch; images of fixed size are read.`;
      throw new FormatError('unsupported', text, this.file, node.name);
    }
    const id = this.draft.add({ op: 'input', id: this.draft.freeId(node.name), inputs: [], shape });
    this.values.set(node.name, { kind: 'layer', id, rank: axes.length + 1 });
    this.inputs.push({ name: node.name, layout: 'NHWC', rank: axes.length + 1 });
  }
}

function inputShape(axes: readonly number[]): Shape | undefined {
  if (axes.some((axis) => !Number.isSafeInteger(axis) || axis < 1)) return undefined;
  const [height = 0, width = 0, channels = 0] = axes;
  if (axes.length === 3) return [height, width, channels];
  return axes.length === 1 ? [height] : undefined;
}
