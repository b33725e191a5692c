/**
 * A checksum inside the file it protects: 64 hexadecimal digits after a marker, the SHA-256 of the whole file with those
 * digits read as zeros. Any changed byte, of values or of structure, is found.
 */

const digits = 64;
const blank = '0'.repeat(digits);

/** What a writer puts where the seal will stand, right after its marker. */
export const sealPlaceholder = blank;

/** SHA-256 as 64 lower-case hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Position behind the first `marker` (ASCII) in `bytes`, looking at `[from, to)`; -1 when it is not there. */
function behind(bytes: Uint8Array, marker: string, from: number, to: number): number {
  const wanted = new TextEncoder().encode(marker);
  search: for (let at = from; at + wanted.length + digits <= to; at++) {
    for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) continue search;
    return at + wanted.length;
  }
  return -1;
}

export interface SealRange {
  readonly marker: string;
  /** Where to look for the marker; default everywhere. */
  readonly from?: number;
  readonly to?: number;
}

/** Fills the placeholder behind the marker. `bytes` is changed in place and returned. */
export async function seal(bytes: Uint8Array<ArrayBuffer>, range: SealRange): Promise<Uint8Array<ArrayBuffer>> {
  const at = behind(bytes, range.marker, range.from ?? 0, range.to ?? bytes.length);
  if (at < 0) throw new RangeError(`The file to seal has no "${range.marker}".`);
  bytes.set(new TextEncoder().encode(await sha256(bytes)), at);
  return bytes;
}

/** Whether the seal fits: `absent` when there is no marker, `broken` when the digits differ. */
export async function checkSeal(
  bytes: Uint8Array<ArrayBuffer>,
  range: SealRange,
): Promise<'fits' | 'broken' | 'absent'> {
  const at = behind(bytes, range.marker, range.from ?? 0, range.to ?? bytes.length);
  if (at < 0) return 'absent';
  const claimed = new TextDecoder('latin1').decode(bytes.subarray(at, at + digits));
  const blanked = bytes.slice();
  blanked.set(new TextEncoder().encode(blank), at);
  return (await sha256(blanked)) === claimed ? 'fits' : 'broken';
}
