/**
 * Content hashes: equal hash, equal network, whatever order its fields and tensors were written in.
 */
import type { Graph, Network, TensorName } from './graph';
import { NetworkError } from './graph';
import { expectedTensors } from './tensor-shapes';

/**
 * SHA-256 (hex) over structure and tensors. The meta (name, class names, history) is not part of it, nor are tensors
 * that no layer names. Throws `NetworkError` for a missing tensor.
 */
export async function networkHash({ graph, tensors }: Network): Promise<string> {
  const hashes: Record<TensorName, unknown> = {};
  for (const { name, layers } of expectedTensors(graph).values()) {
    const tensor = tensors[name];
    if (tensor === undefined) throw new NetworkError(`Tensor "${name}" is missing.`, layers[0]);
    // Float32Array is little-endian on every machine a browser runs on. `slice` also leaves shared memory behind,
    // which crypto.subtle refuses.
    hashes[name] = { shape: tensor.shape, sha256: await sha256(tensor.values.slice()) };
  }
  return sha256(canonicalBytes({ graph, tensors: hashes }));
}

/** SHA-256 (hex) over the structure alone: layers, their settings and tensor names, outputs. */
export function structureHash(graph: Graph): Promise<string> {
  return sha256(canonicalBytes({ graph }));
}

async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with object keys in code-unit order and absent fields left out, as UTF-8. */
function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value, sortedKeys));
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
