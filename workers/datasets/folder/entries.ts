/** Files of a dropped folder or of a zip archive, as one list of paths that can be read. */
import { BlobReader, configure, Uint8ArrayWriter, ZipReader, type FileEntry } from '@zip.js/zip.js';
import { kindNames, sniffBlob } from '../../formats/sniff';
import { DatasetError, reasonOf } from '../dataset';
import { breathe } from '../work';

// Codec workers would be made from blob URLs, which the content security policy forbids; this is a worker already.
configure({ useWebWorkers: false });

/** One file inside the folder or archive. */
export interface Entry {
  /** Folders and name, joined by `/`. */
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Reads and, in an archive, checks the bytes against their checksum. Throws `DatasetError`. */
  read(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

const mostEntries = 200_000;
const largestEntry = 64e6;
/** Images hardly shrink, so an entry that unpacks a thousandfold is a trap. */
const largestRatio = 1000;

/** Whether a path stays inside its folder. Others are left out. */
function isInside(path: string): boolean {
  return !path.startsWith('/') && !/^[a-z]:/i.test(path) && !path.includes('\\') && !path.split('/').includes('..');
}

function tooMany(name: string): DatasetError {
  return new DatasetError(
    'format',
    `${name} holds more than ${mostEntries.toLocaleString('en')} files. Open a folder with fewer images.`,
    name,
  );
}

function tooLarge(path: string, size: number, archive: string): DatasetError {
  return new DatasetError(
    'format',
    `${archive}: "${path}" is ${size} bytes long, more than an image may be (${largestEntry}). Leave it out.`,
    archive,
  );
}

/** The files themselves; their names are paths where they came out of a folder. */
function looseEntries(files: readonly File[]): Entry[] {
  if (files.length > mostEntries) throw tooMany('The folder');
  return files.map((file) => {
    const path =
      file.webkitRelativePath === undefined || file.webkitRelativePath === '' ? file.name : file.webkitRelativePath;
    return {
      path,
      size: file.size,
      async read() {
        if (file.size > largestEntry) throw tooLarge(path, file.size, 'The folder');
        return new Uint8Array(await file.arrayBuffer());
      },
    };
  });
}

function damaged(archive: File, place: string, error: unknown): DatasetError {
  return new DatasetError(
    'format',
    `${archive.name} is damaged at ${place} (${reasonOf(error)}). Make or download the archive again.`,
    archive.name,
  );
}

function zipEntry(archive: File, entry: FileEntry): Entry {
  const { filename: path, uncompressedSize: size, compressedSize } = entry;
  return {
    path,
    size,
    async read(signal) {
      if (size > largestEntry) throw tooLarge(path, size, archive.name);
      if (size > largestRatio * Math.max(1, compressedSize)) {
        throw new DatasetError(
          'format',
          `${archive.name}: "${path}" would unpack from ${compressedSize} to ${size} bytes, as no image does. Do not ` +
            'open archives you do not trust.',
          archive.name,
        );
      }
      try {
        const options = { checkSignature: true, ...(signal === undefined ? {} : { signal }) };
        return await entry.getData(new Uint8ArrayWriter(), options);
      } catch (error) {
        signal?.throwIfAborted();
        throw damaged(archive, `"${path}"`, error);
      }
    },
  };
}

async function zipEntries(archive: File, signal: AbortSignal | undefined): Promise<Entry[]> {
  const kind = await sniffBlob(archive);
  if (kind !== 'zip') {
    throw new DatasetError(
      'format',
      `${archive.name} is ${kindNames[kind]}, not a zip archive. Open a .zip or a folder with one subfolder per class.`,
      archive.name,
    );
  }
  const found: Entry[] = [];
  try {
    // Paths that leave the folder are left out below; one of them need not spoil the whole archive.
    const reader = new ZipReader(new BlobReader(archive), { filenameValidation: 'tolerant' });
    for await (const entry of reader.getEntriesGenerator()) {
      await breathe(signal);
      if (found.length >= mostEntries) throw tooMany(archive.name);
      if (entry.directory) continue;
      if (entry.encrypted) {
        throw new DatasetError('format', `${archive.name} is encrypted. Unpack it and open the folder.`, archive.name);
      }
      found.push(zipEntry(archive, entry));
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof DatasetError ? error : damaged(archive, 'its list of contents', error);
  }
  return found;
}

/** Every file of the folder, or of the one zip archive, whose path stays inside. Throws `DatasetError`. */
export async function listEntries(files: readonly File[], signal?: AbortSignal): Promise<readonly Entry[]> {
  const [first] = files;
  const isZip = files.length === 1 && first !== undefined && /\.zip$/i.test(first.name);
  const entries = isZip ? await zipEntries(first, signal) : looseEntries(files);
  return entries.filter(({ path }) => isInside(path));
}
