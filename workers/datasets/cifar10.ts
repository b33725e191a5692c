/**
 * CIFAR-10 in its official binary version: `cifar-10-binary.tar.gz`, or the files in it, loose.
 *
 * A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Parts of the set are welcome: what is
 * missing is named in the notes and the rest is used.
 */
import { kindNames, sniffBlob } from '../formats/sniff';
import { unpackTarGz } from './cifar10/archive';
import { decodeRecords, recordLength } from './cifar10/records';
import { joined, noImages, type Collection } from './collection';
import { DatasetError, type Split } from './dataset';
import { breathe, type WorkOptions } from './work';

const trainFiles = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
const testFile = 'test_batch.bin';
const namesFile = 'batches.meta.txt';
const batchFiles = [...trainFiles, testFile];
const recordsPerBatch = 10_000;

const officialClasses = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Mean and deviation of pixel / 255 over the 50,000 training images, as everyone uses them. */
export const cifarNormalisation = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };

/** Path inside the chosen folder; readers are given it as the file's name. */
const baseName = (file: File): string => file.name.split('/').at(-1) ?? file.name;

const isArchive = (file: File): boolean => /\.(tar\.gz|tgz|gz)$/i.test(file.name);

/** Collects the batch files by name, from archives and loose files alike. */
async function collect(files: readonly File[], options: WorkOptions): Promise<Map<string, Uint8Array>> {
  const known = new Set([...batchFiles, namesFile]);
  const found = new Map<string, Uint8Array>();
  const strangers: File[] = [];
  const keep = (name: string, bytes: Uint8Array): void => {
    if (found.has(name)) throw new DatasetError('format', `"${name}" was opened twice; open it once.`, name);
    found.set(name, bytes);
  };
  for (const file of files) {
    options.signal?.throwIfAborted();
    if (isArchive(file)) {
      for (const [name, bytes] of await unpackTarGz(file, (name) => known.has(name), options)) keep(name, bytes);
    } else if (known.has(baseName(file))) {
      if (file.size > 20 * recordsPerBatch * recordLength) throw tooLarge(file);
      keep(baseName(file), new Uint8Array(await file.arrayBuffer()));
    } else strangers.push(file);
  }
  if (!batchFiles.some((name) => found.has(name))) throw await nothingFound(files, strangers[0]);
  return found;
}

const tooLarge = (file: File): DatasetError =>
  new DatasetError('format', `${file.name} is ${file.size} bytes long; a CIFAR-10 batch is 30,730,000.`, file.name);

async function nothingFound(files: readonly File[], stranger: File | undefined): Promise<DatasetError> {
  const cure = `Open cifar-10-binary.tar.gz or its files ${trainFiles[0]} ... ${testFile}.`;
  if (files.length === 0) return new DatasetError('empty', `No file of CIFAR-10 was opened. ${cure}`);
  if (stranger === undefined) {
    const name = files[0]?.name ?? '';
    return new DatasetError(
      'format',
      `${name} holds no batch of CIFAR-10's binary version (the Python and Matlab versions cannot be read). ${cure}`,
      name,
    );
  }
  const kind = kindNames[await sniffBlob(stranger)];
  return new DatasetError('format', `${stranger.name} is ${kind}, not a batch of CIFAR-10. ${cure}`, stranger.name);
}

/** Ten names, one a line; official names when the file is missing. */
function readClasses(bytes: Uint8Array | undefined): readonly string[] {
  if (bytes === undefined) return officialClasses;
  const names = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.trim());
  const classes = names.filter((name) => name !== '');
  if (classes.length !== officialClasses.length) {
    throw new DatasetError(
      'labels',
      `${namesFile} holds ${classes.length} class names, one a line; CIFAR-10 has ${officialClasses.length}. Leave the ` +
        'file away to use the official names.',
      namesFile,
    );
  }
  return classes;
}

function describeGaps(found: ReadonlyMap<string, Split>, namesKnown: boolean): string[] {
  const notes: string[] = [];
  const missing = batchFiles.filter((name) => !found.has(name));
  const train = trainFiles.reduce((sum, name) => sum + (found.get(name)?.count ?? 0), 0);
  const test = found.get(testFile)?.count ?? 0;
  if (missing.length > 0) {
    const use = `${train.toLocaleString('en')} training and ${test.toLocaleString('en')} test images are used`;
    notes.push(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; ${use}.`);
  }
  for (const [name, { count }] of found) {
    if (count !== recordsPerBatch) {
      notes.push(`${name} has ${count.toLocaleString('en')} images; the official one has 10,000.`);
    }
  }
  if (!namesKnown) notes.push(`${namesFile} is missing; the official class names are used.`);
  return notes;
}

/**
 * Reads CIFAR-10 from an archive, its loose files, or both. The validation split is still to be cut from the end of
 * `train`. Throws `DatasetError`.
 */
export async function readCifar10(files: readonly File[], options: WorkOptions = {}): Promise<Collection> {
  const found = await collect(files, options);
  const classes = readClasses(found.get(namesFile));
  const batches = new Map<string, Split>();
  for (const name of batchFiles) {
    const bytes = found.get(name);
    if (bytes !== undefined) batches.set(name, decodeRecords(bytes, name, classes.length));
    await breathe(options.signal);
  }
  const train = trainFiles.flatMap((name) => batches.get(name) ?? []);
  return {
    source: 'cifar10',
    title: 'CIFAR-10',
    classes,
    shape: [32, 32, 3],
    normalisation: cifarNormalisation,
    flip: true,
    pools: { train: joined(train), validation: null, test: batches.get(testFile) ?? noImages },
    notes: describeGaps(batches, found.has(namesFile)),
  };
}
