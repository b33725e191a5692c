import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from './format-error';
import { openNetworkFiles } from './index';
import { readSafetensorsIndex, readTensor, writeSafetensors } from './safetensors';

/** A safetensors file of any header text and tail. */
function raw(header: string, data = 0, length = new TextEncoder().encode(header).length): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  return out;
}

function one(fields: string, data = 4): Uint8Array<ArrayBuffer> {
  return raw(`{"a":{${fields}}}`, data);
}

const good = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
const text = (value: string) => new TextEncoder().encode(value);

/** Name, bytes, exact message. */
const broken: readonly (readonly [string, Uint8Array<ArrayBuffer>, string])[] = [
  ['empty', new Uint8Array(), 'f: The file is empty. Download or copy it again.'],
  [
    'a web page',
    text('<!DOCTYPE html><html>'),
    'f: The file is a web page (HTML). The download brought a web page instead of the file; fetch the raw file.',
  ],
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\noid sha256:0'),
    'f: The file is a Git LFS pointer, not the file itself. Fetch the file itself with "git lfs pull" or from its raw address.',
  ],
  [
    'HDF5',
    Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a),
    'f: The HDF5 file cannot be read; the file is damaged or cut short. Get it again.',
  ],
  [
    'a pickle',
    Uint8Array.of(0x80, 0x02, 0x63),
    'f: The pickle ends too early: 1 more bytes were expected. Download or copy it again.',
  ],
  [
    'ONNX cut short',
    Uint8Array.of(0x08, 0x07, 0x12, 0x07),
    'f: The file is not readable as ONNX protobuf (it ends too early). Download or copy it again.',
  ],
  [
    'a picture',
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
    'f: The file is a PNG image. Networks are read from ONNX, Keras, TF.js, PyTorch, safetensors and Espalier files.',
  ],
  [
    'gzip',
    Uint8Array.of(0x1f, 0x8b, 8),
    'f: The file is a gzip archive. Networks are read from ONNX, Keras, TF.js, PyTorch, safetensors and Espalier files.',
  ],
  ['JSON', text('{"a": 1}'), 'f: The file is a JSON text. Open the file of weights it belongs to, together with it.'],
  [
    'noise',
    text('lorem ipsum dolor'),
    'f: The file is of no kind this program knows. Networks are read from ONNX, Keras, TF.js, PyTorch, safetensors and Espalier files.',
  ],
  [
    'a header longer than the file',
    raw('{}', 0, 999),
    'f: The header needs 999 bytes, but the file has 2 after its first 8. Download or copy it again.',
  ],
  ['a header of broken JSON', raw('{"a":'), 'f: The header is not valid JSON (Unexpected end of JSON input).'],
  ['a key twice', raw(`{"a":{${good}},"a":{${good}}}`, 4), 'f: The header names "a" twice.'],
  ['no element type', one('"shape":[1],"data_offsets":[0,4]'), 'f: Tensor "a" has no "dtype".'],
  [
    'an unknown element type',
    one('"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]'),
    'f: Tensor "a" has the element type F8_E4M3, which is not read here; save it as F32, F16 or BF16.',
  ],
  [
    'a negative size',
    one('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'),
    'f: Tensor "a" has a shape that is not a list of sizes.',
  ],
  ['offsets missing', one('"dtype":"F32","shape":[1]'), 'f: Tensor "a" has no pair of "data_offsets".'],
  [
    'a shape that does not fit',
    one('"dtype":"F32","shape":[2],"data_offsets":[0,4]'),
    'f: Tensor "a" occupies 4 bytes, but shape [2] of F32 needs 8.',
  ],
  [
    'a size beyond all numbers',
    one('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]'),
    'f: Tensor "a" claims 18446744073709552000 elements, more than any file holds.',
  ],
  ['an overlap', raw(`{"a":{${good}},"b":{${good}}}`, 4), 'f: Tensor "b" overlaps the tensor before it.'],
  [
    'a hole',
    raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8),
    'f: Tensor "a" leaves a hole of 4 bytes before it.',
  ],
  ['bytes too few', one(good, 2), 'f: The file ends at byte 64, but its tensors need 66. Download or copy it again.'],
  ['bytes too many', one(good, 6), 'f: 2 bytes follow the last tensor.'],
  ['a tensor that is a number', raw('{"a":3}'), 'f: Tensor "a" is not described by an object.'],
  ['metadata that is no map', raw('{"__metadata__":[1]}'), 'f: The header\'s "__metadata__" must map names to texts.'],
  [
    'no tensors',
    raw('{}'),
    'f: Its tensors (none, ...) are of no architecture known here. Known: ResNets and ResNeXts, VGGs, DenseNets (of torchvision, timm and for CIFAR), MobileNetV2, and every file this studio wrote.',
  ],
  [
    'a structure without its seal',
    raw('{"__metadata__":{"espalier.network":"{}"}}'),
    'f: The file was changed or damaged after it was written: its checksum does not fit. Export or copy it again.',
  ],
  [
    'nothing but an empty zip',
    Uint8Array.of(0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)),
    'f: The archive holds nothing; it is no Espalier project, no Keras model (.keras) and no PyTorch checkpoint. Unpack it and open what is inside.',
  ],
];

