/**
 * A network as one safetensors file.
 *
 * Ours carry their own structure (`espalier.network` in the metadata) and a seal, so a pruned or factored network reopens
 * without any code and any changed byte is found. Files of other programs are recognised by names and shapes.
 */
import type { Network, NetworkMeta, Normalisation, Tensor, TensorName } from '../network/graph';
import { NetworkError } from '../network/graph';
import { networkFromJson, networkToJson } from '../network/json';
import { validateNetwork } from '../network/validate';
import { type ForeignTensors, fromPyTorch, plainNames, type Recogniser, type Recognition } from './foreign-names';
import type { NetworkReader, NetworkWriter, OpenedFile } from './format';
import { FormatError } from './format-error';
import { recogniseResNet } from './recognise-resnet';
import { recogniseVgg } from './recognise-vgg';
import { readSafetensorsIndex, readTensor, type SafetensorsIndex, writeSafetensors } from './safetensors';
import { checkSeal, seal, sealPlaceholder } from './seal';
import { readSidecar, type Sidecar } from './sidecar';

const structureKey = 'espalier.network';
const sealKey = 'espalier.sha256';
const marker = `"${sealKey}":"`;

const recognisers: readonly Recogniser[] = [recogniseResNet, recogniseVgg];

/** What most CIFAR checkpoints of PyTorch were trained with: the statistics of ImageNet. */
const usualNormalisation: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

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

/** Every tensor is used once and has the shape its place asks for; anything else would be a guess. */
function checkUse(recognition: Recognition, tensors: ForeignTensors, file: string): void {
  const used = new Set(recognition.tensors.values());
  const missing = [...used].find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new FormatError(
      'unrecognised',
      `This looks like ${recognition.name}, but "${missing}" is missing.`,
      file,
      missing,
    );
  }
  const extra = [...tensors.keys()].find((name) => !used.has(name));
  if (extra !== undefined) {
    const problem = `This looks like ${recognition.name}, but nothing in it uses "${extra}".`;
    throw new FormatError('unrecognised', problem, file, extra);
  }
}

async function readForeign(blob: Blob, index: SafetensorsIndex, file: string, sidecar?: Sidecar): Promise<OpenedFile> {
  const named = plainNames(index.tensors);
  let recognition: Recognition | undefined;
  for (const recognise of recognisers) recognition ??= recognise(named, file);
  if (recognition === undefined) {
    const some = [...named.keys()].slice(0, 3).join(', ') || 'none';
    const problem = `Its tensors (${some}, ...) are of no architecture known here. Known: CIFAR ResNets, VGG-16 with batch norm, and every file this studio wrote.`;
    throw new FormatError('unrecognised', problem, file, 'tensor names');
  }
  checkUse(recognition, named, file);
  const depthwise = new Set(
    recognition.graph.layers.flatMap((layer) => (layer.op === 'depthwise' ? [layer.kernel] : [])),
  );
  const tensors: Record<TensorName, Tensor> = {};
  for (const [ours, theirs] of recognition.tensors) {
    const entry = named.get(theirs);
    if (entry !== undefined) tensors[ours] = fromPyTorch(await readTensor(blob, entry), depthwise.has(ours));
  }
  const notes = [...recognition.notes];
  if (sidecar?.normalisation === undefined) {
    notes.push(
      'The file does not say how its input is normalised; the usual mean and standard deviation of ImageNet are assumed.',
    );
  }
  const meta: NetworkMeta = {
    name: recognition.name,
    normalisation: sidecar?.normalisation ?? usualNormalisation,
    history: [],
    ...(sidecar?.classes === undefined ? {} : { classes: sidecar.classes }),
  };
  return { network: { graph: recognition.graph, tensors, meta }, notes };
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
    const json = beside.find(({ kind }) => kind === 'json');
    const sidecar = json === undefined ? undefined : await readSidecar(json.file, json.file.name);
    return readNetworkFile(file, file.name, sidecar);
  },
};

/** The studio's own form: structure and seal in the metadata. */
export const safetensorsWriter: NetworkWriter = {
  write: async (network, stem) => [{ name: `${stem}.safetensors`, bytes: await writeNetworkFile(network) }],
};
