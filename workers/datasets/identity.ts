/** Content identity of a data set: a hash over what was decoded, not over the file it came in. */
import { splitNames, type Split, type SplitName } from './dataset';

/** SHA-256 of `bytes`, lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // Web Crypto takes no view of a shared buffer.
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Little-endian bytes of `labels` on every machine. */
function labelBytes(labels: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(2 * labels.length);
  const view = new DataView(bytes.buffer);
  for (const [at, label] of labels.entries()) view.setUint16(2 * at, label, true);
  return bytes;
}

/** `<source>:<64 hexadecimal digits>`, equal exactly when classes, images, labels, masks and their order are. */
export async function datasetId(
  source: string,
  classes: readonly string[],
  splits: Readonly<Record<SplitName, Split>>,
): Promise<string> {
  const parts = [JSON.stringify(classes)];
  for (const name of splitNames) {
    const { count, images, labels, masks } = splits[name];
    parts.push(`${name} ${count} ${await sha256(images)} ${await sha256(labelBytes(labels))}`);
    if (masks !== undefined) parts.push(`masks ${await sha256(masks)}`);
  }
  return `${source}:${await sha256(new TextEncoder().encode(parts.join('\n')))}`;
}
