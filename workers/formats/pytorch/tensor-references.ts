/** Tensors as a checkpoint describes them: a window with strides onto a storage. Values are gathered on demand. */
import type { Tensor } from '../../network/graph';
import { decodeElements, elementBytes, type ElementType } from '../element-types';
import { FormatError } from '../format-error';
import { isStorageClass, storageTypes } from './allowed-globals';
import { PersistentId, PickleCall, PickleGlobal, PickleTuple, type PickleValue } from './pickle-values';

/** More elements than any weight of a convolutional network has. */
const maximumElements = 2 ** 28;

export interface StorageReference {
  readonly key: string;
  readonly type: ElementType;
  /** Elements, not bytes. */
  readonly length: number;
}

export interface TensorReference {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
}

function items(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  if (value instanceof PickleTuple) return value.items;
  // torch.Size is a call around a tuple.
  if (value instanceof PickleCall && value.callee.name === 'Size') return items(value.parameters[0]);
  return Array.isArray(value) ? value : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  const list = items(value);
  return list?.every(isCount) === true ? list : undefined;
}

/**
 * `('storage', torch.FloatStorage, key, location, elements)`, as both zip and legacy files write it; a text says why it is
 * none that can be read.
 */
function describedStorage(value: PickleValue | undefined): StorageReference | string {
  const [tag, type, key, , length, view] = (value instanceof PersistentId ? items(value.id) : undefined) ?? [];
  if (tag !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !isCount(length)) {
    return 'does not say which storage it lies in';
  }
  if (!isStorageClass(type.name)) return `lies in a ${type.path}, which is none of the known element types`;
  if (view !== undefined && view !== null) return 'lies in a view of another storage, as only very old files do';
  return { key, type: storageTypes[type.name], length };
}

/** The storage a reference means; undefined when it means none that can be read. */
export function storageReference(reference: PersistentId): StorageReference | undefined {
  const storage = describedStorage(reference);
  return typeof storage === 'string' ? undefined : storage;
}

/** The tensor a value describes; undefined when it is something else. Throws `FormatError` for one that cannot be. */
export function tensorReference(name: string, value: PickleValue, file: string): TensorReference | undefined {
  if (!(value instanceof PickleCall)) return undefined;
  const wrong = (what: string) => new FormatError('malformed', `Tensor "${name}" ${what}.`, file, name);
  const { callee, parameters } = value;
  if (
    callee.name === '_rebuild_parameter' ||
    callee.name === '_rebuild_parameter_with_state' ||
    callee.name === 'Parameter'
  ) {
    return tensorReference(name, parameters[0] ?? null, file);
  }
  if (callee.name === '_rebuild_from_type_v2') {
    const [rebuild, , inner] = parameters;
    if (!(rebuild instanceof PickleGlobal)) throw wrong('is of a class that is not known');
    return tensorReference(name, new PickleCall(rebuild, items(inner) ?? []), file);
  }
  if (callee.name !== '_rebuild_tensor_v2' && callee.name !== '_rebuild_tensor') return undefined;
  const storage = describedStorage(parameters[0]);
  if (typeof storage === 'string') throw wrong(storage);
  const [, offset, sizes, steps] = parameters;
  const shape = counts(sizes);
  const strides = counts(steps);
  if (!isCount(offset) || shape === undefined || strides?.length !== shape.length) {
    throw wrong('has no proper offset, sizes and strides');
  }
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements > maximumElements) throw wrong(`claims ${elements} elements, more than any layer has`);
  const last = shape.reduce((at, size, axis) => at + (size - 1) * (strides[axis] ?? 0), offset);
  if (elements > 0 && last >= storage.length) {
    throw wrong(`reaches element ${last} of a storage of ${storage.length}`);
  }
  return { storage, offset, shape, strides };
}

/** Gathers a tensor from the bytes of its storage. */
export function gatherTensor({ storage, offset, shape, strides }: TensorReference, bytes: ArrayBuffer): Tensor {
  const size = elementBytes[storage.type];
  const elements = shape.reduce((product, axis) => product * axis, 1);
  if (isContiguous(shape, strides)) {
    return { shape, values: decodeElements(bytes.slice(offset * size, (offset + elements) * size), storage.type) };
  }
  const all = decodeElements(bytes.slice(0, storage.length * size), storage.type);
  const values = new Float32Array(elements);
  const position = shape.map(() => 0);
  let from = offset;
  for (let at = 0; at < elements; at++) {
    values[at] = all[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        position[axis] = next;
        break;
      }
      from -= next * (strides[axis] ?? 0);
      position[axis] = 0;
    }
  }
  return { shape, values };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}
