/** Unpacks a `.tar.gz` as a stream and keeps the members that are wanted. */
import { createTarDecoder } from 'modern-tar';
import { kindNames, sniffBlob } from '../../formats/sniff';
import { DatasetError, reasonOf } from '../dataset';
import { breathe, type WorkOptions } from '../work';

/** More than this is no CIFAR-10: the official archive unpacks to 184 MB. */
const largestArchive = 400e6;
const largestMember = 64e6;

const again = 'Download cifar-10-binary.tar.gz again from https://www.cs.toronto.edu/~kriz/cifar.html.';

/** Counts what passes through `blob`'s stream, for progress and for the place in error messages. */
function counted(blob: Blob, onBytes: (total: number) => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  let total = 0;
  return blob.stream().pipeThrough(
    new TransformStream({
      transform(chunk: Uint8Array<ArrayBuffer>, controller) {
        total += chunk.length;
        onBytes(total);
        controller.enqueue(chunk);
      },
    }),
  );
}

async function readMember(
  body: ReadableStream<Uint8Array>,
  size: number,
  name: string,
  file: string,
): Promise<Uint8Array> {
  if (size > largestMember) {
    throw new DatasetError(
      'format',
      `${file}: its member "${name}" is ${size} bytes long, far too large for a CIFAR-10 batch. ${again}`,
      file,
    );
  }
  const bytes = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of body) {
    bytes.set(chunk.subarray(0, size - filled), filled);
    filled += chunk.length;
  }
  if (filled !== size) {
    throw new DatasetError(
      'truncated',
      `${file}: its member "${name}" ends after ${filled} of ${size} bytes. ${again}`,
      file,
    );
  }
  return bytes;
}

/**
 * Members of the archive whose file name (without folders) is wanted, by that name.
 * Throws `DatasetError` naming file and place when the archive is something else, cut short or damaged: gzip's checksum
 * and every tar header's are checked.
 */
export async function unpackTarGz(
  archive: File,
  wanted: (name: string) => boolean,
  { signal, progress }: WorkOptions,
): Promise<Map<string, Uint8Array>> {
  const kind = await sniffBlob(archive);
  if (kind !== 'gzip') {
    throw new DatasetError(
      'format',
      `${archive.name} is ${kindNames[kind]}, not a gzip archive. ${again}`,
      archive.name,
    );
  }
  if (archive.size > largestArchive) {
    throw new DatasetError(
      'format',
      `${archive.name} is ${archive.size} bytes long, far larger than CIFAR-10 (170,052,171 bytes). ${again}`,
      archive.name,
    );
  }
  const members = new Map<string, Uint8Array>();
  let place = 'its first header';
  try {
    const entries = counted(archive, (bytes) => progress?.(bytes / archive.size, `Unpacking ${archive.name}`))
      .pipeThrough(new DecompressionStream('gzip'))
      .pipeThrough(createTarDecoder({ strict: true }));
    for await (const { header, body } of entries) {
      await breathe(signal);
      place = `member "${header.name}"`;
      const name = header.name.split('/').at(-1) ?? '';
      if (header.type !== 'directory' && wanted(name)) {
        if (members.has(name))
          throw new DatasetError('format', `${archive.name} holds "${name}" twice. ${again}`, archive.name);
        members.set(name, await readMember(body, header.size, name, archive.name));
      } else await body.cancel();
      place = `the header after "${header.name}"`;
    }
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    signal?.throwIfAborted();
    const reason = reasonOf(error);
    const cut = /truncat|unexpected end|incomplete/i.test(reason);
    throw new DatasetError(
      cut ? 'truncated' : 'format',
      `${archive.name} is ${cut ? 'cut short' : 'damaged'} at ${place} (${reason}). ${again}`,
      archive.name,
    );
  }
  return members;
}
