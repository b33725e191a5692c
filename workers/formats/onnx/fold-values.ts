/** Arithmetic on constants: what exporters compute with shapes and weights before the network begins. */
import { broadcastDims, broadcastTo, type Constant, elementCount } from './constant';

type Unary = (value: number) => number;
type Binary = (a: number, b: number, whole: boolean) => number;

const unary: Readonly<Record<string, Unary>> = {
  Abs: Math.abs,
  Ceil: Math.ceil,
  Erf: (value) => Math.sign(value) * erf(Math.abs(value)),
  Exp: Math.exp,
  Floor: Math.floor,
  Log: Math.log,
  Neg: (value) => -value,
  Reciprocal: (value) => 1 / value,
  Relu: (value) => Math.max(0, value),
  Round: roundHalfEven,
  Sigmoid: (value) => 1 / (1 + Math.exp(-value)),
  Sign: Math.sign,
  Sqrt: Math.sqrt,
  Tanh: Math.tanh,
};

const binary: Readonly<Record<string, Binary>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b, whole) => (whole ? Math.trunc(a / b) : a / b),
  Pow: (a, b) => a ** b,
  Mod: (a, b) => a - b * Math.floor(a / b),
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
  Sum: (a, b) => a + b,
};

const relations: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  And: (a, b) => a !== 0 && b !== 0,
  Or: (a, b) => a !== 0 || b !== 0,
  Xor: (a, b) => (a !== 0) !== (b !== 0),
};

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

/** erf for x >= 0 (Abramowitz & Stegun 7.1.6, a series of positive terms); 1 beyond 6 in float64. */
function erf(x: number): number {
  if (x > 6) return 1;
  let [term, sum] = [x, x];
  for (let n = 1; term > 1e-17 * sum; n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function sameKind({ values }: Constant, count: number): Float32Array | Float64Array {
  return values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
}

function combine(a: Constant, b: Constant, type: Constant['type'], op: (x: number, y: number) => number): Constant {
  const dims = broadcastDims(a.dims, b.dims);
  const [left, right] = [broadcastTo(a, dims), broadcastTo(b, dims)];
  const values = type === 'float' ? sameKind(a, elementCount(dims)) : new Float64Array(elementCount(dims));
  for (let at = 0; at < values.length; at++) values[at] = op(left.values[at] ?? 0, right.values[at] ?? 0);
  return { dims, values, type };
}

/** The operator on constants, element by element; undefined for one this does not compute. */
export function foldElementwise(op: string, inputs: readonly Constant[]): Constant | undefined {
  const [first, second] = inputs;
  if (first === undefined) return undefined;
  const one = Object.hasOwn(unary, op) ? unary[op] : undefined;
  if (one !== undefined) return { ...first, values: first.values.map(one) };
  if (op === 'Not') return { ...first, values: first.values.map((value) => (value === 0 ? 1 : 0)) };
  if (op === 'Where') return where(inputs);
  if (second === undefined) return Object.hasOwn(binary, op) && op !== 'Pow' ? first : undefined;
  const relation = Object.hasOwn(relations, op) ? relations[op] : undefined;
  if (relation !== undefined) return combine(first, second, 'boolean', (a, b) => (relation(a, b) ? 1 : 0));
  const two = Object.hasOwn(binary, op) ? binary[op] : undefined;
  if (two === undefined) return undefined;
  return inputs
    .slice(1)
    .reduce((left, right) => combine(left, right, left.type, (a, b) => two(a, b, left.type !== 'float')), first);
}

function where([condition, yes, no]: readonly Constant[]): Constant | undefined {
  if (condition === undefined || yes === undefined || no === undefined) return undefined;
  const dims = broadcastDims(condition.dims, broadcastDims(yes.dims, no.dims));
  const [asked, first, second] = [broadcastTo(condition, dims), broadcastTo(yes, dims), broadcastTo(no, dims)];
  const values = sameKind(yes, asked.values.length);
  for (let at = 0; at < values.length; at++) {
    values[at] = (asked.values[at] === 0 ? second.values[at] : first.values[at]) ?? 0;
  }
  return { dims, values, type: yes.type };
}

const reductions: Readonly<Record<string, readonly [start: number, (sum: number, value: number) => number]>> = {
  ReduceMax: [-Infinity, Math.max],
  ReduceMean: [0, (sum, value) => sum + value],
  ReduceMin: [Infinity, Math.min],
  ReduceProd: [1, (product, value) => product * value],
  ReduceSum: [0, (sum, value) => sum + value],
};

/** A reduction over `axes` (counted from the front) of a constant; undefined for one this does not compute. */
export function foldReduction(
  op: string,
  input: Constant,
  axes: readonly number[],
  keep: boolean,
): Constant | undefined {
  const reduction = Object.hasOwn(reductions, op) ? reductions[op] : undefined;
  if (reduction === undefined) return undefined;
  const [start, step] = reduction;
  const kept = input.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const sums = new Float64Array(elementCount(kept)).fill(start);
  const position = input.dims.map(() => 0);
  for (const value of input.values) {
    const to = kept.reduce((place, size, axis) => place * size + (size === 1 ? 0 : (position[axis] ?? 0)), 0);
    sums[to] = step(sums[to] ?? start, value);
    for (let axis = position.length - 1; axis >= 0; axis--) {
      position[axis] = ((position[axis] ?? 0) + 1) % (input.dims[axis] ?? 1);
      if (position[axis] !== 0) break;
    }
  }
  const share = op === 'ReduceMean' ? sums.length / input.values.length : 1;
  const values = sums.map((sum) => sum * share);
  const dims = keep ? kept : input.dims.filter((_, axis) => !axes.includes(axis));
  return { dims, values: input.values instanceof Float32Array ? Float32Array.from(values) : values, type: input.type };
}
