/** TensorProto to numbers: every element type, raw or typed fields, inside the file or beside it. */
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf';
import { decodeElements, type ElementType } from '../element-types';
import { FormatError } from '../format-error';
import type { Constant } from './constant';

/** Bytes of tensors that lie in other files, by the location and range their tensor names. */
export type ExternalBytes = ReadonlyMap<TensorProto, Uint8Array>;

/** ONNX's numbers for element types (TensorProto.DataType), as plain numbers: files hold what they like. */
export const code = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  BFLOAT16: 16,
} as const;

const floats: Partial<Readonly<Record<number, ElementType>>> = {
  [code.FLOAT]: 'F32',
  [code.FLOAT16]: 'F16',
  [code.BFLOAT16]: 'BF16',
};

type Decode = (view: DataView, at: number) => number;
const wholes: Partial<Readonly<Record<number, readonly [bytes: number, decode: Decode]>>> = {
  [code.UINT8]: [1, (view, at) => view.getUint8(at)],
  [code.INT8]: [1, (view, at) => view.getInt8(at)],
  [code.BOOL]: [1, (view, at) => view.getUint8(at)],
  [code.UINT16]: [2, (view, at) => view.getUint16(at, true)],
  [code.INT16]: [2, (view, at) => view.getInt16(at, true)],
  [code.UINT32]: [4, (view, at) => view.getUint32(at, true)],
  [code.INT32]: [4, (view, at) => view.getInt32(at, true)],
  [code.UINT64]: [8, (view, at) => Number(view.getBigUint64(at, true))],
  [code.INT64]: [8, (view, at) => Number(view.getBigInt64(at, true))],
  [code.DOUBLE]: [8, (view, at) => view.getFloat64(at, true)],
};

/** "FLOAT16": how ONNX calls an element type. */
export function typeName(dataType: number): string {
  return TensorProto_DataType[dataType] ?? `number ${dataType}`;
}

function place(tensor: TensorProto): string {
  return tensor.name === '' ? 'a constant without a name' : tensor.name;
}

/** Sizes as numbers. Throws `FormatError` for a negative size and for more elements than any file holds. */
export function dimsOf(tensor: TensorProto, file: string): readonly number[] {
  const dims = tensor.dims.map(Number);
  const negative = dims.find((size) => size < 0);
  if (negative !== undefined) {
    throw new FormatError('malformed', `Tensor "${place(tensor)}" has the size ${negative}.`, file, place(tensor));
  }
  const count = dims.reduce((product, size) => product * size, 1);
  if (count > Number.MAX_SAFE_INTEGER) {
    const problem = `Tensor "${place(tensor)}" claims ${count} elements, more than any file holds.`;
    throw new FormatError('malformed', problem, file, place(tensor));
  }
  return dims;
}

/** Values of the typed fields; halves stand as bits in the field for 32-bit whole numbers. */
function fromFields(tensor: TensorProto): Float32Array | Float64Array {
  const { dataType } = tensor;
  switch (dataType) {
    case code.FLOAT:
      return Float32Array.from(tensor.floatData);
    case code.DOUBLE:
      return Float64Array.from(tensor.doubleData);
    case code.FLOAT16:
    case code.BFLOAT16:
      return decodeElements(Uint16Array.from(tensor.int32Data).buffer, dataType === code.FLOAT16 ? 'F16' : 'BF16');
    case code.INT64:
      return Float64Array.from(tensor.int64Data, Number);
    case code.UINT64:
    case code.UINT32:
      return Float64Array.from(tensor.uint64Data, Number);
    default:
      return Float64Array.from(tensor.int32Data);
  }
}

function fromBytes(bytes: Uint8Array, dataType: number, count: number): Float32Array | Float64Array {
  const float = floats[dataType];
  if (float !== undefined) return decodeElements(bytes.slice().buffer, float);
  const [size, decode] = wholes[dataType] ?? [1, () => 0];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: count }, (_, at) => decode(view, at * size));
}

/** Reads a tensor's numbers. Throws `FormatError` naming the tensor: unreadable type, or data that does not fit. */
export function readTensorProto(tensor: TensorProto, external: ExternalBytes, file: string): Constant {
  const { dataType } = tensor;
  const dims = dimsOf(tensor, file);
  const count = dims.reduce((product, size) => product * size, 1);
  const bytesEach = dataType === code.FLOAT ? 4 : floats[dataType] === undefined ? wholes[dataType]?.[0] : 2;
  if (bytesEach === undefined) {
    const problem = `Tensor "${place(tensor)}" has the element type ${typeName(dataType)}, which is not read here; save it as FLOAT.`;
    throw new FormatError('unsupported', problem, file, place(tensor));
  }
  const outside = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const bytes = outside ? (external.get(tensor) ?? new Uint8Array()) : tensor.rawData;
  const fields = outside || bytes.length > 0 ? undefined : fromFields(tensor);
  const found = fields === undefined ? bytes.length : fields.length;
  const wanted = fields === undefined ? count * bytesEach : count;
  if (found !== wanted) {
    const unit = fields === undefined ? 'bytes' : 'numbers';
    const problem = `Tensor "${place(tensor)}" holds ${found} ${unit}, but shape [${dims.join(', ')}] of ${typeName(dataType)} needs ${wanted}.`;
    throw new FormatError(found < wanted ? 'truncated' : 'malformed', problem, file, place(tensor));
  }
  const values = fields ?? fromBytes(bytes, dataType, count);
  const isFloat = floats[dataType] !== undefined || dataType === code.DOUBLE;
  return { dims, values, type: isFloat ? 'float' : dataType === code.BOOL ? 'boolean' : 'integer' };
}
