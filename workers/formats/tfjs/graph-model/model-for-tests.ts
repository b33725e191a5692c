/** For tests: GraphModels spelled out, as TF.js's converter writes them. */
import { createRandom } from '../../../linalg/random';
import { sizeOf } from '../../../network/shapes';
import type { WrittenFile } from '../../format';

type Attribute = number | boolean | string | readonly number[] | readonly string[];

export interface NodeInit {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

export interface ConstantInit {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly type: 'float32' | 'int32';
}

export interface GraphInit {
  readonly nodes: readonly NodeInit[];
  readonly constants?: Readonly<Record<string, ConstantInit>>;
  /** Sizes of `x`, the batch first. */
  readonly input?: readonly number[];
  readonly outputs?: readonly string[];
}

function attribute(value: Attribute): unknown {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { i: `${value}` } : { f: value };
  if (typeof value === 'string') return { s: btoa(value) };
  const list: readonly (number | string)[] = value;
  return list.every((item) => typeof item === 'number')
    ? { list: { i: list.map(String) } }
    : { list: { s: list.map((item) => btoa(String(item))) } };
}

/** One operation. */
export function node(
  name: string,
  op: string,
  input: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeInit {
  const attr = Object.entries(attributes).map(([key, value]) => [key, attribute(value)]);
  return { name, op, input, attr: { T: { type: 'DT_FLOAT' }, ...Object.fromEntries(attr) } };
}

/** Normal numbers. */
export function normal(shape: readonly number[], seed = 1): ConstantInit {
  const random = createRandom(seed).fork('graph');
  const values = Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal()));
  return { shape, values, type: 'float32' };
}

/** Numbers from 0.5 to 2. */
export function positive(shape: readonly number[], seed = 1): ConstantInit {
  const random = createRandom(seed).fork('graph');
  return { shape, values: Array.from({ length: sizeOf(shape) }, () => random.uniform(0.5, 2)), type: 'float32' };
}

/** Whole numbers: axes, sizes. */
export function whole(values: readonly number[], shape: readonly number[] = [values.length]): ConstantInit {
  return { shape, values, type: 'int32' };
}

/** `model.json` and its shard. */
export function graphModel({
  nodes,
  constants = {},
  input = [-1, 6, 8, 3],
  outputs,
}: GraphInit): readonly WrittenFile[] {
  const ends = outputs ?? [nodes.at(-1)?.name ?? ''];
  const dim = input.map((size) => ({ size: `${size}` }));
  const placeholder = {
    name: 'x',
    op: 'Placeholder',
    input: [],
    attr: { shape: { shape: { dim } }, dtype: { type: 'DT_FLOAT' } },
  };
  const listed = Object.entries(constants);
  const model = {
    format: 'graph-model',
    generatedBy: '2.15.0',
    convertedBy: 'TensorFlow.js Converter v4.22.0',
    signature: {
      inputs: { x: { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: { dim } } },
      outputs: Object.fromEntries(ends.map((name) => [name, { name, dtype: 'DT_FLOAT' }])),
    },
    modelTopology: {
      node: [
        placeholder,
        ...listed.map(([name, { type }]) => ({
          name,
          op: 'Const',
          input: [],
          attr: { dtype: { type: type === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } },
        })),
        ...nodes,
      ],
      versions: {},
    },
    weightsManifest: [
      {
        paths: ['group1-shard1of1.bin'],
        weights: listed.map(([name, { shape, type }]) => ({ name, shape, dtype: type })),
      },
    ],
  };
  const bytes = new Uint8Array(listed.reduce((sum, [, { values }]) => sum + 4 * values.length, 0));
  let at = 0;
  for (const [, { values, type }] of listed) {
    const own = type === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    bytes.set(new Uint8Array(own.buffer), at);
    at += own.byteLength;
  }
  return [
    { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(model)) },
    { name: 'group1-shard1of1.bin', bytes },
  ];
}

/** A small network with a bit of everything. */
export const graphModelFiles = graphModel({
  nodes: [
    node('c', '_FusedConv2D', ['x', 'k', 'b'], {
      strides: [1, 2, 2, 1],
      padding: 'SAME',
      data_format: 'NHWC',
      fused_ops: ['BiasAdd', 'Relu'],
      num_args: 1,
    }),
    node('p', 'MaxPool', ['c'], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'SAME' }),
    node('m', 'Mean', ['p', 'axes'], { keep_dims: false }),
    node('d', 'MatMul', ['m', 'w']),
    node('y', 'Softmax', ['d']),
  ],
  constants: { k: normal([3, 3, 3, 4]), b: normal([4], 2), axes: whole([1, 2]), w: normal([4, 3], 3) },
});
