/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then raw tensor bytes.
 *
 * Reading is as strict as the reference implementation: header at most 100 MB and an object, no key twice, no overlap, no
 * hole, no byte left over, shape times element size equal to the length. https://huggingface.co/docs/safetensors
 */
import type { Tensor } from '../network/graph';
import { decodeElements, elementBytes, type ElementType, isElementType } from './element-types';
import { FormatError } from './format-error';
import { parseJsonStrictly } from './strict-json';
import { kindNames, sniff } from './sniff';

const maximumHeader = 100_000_000;

export interface TensorEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Byte range in the file, end exclusive. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsIndex {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  const entries = isRecord(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.some(([, text]) => typeof text !== 'string')) {
    throw new FormatError('malformed', 'The header\'s "__metadata__" must map names to texts.', file, '__metadata__');
  }
  return Object.fromEntries(entries.map(([key, text]) => [key, String(text)]));
}

function readEntry(name: string, value: unknown, dataStart: number, file: string): TensorEntry {
  const wrong = (what: string) => new FormatError('malformed', `Tensor "${name}" ${what}.`, file, name);
  if (!isRecord(value)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') throw wrong('has no "dtype"');
  if (!isElementType(dtype)) {
    throw new FormatError(
      'unsupported',
      `Tensor "${name}" has the element type ${dtype}, which is not read here; save it as F32, F16 or BF16.`,
      file,
      name,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw wrong('has a shape that is not a list of sizes');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw wrong('has no pair of "data_offsets"');
  const [begin = 0, end = 0] = offsets;
  const elements = shape.reduce((product: number, size: number) => product * size, 1);
  const bytes = elements * elementBytes[dtype];
  if (!Number.isSafeInteger(bytes)) throw wrong(`claims ${elements} elements, more than any file holds`);
  if (end - begin !== bytes) {
    throw wrong(`occupies ${end - begin} bytes, but shape [${shape.join(', ')}] of ${dtype} needs ${bytes}`);
  }
  return { name, type: dtype, shape, begin: dataStart + begin, end: dataStart + end };
}

function checkLayout(entries: readonly TensorEntry[], dataStart: number, size: number, file: string): void {
  let position = dataStart;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== position) {
      const what =
        entry.begin < position
          ? 'overlaps the tensor before it'
          : `leaves a hole of ${entry.begin - position} bytes before it`;
      throw new FormatError('malformed', `Tensor "${entry.name}" ${what}.`, file, `byte ${entry.begin}`);
    }
    position = entry.end;
  }
  if (position > size) {
    throw new FormatError(
      'truncated',
      `The file ends at byte ${size}, but its tensors need ${position}. Download or copy it again.`,
      file,
      `byte ${size}`,
    );
  }
  if (position < size) {
    throw new FormatError('malformed', `${size - position} bytes follow the last tensor.`, file, `byte ${position}`);
  }
}

/**
 * Lists tensors and metadata without loading values, however large the file.
 * Throws `FormatError` naming file, place and cure.
 */
export async function readSafetensorsIndex(blob: Blob, file: string): Promise<SafetensorsIndex> {
  const head = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
  const kind = sniff(head, blob.size);
  if (kind !== 'safetensors') {
    if (head.length >= 8 && kind === 'unknown') {
      const claimed = new DataView(head.buffer).getBigUint64(0, true);
      if (claimed > BigInt(maximumHeader)) {
        throw new FormatError(
          'not-this-format',
          `A safetensors file starts with the length of its header; this one would be ${claimed} bytes. It is another kind of file or damaged.`,
          file,
          'byte 0',
        );
      }
    }
    throw new FormatError(
      'not-this-format',
      `Expected a safetensors file; this one is ${kindNames[kind]}.`,
      file,
      'byte 0',
    );
  }
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  if (length > maximumHeader) {
    throw new FormatError('malformed', `The header claims ${length} bytes; 100,000,000 are allowed.`, file, 'byte 0');
  }
  if (8 + length > blob.size) {
    throw new FormatError(
      'truncated',
      `The header needs ${length} bytes, but the file has ${blob.size - 8} after its first 8. Download or copy it again.`,
      file,
      `byte ${blob.size}`,
    );
  }
  const bytes = await blob.slice(8, 8 + length).arrayBuffer();
  const header = parseJsonStrictly(bytes, file);
  if (!isRecord(header)) throw new FormatError('malformed', 'The header is not a JSON object.', file, 'byte 8');
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value, 8 + length, file));
  checkLayout(tensors, 8 + length, blob.size, file);
  return { tensors, metadata: readMetadata(header['__metadata__'], file) };
}

/** Loads one listed tensor as float32 (F16, BF16, F64 and integers are converted). */
export async function readTensor(blob: Blob, entry: TensorEntry): Promise<Tensor> {
  const bytes = await blob.slice(entry.begin, entry.end).arrayBuffer();
  return { shape: entry.shape, values: decodeElements(bytes, entry.type) };
}

/**
 * Writes float32 tensors, sorted by name, with metadata; byte-identical for equal content.
 * The header is padded with blanks so that tensor bytes start at a multiple of 8.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors).toSorted();
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let position = 0;
  for (const name of names) {
    const tensor = tensors[name];
    if (tensor === undefined) continue;
    const end = position + tensor.values.byteLength;
    header[name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [position, end] };
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + length + position).fill(0x20, 8, 8 + length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  let offset = 8 + length;
  for (const name of names) {
    const values = tensors[name]?.values ?? new Float32Array();
    out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return out;
}
