/** For tests: small ONNX files, spelled out. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType as DataType,
  type TensorProtoSchema,
} from 'onnx-buf';
import { createRandom } from '../../linalg/random';

export type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type Attribute =
  number | string | readonly number[] | { readonly float: number } | { readonly floats: number[] } | TensorInit;

/** A float32 tensor. */
export function floats(dims: readonly number[], values: ArrayLike<number>): TensorInit {
  return { dataType: DataType.FLOAT, dims: dims.map(BigInt), floatData: Array.from(values) };
}

/** A float32 tensor of normal numbers. */
export function normal(dims: readonly number[], seed = 1): TensorInit {
  const random = createRandom(seed);
  const count = dims.reduce((product, size) => product * size, 1);
  return floats(
    dims,
    Float32Array.from({ length: count }, () => random.normal()),
  );
}

/** A float32 tensor of numbers from 0.5 to 2. */
export function positive(dims: readonly number[], seed = 1): TensorInit {
  const random = createRandom(seed);
  const count = dims.reduce((product, size) => product * size, 1);
  return floats(
    dims,
    Float32Array.from({ length: count }, () => random.uniform(0.5, 2)),
  );
}

/** An int64 tensor. */
export function whole(values: readonly number[], dims: readonly number[] = [values.length]): TensorInit {
  return { dataType: DataType.INT64, dims: dims.map(BigInt), int64Data: values.map(BigInt) };
}

function attribute(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { name, type: Kind.INT, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: Kind.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: Kind.INTS, ints: value.map(BigInt) };
  if ('float' in value) return { name, type: Kind.FLOAT, f: value.float };
  if ('floats' in value) return { name, type: Kind.FLOATS, floats: value.floats };
  return { name, type: Kind.TENSOR, t: value as TensorInit };
}

/** One operator; it is called after what it writes. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeInit {
  const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return { opType, input: [...input], output: [...output], name: `${opType} ${output[0]}`, attribute: list };
}

export interface ModelInit {
  readonly nodes: readonly NodeInit[];
  readonly constants?: Readonly<Record<string, TensorInit>>;
  /** Sizes by name, the batch first; text leaves a size open. Default: `x` of `[n, 3, 6, 8]`. */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  /** Default: `y`. */
  readonly outputs?: readonly string[];
  readonly opset?: number;
  /** Sizes that the file states for values between. */
  readonly shapes?: Readonly<Record<string, readonly (number | string)[]>>;
}

export function modelInit({ nodes, constants = {}, inputs, outputs = ['y'], opset = 17, shapes = {} }: ModelInit) {
  const dim = (size: number | string) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  });
  const info = (name: string, dims?: readonly (number | string)[]) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: { elemType: DataType.FLOAT, ...(dims === undefined ? {} : { shape: { dim: dims.map(dim) } }) },
      },
    },
  });
  return {
    irVersion: 8n,
    producerName: 'test',
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    graph: {
      name: 'test',
      node: [...nodes],
      initializer: Object.entries(constants).map(([name, tensor]) => ({ ...tensor, name })),
      input: Object.entries(inputs ?? { x: ['n', 3, 6, 8] }).map(([name, dims]) => info(name, dims)),
      output: outputs.map((name) => info(name)),
      valueInfo: Object.entries(shapes).map(([name, dims]) => info(name, dims)),
    },
  };
}

/** The file's bytes. */
export function model(init: ModelInit): Uint8Array<ArrayBuffer> {
  return encode(modelInit(init));
}

export function encode(init: MessageInitShape<typeof ModelProtoSchema>): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, init));
}
