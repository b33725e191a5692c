/** Zip archives from elsewhere: checksums checked, sizes capped, names listed before anything is unpacked. */
import { BlobReader, configure, type FileEntry, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { FormatError } from './format-error';

// Codec workers would be made from blob URLs, which the content security policy forbids; readers run in a worker anyway.
configure({ useWebWorkers: false });

const maximumEntries = 20_000;
const maximumBytes = 2 ** 31;
/** Deflate cannot do better than about 1,032; weights come nowhere near. */
const maximumRatio = 1000;

export interface OpenZip {
  /** Paths of all files inside. */
  readonly names: readonly string[];
  /** Unpacks one file, its checksum checked. Throws `FormatError`. */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Lists an archive. Throws `FormatError`: damaged, encrypted, too large, or packed beyond belief. */
export async function openZip(blob: Blob, file: string): Promise<OpenZip> {
  const reader = new ZipReader(new BlobReader(blob), { checkSignature: true });
  const damaged = (why: string, place = 'zip') =>
    new FormatError('corrupt', `The archive cannot be unpacked (${why}). Download or copy it again.`, file, place);
  let entries: FileEntry[];
  try {
    entries = (await reader.getEntries()).filter((entry): entry is FileEntry => !entry.directory);
  } catch (error) {
    throw damaged(reasonOf(error));
  }
  const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (entries.length > maximumEntries || total > maximumBytes) {
    const text = `The archive claims ${entries.length} entries of ${total} bytes; ${maximumEntries} of ${maximumBytes} are allowed.`;
    throw new FormatError('malformed', text, file, 'zip');
  }
  const bomb = entries.find(
    ({ compressedSize, uncompressedSize }) =>
      uncompressedSize > 2 ** 20 && uncompressedSize > maximumRatio * compressedSize,
  );
  if (bomb !== undefined) {
    const text = `"${bomb.filename}" would unpack from ${bomb.compressedSize} to ${bomb.uncompressedSize} bytes; this is no file of weights.`;
    throw new FormatError('malformed', text, file, bomb.filename);
  }
  const byName = new Map(entries.map((entry) => [entry.filename, entry]));
  return {
    names: [...byName.keys()],
    read: async (name) => {
      const entry = byName.get(name);
      if (entry === undefined) throw new FormatError('malformed', `The archive has no "${name}".`, file, name);
      if (entry.encrypted) throw new FormatError('unsupported', `"${name}" is encrypted.`, file, name);
      try {
        return new Uint8Array(await entry.getData(new Uint8ArrayWriter()));
      } catch (error) {
        throw damaged(`${name}: ${reasonOf(error)}`, name);
      }
    },
  };
}
