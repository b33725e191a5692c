/** Which of the dropped or chosen files are a network, which are data, and which the studio cannot read. */
import type { DataSource } from '../../workers/protocol';

export interface SortedFiles {
  /** The network's file first, then what travels with it (a JSON with its normalisation). */
  readonly network: readonly File[];
  readonly data: { readonly source: DataSource; readonly files: readonly File[] } | null;
  /** Setups, recipes and lessons (JSON that came without a network), and traces. */
  readonly documents: readonly File[];
  readonly unknown: readonly File[];
}

/** Endings of files that hold a network; some are only recognised to be refused with advice. */
const networkEndings = [
  '.safetensors',
  '.espalier',
  '.onnx',
  '.h5',
  '.hdf5',
  '.keras',
  '.pt',
  '.pth',
  '.th',
  'model.json',
  'pytorch_model.bin',
];
const imageEndings = ['.png', '.jpg', '.jpeg', '.webp', '.gif', '.bmp'];

/** For file pickers. */
export const networkAccept = '.safetensors,.espalier,.onnx,.data,.h5,.hdf5,.keras,.pt,.pth,.th,.json,.bin';
export const dataAccept = '.tar.gz,.tgz,.gz,.bin,.zip,.txt';

export function sortFiles(files: readonly File[]): SortedFiles {
  const ends = (file: File, endings: readonly string[]) =>
    endings.some((ending) => file.name.toLowerCase().endsWith(ending));
  const json = files.filter((file) => ends(file, ['.json']));
  const named = files.filter((file) => ends(file, networkEndings));
  // Weights in files of their own: shards of a TF.js model, external data of ONNX.
  const mayHaveShards = named.length > 0 || json.length > 0;
  const shards = mayHaveShards ? files.filter((file) => isShard(file.name) && !named.includes(file)) : [];
  const networks = named.length > 0 || shards.length === 0 ? named : json;
  const beside = networks.length > 0 ? [...json.filter((file) => !networks.includes(file)), ...shards] : [];
  const cifar = files.filter(
    (file) =>
      ends(file, ['.tar.gz', '.tgz', '.bin', 'batches.meta.txt']) && !shards.includes(file) && !named.includes(file),
  );
  const zips = files.filter((file) => ends(file, ['.zip']));
  const images = files.filter((file) => ends(file, imageEndings));
  const lists = images.length > 0 ? files.filter((file) => isBesideMasks(file.name)) : [];
  const data = dataOf(cifar, zips, images, lists);
  const traces = files.filter((file) => ends(file, ['.trace']));
  const documents = [...traces, ...(networks.length > 0 || images.length > 0 ? [] : json)];
  const known = new Set<File>([...networks, ...beside, ...documents, ...(data?.files ?? [])]);
  return { network: [...networks, ...beside], data, documents, unknown: files.filter((file) => !known.has(file)) };
}

/** Raw numbers that are no batch of CIFAR-10. */
function isShard(path: string): boolean {
  return /\.(bin|data)$/i.test(path) && !/(data_batch_\d+|test_batch)\.bin$/i.test(path);
}

/** What may lie in a folder of images with masks, and is needed to read it: lists of splits, names of classes. */
function isBesideMasks(path: string): boolean {
  return /\/((train|training|val|valid|validation|test)\.txt|classes\.json)$/i.test(path);
}

function dataOf(
  cifar: readonly File[],
  zips: readonly File[],
  images: readonly File[],
  lists: readonly File[],
): SortedFiles['data'] {
  const [zip] = zips;
  if (cifar.length > 0) return { source: { source: 'cifar10' }, files: cifar };
  if (zip !== undefined) return { source: { source: 'folder', name: zip.name.replace(/\.zip$/i, '') }, files: [zip] };
  if (images.length === 0) return null;
  const folder = pathOf(images[0]).split('/')[0] ?? 'images';
  return { source: { source: 'folder', name: folder }, files: [...images, ...lists] };
}

/** Path inside the chosen or dropped folder. */
function pathOf(file: File | undefined): string {
  if (file === undefined) return '';
  // Absent outside browsers, empty for files that were not chosen with their folder.
  return file.webkitRelativePath ? file.webkitRelativePath : file.name;
}
