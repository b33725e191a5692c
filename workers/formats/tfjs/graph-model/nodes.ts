/** Nodes of a TensorFlow graph as TF.js writes them in JSON, and their attributes. */
import type { Pair } from '../../../network/graph';
import { FormatError } from '../../format-error';
import { type Fields, isFields } from '../../keras/config';
import { NotUnderstood } from '../../network-draft';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** "name" or "name:output"; control inputs are left out. */
  readonly inputs: readonly string[];
  readonly attributes: Fields;
}

const maximumNodes = 50_000;

/** Throws `FormatError`: something that is no node, a name twice, too many. */
export function parseNodes(listed: readonly unknown[], file: string): ReadonlyMap<string, GraphNode> {
  if (listed.length > maximumNodes) {
    throw new FormatError('malformed', `The graph has more than ${maximumNodes} nodes.`, file, 'modelTopology.node');
  }
  const nodes = new Map<string, GraphNode>();
  listed.forEach((value, at) => {
    const place = `modelTopology.node.${at}`;
    if (!isFields(value) || typeof value['name'] !== 'string' || typeof value['op'] !== 'string') {
      throw new FormatError('malformed', `Node ${at} of the graph has no name or no op.`, file, place);
    }
    const { name, op, input, attr } = value;
    if (nodes.has(name))
      throw new FormatError('malformed', `Two nodes of the graph are called "${name}".`, file, place);
    const inputs = Array.isArray(input) ? input.filter((one): one is string => typeof one === 'string') : [];
    nodes.set(name, {
      name,
      op,
      inputs: inputs.filter((one) => !one.startsWith('^')),
      attributes: isFields(attr) ? attr : {},
    });
  });
  return nodes;
}

/** "name:1" as its parts. */
export function outputOf(reference: string): { readonly node: string; readonly output: number } {
  const match = /^(.*):(\d+)$/.exec(reference);
  return match === null ? { node: reference, output: 0 } : { node: match[1] ?? '', output: Number(match[2]) };
}

function attribute({ attributes }: GraphNode, name: string): Fields {
  const value = attributes[name];
  return isFields(value) ? value : {};
}

function decoded(value: unknown): string {
  if (typeof value !== 'string') return '';
  try {
    return atob(value);
  } catch {
    return value;
  }
}

export function textOf(node: GraphNode, name: string, otherwise: string): string {
  const { s } = attribute(node, name);
  if (Array.isArray(s)) return String.fromCharCode(...s.map(Number));
  return s === undefined ? otherwise : decoded(s);
}

export function textsOf(node: GraphNode, name: string): readonly string[] {
  const { list } = attribute(node, name);
  const texts: unknown = isFields(list) ? list['s'] : [];
  return Array.isArray(texts) ? texts.map(decoded) : [];
}

export function numberOf(node: GraphNode, name: string, otherwise: number): number {
  const { f, i } = attribute(node, name);
  const value = Number(f ?? i ?? otherwise);
  return Number.isFinite(value) ? value : otherwise;
}

export function flagOf(node: GraphNode, name: string): boolean {
  return attribute(node, name)['b'] === true;
}

export function numbersOf(node: GraphNode, name: string): readonly number[] {
  const { list } = attribute(node, name);
  const numbers: unknown = isFields(list) ? list['i'] : [];
  return Array.isArray(numbers) ? numbers.map(Number) : [];
}

/** Height and width out of four numbers `[n, h, w, c]`; 1 where there are none. */
export function pairOf(node: GraphNode, name: string): Pair {
  const [, height = 1, width = 1] = numbersOf(node, name);
  return [height, width];
}

/** Channels must stand last. */
export function requireNhwc(node: GraphNode): void {
  if (textOf(node, 'data_format', 'NHWC') !== 'NHWC') throw new NotUnderstood('It puts channels first.');
}

/** The shape a placeholder states, batch included; -1 where it is open. */
export function statedShape(node: GraphNode): readonly number[] | undefined {
  const { shape } = attribute(node, 'shape');
  const dimensions: unknown = isFields(shape) ? shape['dim'] : undefined;
  if (!Array.isArray(dimensions)) return undefined;
  return dimensions.map((one: unknown) => (isFields(one) ? Number(one['size'] ?? -1) : -1));
}
