/** Opens whatever network file a person brings: sniffs it, reads it, or says what it is and what to do. */
import type { Network } from '../network/graph';
import { FormatError } from './format-error';
import { readNetworkFile } from './network-file';
import { type Project, readProject } from './project';
import { readSidecar } from './sidecar';
import { type FileKind, kindNames, sniffBlob } from './sniff';

export interface OpenedFile {
  readonly network: Network;
  /** What was guessed or left out: shown, never silent. */
  readonly notes: readonly string[];
  /** Present when the file was a project. */
  readonly project?: Project | undefined;
}

/** What to do with a kind that is understood but not read. */
const advice: Partial<Readonly<Record<FileKind, string>>> = {
  onnx: 'ONNX networks are not read yet; save the weights as safetensors.',
  hdf5: 'Keras files are not read yet; save the weights as safetensors.',
  pickle: 'Pickles can run code and are never opened; save the weights with safetensors.torch.save_file.',
  html: 'The download brought a web page instead of the file; fetch the raw file.',
  'git-lfs': 'Fetch the file itself with "git lfs pull" or from its raw address.',
  empty: 'Download or copy it again.',
};

interface Sniffed {
  readonly file: File;
  readonly kind: FileKind;
}

function refuse({ file, kind }: Sniffed): FormatError {
  const known = advice[kind];
  const cure = known ?? 'Open a .safetensors file or an Espalier project.';
  return new FormatError(
    known === undefined ? 'not-this-format' : 'unsupported',
    `The file is ${kindNames[kind]}. ${cure}`,
    file.name,
    'byte 0',
  );
}

/**
 * Opens a network from the files dropped together: one safetensors file, with or without a JSON that describes its
 * input beside it, or one project. Throws `FormatError`.
 */
export async function openNetworkFiles(files: readonly File[]): Promise<OpenedFile> {
  const sniffed = await Promise.all(
    files.map(async (file): Promise<Sniffed> => ({ file, kind: await sniffBlob(file) })),
  );
  const [first] = sniffed;
  if (first === undefined) throw new FormatError('not-this-format', 'No file was given.', 'nothing', 'files');
  const archive = sniffed.find(({ kind }) => kind === 'zip');
  if (archive !== undefined) {
    const project = await readProject(archive.file, archive.file.name);
    return { network: project.network, notes: [], project };
  }
  const weights = sniffed.filter(({ kind }) => kind === 'safetensors');
  const [chosen] = weights;
  if (chosen === undefined) throw refuse(sniffed.find(({ kind }) => kind !== 'json') ?? first);
  if (weights.length > 1) {
    const names = weights.map(({ file }) => file.name).join(', ');
    throw new FormatError(
      'malformed',
      `Several weight files were given (${names}); open one at a time.`,
      chosen.file.name,
      'files',
    );
  }
  const beside = sniffed.find(({ kind }) => kind === 'json');
  const sidecar = beside === undefined ? undefined : await readSidecar(beside.file, beside.file.name);
  return readNetworkFile(chosen.file, chosen.file.name, sidecar);
}
