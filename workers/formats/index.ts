/**
 * Opens whatever network file a person brings: sniffs it, hands it to its reader, or says what it is and what to do.
 * And the way back: the formats a network can leave in.
 *
 * Readers and writers are loaded when they are first needed, so that a format's libraries cost nobody else.
 */
import type { Network, NetworkFormat } from '../network/graph';
import type { OpenedFile, ReadableFormat, SniffedFile, WritableFormat, WrittenFile } from './format';
import { FormatError } from './format-error';
import { type FileKind, kindNames, sniffBlob } from './sniff';

const readable: readonly ReadableFormat[] = [
  { kinds: ['safetensors'], load: async () => (await import('./network-file')).safetensorsReader },
  { kinds: ['onnx'], load: async () => (await import('./onnx/read')).onnxReader },
  { kinds: ['zip'], load: async () => (await import('./archive-reader')).archiveReader },
  { kinds: ['hdf5'], load: async () => (await import('./keras/h5-reader')).h5Reader },
  { kinds: ['tfjs'], load: async () => (await import('./tfjs/reader')).tfjsReader },
  { kinds: ['pickle'], load: async () => (await import('./pytorch/reader')).pytorchReader },
];

/** Formats that a network can be written in, in the order they are offered. */
export const writableFormats: readonly WritableFormat[] = [
  {
    id: 'safetensors',
    title: 'safetensors',
    extension: '.safetensors',
    load: async () => (await import('./network-file')).safetensorsWriter,
  },
  { id: 'onnx', title: 'ONNX', extension: '.onnx', load: async () => (await import('./onnx/write')).onnxWriter },
  {
    id: 'tfjs-layers',
    title: 'TF.js LayersModel',
    extension: '.json',
    load: async () => (await import('./tfjs/writer')).layersModelWriter,
  },
  {
    id: 'pytorch',
    title: 'PyTorch source',
    extension: '.py',
    isSource: true,
    load: async () => (await import('./source/writers')).pytorchSourceWriter,
  },
  {
    id: 'keras',
    title: 'Keras source',
    extension: '.keras.py',
    isSource: true,
    load: async () => (await import('./source/writers')).kerasSourceWriter,
  },
];

/** What to do with a kind that is understood but not read. */
const advice: Partial<Readonly<Record<FileKind, string>>> = {
  json: 'Open the file of weights it belongs to, together with it.',
  html: 'The download brought a web page instead of the file; fetch the raw file.',
  'git-lfs': 'Fetch the file itself with "git lfs pull" or from its raw address.',
  empty: 'Download or copy it again.',
};

function refuse({ file, kind }: SniffedFile): FormatError {
  const known = advice[kind];
  const cure = known ?? 'Networks are read from ONNX, Keras, TF.js, PyTorch, safetensors and Espalier files.';
  return new FormatError(
    known === undefined ? 'not-this-format' : 'unsupported',
    `The file is ${kindNames[kind]}. ${cure}`,
    file.name,
    'byte 0',
  );
}

/** Protobuf begins with no mark of its own: an ONNX file in an unusual order is known by its name. */
async function kindOf(file: File): Promise<FileKind> {
  const kind = await sniffBlob(file);
  return kind === 'unknown' && /\.onnx$/i.test(file.name) ? 'onnx' : kind;
}

function formatOf(kind: FileKind): ReadableFormat | undefined {
  return readable.find(({ kinds }) => kinds.includes(kind));
}

/**
 * Opens a network from the files dropped together: one that holds a network, and what belongs to it (a JSON that
 * describes its input, weight shards, external data). Throws `FormatError`.
 */
export async function openNetworkFiles(files: readonly File[]): Promise<OpenedFile> {
  const sniffed = await Promise.all(files.map(async (file) => ({ file, kind: await kindOf(file) })));
  const [first] = sniffed;
  if (first === undefined) throw new FormatError('not-this-format', 'No file was given.', 'nothing', 'files');
  // Shards of raw numbers may begin with any bytes, so the model that names them decides.
  const tfjs = sniffed.filter(({ kind }) => kind === 'tfjs');
  const candidates = tfjs.length > 0 ? tfjs : sniffed.filter(({ kind }) => formatOf(kind) !== undefined);
  const [main, ...others] = candidates;
  const format = main === undefined ? undefined : formatOf(main.kind);
  if (main === undefined || format === undefined) throw refuse(sniffed.find(({ kind }) => kind !== 'json') ?? first);
  if (others.length > 0) {
    const names = [main, ...others].map(({ file }) => file.name).join(', ');
    throw new FormatError(
      'malformed',
      `Several network files were given (${names}); open one at a time.`,
      main.file.name,
      'files',
    );
  }
  const reader = await format.load();
  return reader.read(
    main,
    sniffed.filter((one) => one !== main),
  );
}

/** Writes `network` in a format; file names begin with `stem`. Throws `FormatError` for what the format cannot hold. */
export async function writeNetworkFiles(
  network: Network,
  format: NetworkFormat,
  stem: string,
): Promise<readonly WrittenFile[]> {
  const found = writableFormats.find(({ id }) => id === format);
  if (found === undefined) {
    const titles = writableFormats.map(({ title }) => title).join(', ');
    throw new FormatError('unsupported', `Networks are not written as ${format}, only as ${titles}.`, stem, 'format');
  }
  const writer = await found.load();
  return writer.write(network, stem);
}