describe('broken files say what they are, what was expected and what to do', () => {
  it.each(broken)('%s', async (_name, bytes, message) => {
    const error: unknown = await openNetworkFiles([new File([bytes], 'f')]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty('message', message);
  });

  it('never hang, crash or throw anything but a FormatError, whatever is changed', async () => {
    const tensors = {
      a: { shape: [2, 3], values: Float32Array.from({ length: 6 }, Math.sqrt) },
      b: { shape: [4], values: new Float32Array(4) },
    };
    const file = writeSafetensors(tensors, { note: 'x' });
    const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(file.length),
        async (changes, length) => {
          const bytes = file.slice(0, length % 3 === 0 ? length : undefined);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            const index = await readSafetensorsIndex(new Blob([bytes]), 'f');
            for (const entry of index.tensors) await readTensor(new Blob([bytes]), entry);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what is written is read back', () => {
  it('bit for bit, NaN and negative zero included, with metadata', async () => {
    const values = Float32Array.of(0, -0, NaN, Infinity, 1e-45, 3.4e38);
    const file = new Blob([
      writeSafetensors(
        { 'a.b': { shape: [2, 3], values }, empty: { shape: [0], values: new Float32Array() } },
        { key: 'wört' },
      ),
    ]);
    const { tensors, metadata } = await readSafetensorsIndex(file, 'f');
    expect(metadata).toEqual({ key: 'wört' });
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['a.b', [2, 3]],
      ['empty', [0]],
    ]);
    const [entry] = tensors;
    if (entry === undefined) throw new Error('no tensor');
    const back = await readTensor(file, entry);
    expect(new Uint8Array(back.values.buffer)).toEqual(new Uint8Array(values.buffer));
  });

  it.each([
    ['F16', Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c), [1, -2, 2 ** -24, Infinity]],
    ['BF16', Uint8Array.of(0x80, 0x3f, 0x00, 0xc0, 0x49, 0x40, 0x80, 0xff), [1, -2, 3.140625, -Infinity]],
  ])('%s is widened exactly', async (type, data, expected) => {
    const header = `{"a":{"dtype":"${type}","shape":[4],"data_offsets":[0,8]}}`;
    const bytes = raw(header, 8);
    bytes.set(data, bytes.length - 8);
    const { tensors } = await readSafetensorsIndex(new Blob([bytes]), 'f');
    const [entry] = tensors;
    if (entry === undefined) throw new Error('no tensor');
    expect([...(await readTensor(new Blob([bytes]), entry)).values]).toEqual(expected);
  });
});
