/** Nodes whose result is known before anything runs: arithmetic on constants, and shapes made of them. */
import type { Tensor } from '../../../network/graph';
import { numberOf, type GraphNode } from './nodes';

function scalarList(values: readonly number[]): Tensor {
  return { shape: [values.length], values: Float32Array.from(values) };
}

/** Element by element; a single number, or one a channel, is repeated. */
function binary(first: Tensor, second: Tensor, compute: (a: number, b: number) => number): Tensor | undefined {
  const [large, small] = first.values.length >= second.values.length ? [first, second] : [second, first];
  const repeats = small.values.length === 1 || small.shape.at(-1) === large.shape.at(-1);
  if (!repeats || large.values.length % small.values.length !== 0) return undefined;
  const pick = (tensor: Tensor, at: number) => tensor.values[at % tensor.values.length] ?? 0;
  const values = Float32Array.from(large.values, (_, at) => compute(pick(first, at), pick(second, at)));
  return { shape: large.shape, values };
}

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
  FloorDiv: (a, b) => Math.floor(a / b),
};

const functions: Readonly<Record<string, (a: number) => number>> = {
  Rsqrt: (a) => 1 / Math.sqrt(a),
  Sqrt: Math.sqrt,
  Neg: (a) => -a,
  Exp: Math.exp,
  Cast: (a) => a,
};

/** The result of a node all of whose inputs are constant; undefined where that is not computed here. */
export function foldConstant(node: GraphNode, inputs: readonly Tensor[]): Tensor | undefined {
  const [first, second, third] = inputs;
  if (first === undefined) return undefined;
  const compute = operations[node.op];
  if (compute !== undefined && second !== undefined) return binary(first, second, compute);
  const change = functions[node.op];
  if (change !== undefined) return { shape: first.shape, values: first.values.map(change) };
  switch (node.op) {
    case 'Identity':
      return first;
    case 'Pack':
      return scalarList(inputs.flatMap(({ values }) => [...values]));
    case 'ConcatV2':
      return inputs.every(({ shape }) => shape.length <= 1)
        ? scalarList(inputs.slice(0, -1).flatMap(({ values }) => [...values]))
        : undefined;
    case 'Prod':
      return { shape: [], values: Float32Array.of(first.values.reduce((product, value) => product * value, 1)) };
    case 'Reshape':
      return {
        shape: [...(second?.values ?? [])].map((axis) => (axis < 0 ? first.values.length : axis)),
        values: first.values,
      };
    case 'StridedSlice': {
      if (first.shape.length !== 1 || second === undefined || third === undefined) return undefined;
      const [begin = 0] = (numberOf(node, 'begin_mask', 0) & 1) === 1 ? [0] : second.values;
      const [end = 0] = (numberOf(node, 'end_mask', 0) & 1) === 1 ? [first.values.length] : third.values;
      const cut = Array.from(first.values.slice(begin, end));
      return (numberOf(node, 'shrink_axis_mask', 0) & 1) === 1
        ? { shape: [], values: Float32Array.of(first.values[begin] ?? 0) }
        : scalarList(cut);
    }
    default:
      return undefined;
  }
}
