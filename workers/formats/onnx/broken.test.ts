/** Broken and hostile ONNX files: each ends quickly, with a text that says what is wrong, where, and what to do. */
import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema, TensorProto_DataLocation as Location } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../format-error';
import { openNetworkFiles } from '../index';
import { encode, floats, model, modelInit, node, normal, type TensorInit, whole } from './model-for-tests';

const text = (value: string) => new TextEncoder().encode(value);
const conv = node('Conv', ['x', 'k'], ['y']);
const good = model({ nodes: [conv], constants: { k: normal([2, 3, 1, 1]) } });

function withKernel(k: TensorInit): Uint8Array<ArrayBuffer> {
  return model({ nodes: [conv], constants: { k } });
}

function external(location: string, more: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
  const entries = Object.entries({ location, ...more }).map(([key, value]) => ({ key, value }));
  const place = { dataLocation: Location.EXTERNAL, externalData: entries };
  return withKernel({ dataType: 1, dims: [2n, 3n, 1n, 1n], ...place });
}

/** A message inside a message: ModelProto.graph, then node, attribute, g, node, attribute, g ... */
function nested(depth: number): Uint8Array<ArrayBuffer> {
  let inner = new Uint8Array();
  const wrap = (field: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest >= 128 ? (rest % 128) | 0x80 : rest);
      if (rest < 128) break;
    }
    const out = new Uint8Array(1 + length.length + bytes.length);
    out.set([(field << 3) | 2, ...length]);
    out.set(bytes, 1 + length.length);
    return out;
  };
  for (let level = 0; level < depth; level++) inner = wrap(1, wrap(5, wrap(6, inner)));
  const graph = wrap(7, inner);
  const out = new Uint8Array(2 + graph.length);
  out.set([0x08, 0x08]);
  out.set(graph, 2);
  return out;
}

const noGraph = toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, producerName: 'x' }));
const plain = modelInit({ nodes: [conv], constants: { k: normal([2, 3, 1, 1]) } });

