/** A setup as the fragment of an address: `#s=` and deflated JSON in base64url. Nothing of it ever leaves the browser. */
import { compactSetup, parseSetup, type Setup } from './setup';
import { DocumentError, parseJson } from './versions';

const prefix = '#s=';
/** Far beyond any setup, far below what would hurt. */
const mostBytes = 1_000_000;

export function isLink(fragment: string): boolean {
  return fragment.startsWith(prefix);
}

/** The fragment that `readLink` turns back into an equal setup. */
export async function writeLink(setup: Setup): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(compactSetup(setup)));
  return prefix + toBase64Url(await through(text, new CompressionStream('deflate-raw'), mostBytes));
}

/** Throws `DocumentError` for a link that is cut short, damaged, of a newer studio, or wrong somewhere. */
export async function readLink(fragment: string): Promise<Setup> {
  let text: string;
  try {
    const packed = fromBase64Url(fragment.slice(prefix.length));
    const bytes = await through(packed, new DecompressionStream('deflate-raw'), mostBytes);
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentError('The link is damaged: it was cut short or changed on its way. Ask for it again.', '');
  }
  return parseSetup(parseJson(text, 'The link'), 'The link');
}

/** What comes out of `transform` when `bytes` go in. Throws beyond `limit` bytes: a few can unfold into too many. */
export async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw new RangeError(`More than ${limit} bytes.`);
    }
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}
