/** Names a file by its first bytes, so that a wrong file is called what it is. */

export type FileKind =
  | 'safetensors'
  | 'zip'
  | 'hdf5'
  | 'onnx'
  | 'pickle'
  | 'html'
  | 'git-lfs'
  | 'json'
  | 'tfjs'
  | 'gzip'
  | 'png'
  | 'jpeg'
  | 'empty'
  | 'unknown';

/** How each kind is called in a sentence. */
export const kindNames: Readonly<Record<FileKind, string>> = {
  safetensors: 'a safetensors file',
  zip: 'a zip archive',
  hdf5: 'an HDF5 file (Keras .h5)',
  onnx: 'an ONNX file',
  pickle: 'a Python pickle (PyTorch .pt or .pth)',
  html: 'a web page (HTML)',
  'git-lfs': 'a Git LFS pointer, not the file itself',
  json: 'a JSON text',
  tfjs: 'a TF.js model (model.json)',
  gzip: 'a gzip archive',
  png: 'a PNG image',
  jpeg: 'a JPEG image',
  empty: 'empty',
  unknown: 'of no kind this program knows',
};

const signatures: readonly (readonly [FileKind, readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['hdf5', [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['gzip', [0x1f, 0x8b]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['jpeg', [0xff, 0xd8, 0xff]],
];

/** The kind of a file from its first bytes (64 are enough) and its whole length. */
export function sniff(head: Uint8Array, length: number): FileKind {
  if (length === 0) return 'empty';
  for (const [kind, bytes] of signatures) {
    if (bytes.every((byte, index) => head[index] === byte)) return kind;
  }
  const text = new TextDecoder('latin1').decode(head.subarray(0, 64));
  if (/^\s*<(!doctype|html|head|\?xml)/i.test(text)) return 'html';
  if (text.startsWith('version https://git-lfs')) return 'git-lfs';
  // safetensors: little-endian header length (below 100 MB, so three zero bytes at its end), then the JSON's brace.
  if (head[8] === 0x7b && head[5] === 0 && head[6] === 0 && head[7] === 0) return 'safetensors';
  if (/^\s*[{[]/.test(text)) return 'json';
  if (head[0] === 0x80 && head[1] !== undefined && head[1] <= 5) return 'pickle';
  // ONNX is protobuf: field 1 (ir_version) as a small varint, then field 2 (producer_name) or another low field.
  if (
    head[0] === 0x08 &&
    head[1] !== undefined &&
    head[1] < 20 &&
    [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(head[2] ?? 0)
  )
    return 'onnx';
  return 'unknown';
}

/** Reads the first bytes of a blob and names its kind; for a JSON text also its ends, where TF.js models name theirs. */
export async function sniffBlob(blob: Blob): Promise<FileKind> {
  const kind = sniff(new Uint8Array(await blob.slice(0, 64).arrayBuffer()), blob.size);
  if (kind !== 'json') return kind;
  const ends = await Promise.all([blob.slice(0, 4096).text(), blob.slice(-4096).text()]);
  return ends.some((text) => /"(modelTopology|weightsManifest)"/.test(text)) ? 'tfjs' : 'json';
}
