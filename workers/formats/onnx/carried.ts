/**
 * A node that was not understood, as the file had it: what a writer needs to put it back. Kept as text in its opaque layer.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type NodeProto, NodeProtoSchema, type TensorProto, TensorProtoSchema } from 'onnx-buf';
import * as v from 'valibot';
import type { Constant } from './constant';
import type { OnnxNode } from './node';
import { code } from './tensor-proto';
import type { View } from './view';

/** Text that one layer may hold; weights larger than this stay behind. */
const mostText = 4_000_000;

/** How a tensor of the file looks at the numbers of a layer. */
export type Seen = Pick<View, 'atoms' | 'axes'>;

/** An input of a carried node: absent, a constant, or the next of the layer's inputs seen in the file's way. */
export type CarriedInput = { readonly absent: true } | { readonly constant: TensorProto } | { readonly seen: Seen };

export interface Carried {
  readonly node: NodeProto;
  /** Version of the standard operator set and of the node's own. */
  readonly opset: number;
  readonly domain: string;
  readonly version: number;
  readonly inputs: readonly CarriedInput[];
  /** Which of the node's outputs the layer is, how it sees it, and whether its numbers are floats. */
  readonly output: number;
  readonly seen: Seen;
  readonly isFloat: boolean;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SeenSchema = v.strictObject({ atoms: v.array(count), axes: v.array(v.array(count)) });
const PayloadSchema = v.strictObject({
  node: v.string(),
  opset: count,
  domain: v.string(),
  version: count,
  inputs: v.array(
    v.union([
      v.strictObject({ absent: v.literal(true) }),
      v.strictObject({ constant: v.string() }),
      v.strictObject({ seen: SeenSchema }),
    ]),
  ),
  output: count,
  seen: SeenSchema,
  isFloat: v.boolean(),
});

const floatTypes: ReadonlySet<number> = new Set([code.FLOAT, code.FLOAT16, code.DOUBLE, code.BFLOAT16]);

function toText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
}

function fromText(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** All floats are written as float32: what turns them into others turns them into these. */
function inFloat32(node: NodeProto): NodeProto {
  if (node.opType !== 'Cast') return node;
  const attribute = node.attribute.map((one) =>
    one.name === 'to' && floatTypes.has(Number(one.i)) ? { ...one, i: BigInt(code.FLOAT) } : one,
  );
  return { ...node, attribute };
}

/** Undefined where it would be too long to keep. */
export function carriedText({ node, inputs, ...rest }: Carried): string | undefined {
  const text = JSON.stringify({
    ...rest,
    node: toText(toBinary(NodeProtoSchema, inFloat32(node))),
    inputs: inputs.map((input) =>
      'constant' in input ? { constant: toText(toBinary(TensorProtoSchema, input.constant)) } : input,
    ),
  });
  return text.length > mostText ? undefined : text;
}

/** Undefined where the text is no carried node, such as that of another format. */
export function carriedNode(text: string): Carried | undefined {
  try {
    const { node, inputs, ...rest } = v.parse(PayloadSchema, JSON.parse(text));
    return {
      ...rest,
      node: fromBinary(NodeProtoSchema, fromText(node)),
      inputs: inputs.map((input) =>
        'constant' in input ? { constant: fromBinary(TensorProtoSchema, fromText(input.constant)) } : input,
      ),
    };
  } catch {
    return undefined;
  }
}

const writers: Partial<
  Readonly<Record<number, readonly [bytes: number, (to: DataView, at: number, x: number) => void]>>
> = {
  [code.FLOAT]: [4, (to, at, x) => to.setFloat32(at, x, true)],
  [code.UINT8]: [1, (to, at, x) => to.setUint8(at, x)],
  [code.INT8]: [1, (to, at, x) => to.setInt8(at, x)],
  [code.BOOL]: [1, (to, at, x) => to.setUint8(at, x)],
  [code.UINT16]: [2, (to, at, x) => to.setUint16(at, x, true)],
  [code.INT16]: [2, (to, at, x) => to.setInt16(at, x, true)],
  [code.UINT32]: [4, (to, at, x) => to.setUint32(at, x, true)],
  [code.INT32]: [4, (to, at, x) => to.setInt32(at, x, true)],
  [code.UINT64]: [8, (to, at, x) => to.setBigUint64(at, BigInt(x), true)],
  [code.INT64]: [8, (to, at, x) => to.setBigInt64(at, BigInt(x), true)],
};

/**
 * A constant as a tensor of the file: whole numbers of the element type `stated`, where the file states one, floats as
 * float32 like everything else that is written. Undefined where a number is not known (it follows the batch).
 */
export function carriedConstant({ dims, values, type }: Constant, stated: number | undefined): TensorProto | undefined {
  const usual = type === 'float' ? code.FLOAT : type === 'boolean' ? code.BOOL : code.INT64;
  const dataType = type === 'float' ? usual : (stated ?? usual);
  const writer = writers[dataType];
  if (writer === undefined || (type !== 'float' && values.some(Number.isNaN))) return undefined;
  const [size, write] = writer;
  const rawData = new Uint8Array(size * values.length);
  const view = new DataView(rawData.buffer);
  values.forEach((value, at) => write(view, at * size, value));
  return create(TensorProtoSchema, { dims: dims.map(BigInt), dataType, rawData });
}

const wholeOutputs: ReadonlySet<string> = new Set(
  (
    'And ArgMax ArgMin BitShift Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual NonMaxSuppression NonZero Not Or ' +
    'QuantizeLinear Shape Size Xor'
  ).split(' '),
);

/** Whether output `at` of a node holds floats, as all that stands around it is written. */
export function givesFloats(node: OnnxNode, at: number): boolean {
  if (node.op === 'Cast') return floatTypes.has(node.int('to', code.FLOAT));
  if (['TopK', 'Unique', 'MaxPool', 'DynamicQuantizeLinear', 'Dropout'].includes(node.op) && at > 0) return false;
  return !wholeOutputs.has(node.op) && node.op !== 'DynamicQuantizeLinear';
}

/** First operator set since which these operators take other inputs or compute otherwise, or are no more. */
const changedIn: Readonly<Record<string, number>> = {
  BatchNormalization: 9,
  PRelu: 9,
  Slice: 10,
  TopK: 10,
  Upsample: 10,
  Clip: 11,
  Pad: 11,
  Resize: 11,
  Scatter: 11,
  Dropout: 12,
  Hardmax: 13,
  LogSoftmax: 13,
  Softmax: 13,
  Squeeze: 13,
  Unsqueeze: 13,
  ReduceSum: 13,
  ReduceL1: 18,
  ReduceL2: 18,
  ReduceLogSum: 18,
  ReduceLogSumExp: 18,
  ReduceMax: 18,
  ReduceMean: 18,
  ReduceMin: 18,
  ReduceProd: 18,
  ReduceSumSquare: 18,
  Split: 18,
};

/** The operator set that changed what a node of an older one means, where one up to `written` did. */
export function changedSince({ node, domain, opset }: Carried, written: number): number | undefined {
  const change = domain === '' && Object.hasOwn(changedIn, node.opType) ? changedIn[node.opType] : undefined;
  return change !== undefined && opset < change && change <= written ? change : undefined;
}
