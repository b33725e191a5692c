/** Element types of tensor files, decoded to float32 (files are little-endian, and so is every platform this runs on). */

import type { NetworkOrigin } from '../network/graph';

export const elementBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;

export type ElementType = keyof typeof elementBytes;

export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(elementBytes, name);
}

/** IEEE 754 binary16 to a number. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Raw little-endian bytes to float32; `bytes.byteLength` is a multiple of the element size. */
export function decodeElements(bytes: ArrayBuffer, type: ElementType): Float32Array {
  switch (type) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F64':
      return Float32Array.from(new Float64Array(bytes));
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes), half);
    case 'BF16': {
      const words = Uint32Array.from(new Uint16Array(bytes), (value) => value << 16);
      return new Float32Array(words.buffer);
    }
    case 'I64':
      return Float32Array.from(new BigInt64Array(bytes), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(bytes));
    case 'I16':
      return Float32Array.from(new Int16Array(bytes));
    case 'I8':
      return Float32Array.from(new Int8Array(bytes));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(new Uint8Array(bytes));
  }
}

const stored: Readonly<Record<NetworkOrigin['elements'], string>> = {
  float32: 'float32',
  float16: 'float16',
  bfloat16: 'bfloat16',
  float64: 'float64',
  uint8: '8-bit whole numbers with a scale',
};

/** Said of a file whose weights are of another type than all that is computed with and written here; else nothing. */
export function widenedNotes(elements: NetworkOrigin['elements']): readonly string[] {
  if (elements === 'float32') return [];
  return [`Its weights are ${stored[elements]}; here, and in every file that is written of it, they are float32.`];
}

/** "float32", and what the weights were where the network came from. */
export function weightsText(elements: NetworkOrigin['elements'] = 'float32'): string {
  return elements === 'float32' ? 'float32' : `float32 (${stored[elements]} in the file the network came from)`;
}