const broken: readonly (readonly [string, Uint8Array<ArrayBuffer>, string])[] = [
  [
    'a web page',
    text('<!DOCTYPE html><html>'),
    'The file is a web page (HTML). The download brought a web page instead of the file; fetch the raw file.',
  ],
  [
    'a Git LFS pointer',
    text('version https://git-lfs.github.com/spec/v1\noid sha256:0'),
    'The file is a Git LFS pointer, not the file itself. Fetch the file itself with "git lfs pull" or from its raw address.',
  ],
  ['nothing', new Uint8Array(), 'The file is empty. Download or copy it again.'],
  [
    'another text',
    text('lorem ipsum dolor sit amet'),
    'The file is not readable as ONNX protobuf (it holds fields that no protobuf has). Download or copy it again.',
  ],
  [
    'the first half',
    good.slice(0, good.length >> 1),
    'The file is not readable as ONNX protobuf (it ends too early). Download or copy it again.',
  ],
  [
    'a number of eleven bytes',
    Uint8Array.of(0x08, ...Array.from({ length: 10 }, () => 0x80), 1, 0x12, 0),
    'The file is not readable as ONNX protobuf (invalid varint). Download or copy it again.',
  ],
  [
    'graphs 10,000 deep',
    nested(10_000),
    'The file is not readable as ONNX protobuf (nested too deeply). Download or copy it again.',
  ],
  ['no graph', noGraph, 'The file holds no graph, so it is no ONNX network.'],
  [
    'no operator set',
    encode({ ...plain, opsetImport: [] }),
    'The file states no operator set, so its operators have no meaning.',
  ],
  [
    'an operator set of the future',
    model({ nodes: [conv], opset: 99 }),
    'The file uses operator set 99; sets 7 to 25 are read. Export it with opset 25 or lower.',
  ],
  [
    'an operator set of the past',
    model({ nodes: [conv], opset: 6 }),
    'The file uses operator set 6; sets 7 to 25 are read. Convert it with onnx.version_converter.',
  ],
  ['no input', model({ nodes: [conv], inputs: {} }), 'The network has no input.'],
  ['no output', model({ nodes: [conv], outputs: [] }), 'The network has no output.'],
  [
    'volumes',
    model({ nodes: [conv], inputs: { x: [1, 3, 4, 4, 4] } }),
    'Input "x" has 5 axes; images [n, c, h, w], sequences [n, c, l] and rows [n, features] are read.',
  ],
  [
    'an open number of channels',
    model({ nodes: [conv], inputs: { x: ['n', 'c', 4, 4] } }),
    'Input "x" leaves its number of channels open; export it with a fixed one.',
  ],
  [
    'an operator that reads what nothing writes',
    model({ nodes: [node('Relu', ['z'], ['y'])] }),
    'Node "Relu y" (Relu) reads "z", which nothing before it writes.',
  ],
  [
    'operators that read each other',
    model({ nodes: [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b'])], outputs: ['b'] }),
    'Node "Add a" (Add) reads "b", which nothing before it writes.',
  ],
  ['a negative size', withKernel({ dataType: 1, dims: [2n, -3n, 1n, 1n] }), 'Tensor "k" has the size -3.'],
  [
    'a size beyond all numbers',
    withKernel({ dataType: 1, dims: [2n ** 31n, 2n ** 31n, 1n, 1n] }),
    'Tensor "k" claims 4611686018427388000 elements, more than any file holds.',
  ],
  [
    'numbers too few',
    withKernel(floats([2, 3, 1, 1], [1, 2, 3])),
    'Tensor "k" holds 3 numbers, but shape [2, 3, 1, 1] of FLOAT needs 6.',
  ],
  [
    'bytes too many',
    withKernel({ dataType: 1, dims: [1n, 3n, 1n, 1n], rawData: new Uint8Array(16) }),
    'Tensor "k" holds 16 bytes, but shape [1, 3, 1, 1] of FLOAT needs 12.',
  ],
  [
    'an element type that is not read',
    withKernel({ dataType: 17, dims: [2n, 3n, 1n, 1n], rawData: new Uint8Array(6) }),
    'Tensor "k" has the element type FLOAT8E4M3FN, which is not read here; save it as FLOAT.',
  ],
  [
    'a weight that is no number',
    withKernel(floats([1, 3, 1, 1], [1, NaN, 3])),
    'The kernel "Conv y.kernel" of layer "Conv y" must hold finite numbers; number 1 is NaN.',
  ],
  [
    'weights outside of the folder',
    external('../../etc/passwd'),
    'Tensor "k" lies in "../../etc/passwd", which is no file beside the network; nothing outside its folder is read.',
  ],
  [
    'weights at an absolute path',
    external('/etc/passwd'),
    'Tensor "k" lies in "/etc/passwd", which is no file beside the network; nothing outside its folder is read.',
  ],
  [
    'weights that were not brought',
    external('net.onnx.data'),
    'Its weights lie in "net.onnx.data"; open that file together with this one.',
  ],
  [
    'sparse weights',
    encode({ ...plain, graph: { ...plain.graph, sparseInitializer: [{ dims: [2n] }] } }),
    'The file keeps weights as sparse tensors, which are not read; export it with dense ones.',
  ],
  [
    'a constant larger than any memory',
    model({
      nodes: [node('ConstantOfShape', ['s'], ['k']), conv],
      constants: { s: whole([2 ** 20, 2 ** 20, 1, 1]) },
    }),
    'Nothing of the network is understood. Node "ConstantOfShape k" cannot be worked out: a tensor of 1099511627776 numbers is larger than any read here. The file does not state its shape, so 1 operator with weights behind it does not open; the network ends before it.',
  ],
];

describe('broken files say what is wrong and what to do', () => {
  it.each(broken)('%s', async (_name, bytes, message) => {
    const error: unknown = await openNetworkFiles([new File([bytes], 'net.onnx')]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toHaveProperty('message', `net.onnx: ${message}`);
  });
});

describe('weights beside the file', () => {
  const values = Float32Array.of(9, 9, 1, 2, 3, 4, 5, 6);
  const data = new File([values], 'net.onnx.data');
  const open = (bytes: Uint8Array<ArrayBuffer>) => openNetworkFiles([data, new File([bytes], 'net.onnx')]);

  it('are found by name, at their offset', async () => {
    const { network } = await open(external('net.onnx.data', { offset: '8', length: '24' }));
    expect([...(network.tensors['Conv y.kernel']?.values ?? [])]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('that end too early are refused', async () => {
    await expect(open(external('net.onnx.data', { offset: '16', length: '24' }))).rejects.toThrow(
      'net.onnx: Tensor "k" takes bytes 16 to 40 of "net.onnx.data", which has 32. Download or copy it again.',
    );
  });
});

it('never hangs, crashes or throws anything but a FormatError, whatever is changed', async () => {
  const file = model({
    nodes: [
      node('Conv', ['x', 'k'], ['c'], { pads: [1, 1, 1, 1], strides: [2, 2] }),
      node('MaxPool', ['c'], ['m'], { kernel_shape: [2, 2], ceil_mode: 1 }),
      node('Shape', ['m'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Concat', ['n', 'open'], ['t'], { axis: 0 }),
      node('Reshape', ['m', 't'], ['f']),
      node('Gemm', ['f', 'w', 'b'], ['g'], { transB: 1 }),
      node('Softmax', ['g'], ['y'], { axis: 1 }),
    ],
    constants: {
      k: normal([2, 3, 3, 3]),
      zero: whole([0]),
      open: whole([-1]),
      w: normal([3, 12], 2),
      b: normal([3], 3),
    },
  });
  await expect(openNetworkFiles([new File([file], 'f.onnx')])).resolves.toBeDefined();
  const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(file.length), async (changes, length) => {
      const bytes = file.slice(0, length % 4 === 0 ? length : undefined);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      try {
        await openNetworkFiles([new File([bytes], 'f.onnx')]);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 1500, seed: 20 },
  );
});
