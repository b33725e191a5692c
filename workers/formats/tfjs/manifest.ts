/** The weights of TF.js models: a manifest in `model.json`, and shards of raw bytes beside it, possibly quantised. */
import * as v from 'valibot';
import type { NetworkOrigin, Tensor } from '../../network/graph';
import { decodeElements } from '../element-types';
import type { SniffedFile } from '../format';
import { FormatError } from '../format-error';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const WeightSchema = v.object({
  name: v.string(),
  shape: v.array(count),
  dtype: v.string(),
  quantization: v.optional(v.object({ dtype: v.string(), scale: v.optional(v.number()), min: v.optional(v.number()) })),
});
const ManifestSchema = v.array(v.object({ paths: v.array(v.string()), weights: v.array(WeightSchema) }));

type WeightEntry = v.InferOutput<typeof WeightSchema>;

export interface TfjsWeights {
  /** Names of the files they lie in. */
  readonly shards: readonly string[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly elements: NetworkOrigin['elements'];
}

/** The last part of a path, as people drop files without their folders. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** Bytes of one element as stored. */
function storedType({ dtype, quantization }: WeightEntry): 'U8' | 'U16' | 'F16' | 'F32' | 'I32' | 'BOOL' | undefined {
  const stored = quantization?.dtype ?? dtype;
  const types = { uint8: 'U8', uint16: 'U16', float16: 'F16', float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
  return Object.hasOwn(types, stored) ? types[stored as keyof typeof types] : undefined;
}

const bytesOf = { U8: 1, U16: 2, F16: 2, F32: 4, I32: 4, BOOL: 1 } as const;

function decode(entry: WeightEntry, bytes: ArrayBuffer): Float32Array {
  const type = storedType(entry);
  const plain = type === 'U16' ? Float32Array.from(new Uint16Array(bytes)) : decodeElements(bytes, type ?? 'F32');
  const { scale, min } = entry.quantization ?? {};
  if (type !== 'U8' && type !== 'U16') return plain;
  return scale === undefined ? plain : plain.map((value) => value * scale + (min ?? 0));
}

/** Reads all weights. Throws `FormatError`: shards that are missing (named), too short or too long, types not known. */
export async function readWeights(
  manifest: unknown,
  beside: readonly SniffedFile[],
  file: string,
): Promise<TfjsWeights> {
  const checked = v.safeParse(ManifestSchema, manifest);
  if (!checked.success) {
    const [issue] = checked.issues;
    const place = `weightsManifest.${v.getDotPath(issue) ?? ''}`;
    throw new FormatError('malformed', `"${place}" is wrong: ${issue.message}.`, file, place);
  }
  const wanted = checked.output.flatMap(({ paths }) => paths);
  const missing = wanted.filter((path) => !beside.some((other) => baseName(other.file.name) === baseName(path)));
  if (missing.length > 0) {
    const names = missing.map(baseName).join(', ');
    const text = `Its weights lie in ${wanted.length === 1 ? 'a file' : `${wanted.length} files`} beside it, and ${names} ${missing.length === 1 ? 'is' : 'are'} missing; open model.json and its shards together.`;
    throw new FormatError('unsupported', text, file, 'weightsManifest');
  }
  const tensors = new Map<string, Tensor>();
  const kinds = new Set<string>();
  for (const group of checked.output) {
    const shards = await Promise.all(group.paths.map((path) => shardBytes(path, beside)));
    const bytes = new Uint8Array(await new Blob(shards).arrayBuffer());
    let position = 0;
    for (const entry of group.weights) {
      const type = storedType(entry);
      if (type === undefined) {
        const stored = entry.quantization?.dtype ?? entry.dtype;
        throw new FormatError(
          'unsupported',
          `Weight "${entry.name}" is of type ${stored}, which is not read.`,
          file,
          entry.name,
        );
      }
      const length = entry.shape.reduce((product, axis) => product * axis, 1) * bytesOf[type];
      if (position + length > bytes.length) {
        const text = `The shards ${group.paths.join(', ')} end at byte ${bytes.length}, but weight "${entry.name}" needs ${position + length}. Get them again.`;
        throw new FormatError('truncated', text, file, entry.name);
      }
      tensors.set(entry.name, {
        shape: entry.shape,
        values: decode(entry, bytes.slice(position, position + length).buffer),
      });
      kinds.add(type);
      position += length;
    }
    if (position < bytes.length) {
      const text = `The shards ${group.paths.join(', ')} hold ${bytes.length - position} bytes more than their weights need.`;
      throw new FormatError('malformed', text, file, 'weightsManifest');
    }
  }
  return {
    shards: wanted.map(baseName),
    tensors,
    elements: kinds.has('F16') ? 'float16' : kinds.has('U8') || kinds.has('U16') ? 'uint8' : 'float32',
  };
}

function shardBytes(path: string, beside: readonly SniffedFile[]): Promise<ArrayBuffer> {
  const found = beside.find(({ file }) => baseName(file.name) === baseName(path));
  return found === undefined ? Promise.resolve(new ArrayBuffer(0)) : found.file.arrayBuffer();
}
