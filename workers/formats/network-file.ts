/**
 * A network as one safetensors file.
 *
 * Ours carry their own structure (`espalier.network` in the metadata) and a seal, so a pruned or factored network reopens
 * without any code and any changed byte is found. Files of other programs are recognised by names and shapes.
 */
import type { Network, Tensor, TensorName } from '../network/graph';
import { NetworkError } from '../network/graph';
import { networkFromJson, networkToJson } from '../network/json';
import { validateNetwork } from '../network/validate';
import type { NetworkReader, NetworkWriter, OpenedFile } from './format';
import { FormatError } from './format-error';
import { recogniseNetwork } from './recognise';
import { readSafetensorsIndex, readTensor, type SafetensorsIndex, writeSafetensors } from './safetensors';
import { checkSeal, seal, sealPlaceholder } from './seal';
import { type Sidecar, sidecarOf } from './sidecar';

const structureKey = 'espalier.network';
const sealKey = 'espalier.sha256';
const marker = `"${sealKey}":"`;

/** Writes a network with its structure and a seal over the whole file; equal networks give equal bytes. */
export async function writeNetworkFile(network: Network): Promise<Uint8Array<ArrayBuffer>> {
  const metadata = { [structureKey]: networkToJson(network), [sealKey]: sealPlaceholder };
  return seal(writeSafetensors(network.tensors, metadata), { marker });
}

async function loadTensors(blob: Blob, index: SafetensorsIndex): Promise<Record<TensorName, Tensor>> {
  const tensors: Record<TensorName, Tensor> = {};
  for (const entry of index.tensors) tensors[entry.name] = await readTensor(blob, entry);
  return tensors;
}

async function readOwn(blob: Blob, index: SafetensorsIndex, file: string): Promise<OpenedFile> {
  const state = await checkSeal(new Uint8Array(await blob.arrayBuffer()), { marker });
  if (state !== 'fits') {
    const problem =
      'The file was changed or damaged after it was written: its checksum does not fit. Export or copy it again.';
    throw new FormatError('corrupt', problem, file, sealKey);
  }
  const { graph, meta } = networkFromJson(index.metadata[structureKey] ?? '');
  return { network: { graph, meta, tensors: await loadTensors(blob, index) }, notes: [] };
}

function readForeign(blob: Blob, index: SafetensorsIndex, file: string, sidecar?: Sidecar): Promise<OpenedFile> {
  const tensors = index.tensors.map((entry) => ({
    name: entry.name,
    shape: entry.shape,
    load: () => readTensor(blob, entry),
  }));
  const types = new Set(index.tensors.map(({ type }) => type));
  const elements = types.has('BF16')
    ? 'bfloat16'
    : types.has('F16')
      ? 'float16'
      : types.has('F64')
        ? 'float64'
        : 'float32';
  return recogniseNetwork({ tensors, format: 'safetensors', elements }, file, sidecar);
}

/**
 * Reads a safetensors file as a network. Throws `FormatError` naming file, place and cure.
 */
export async function readNetworkFile(blob: Blob, file: string, sidecar?: Sidecar): Promise<OpenedFile> {
  const index = await readSafetensorsIndex(blob, file);
  try {
    const own = structureKey in index.metadata || sealKey in index.metadata;
    const read = await (own ? readOwn(blob, index, file) : readForeign(blob, index, file, sidecar));
    validateNetwork(read.network);
    return read;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new FormatError('malformed', error.message, file, error.layer ?? structureKey);
  }
}

/** One safetensors file, with or without a JSON beside it that describes the input. */
export const safetensorsReader: NetworkReader = {
  async read({ file }, beside) {
    return readNetworkFile(file, file.name, await sidecarOf(beside));
  },
};

/** The studio's own form: structure and seal in the metadata. */
export const safetensorsWriter: NetworkWriter = {
  write: async (network, stem) => [{ name: `${stem}.safetensors`, bytes: await writeNetworkFile(network) }],
};
