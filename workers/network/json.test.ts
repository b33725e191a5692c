import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import type { NetworkMeta } from './graph';
import { networkFromJson, networkToJson, upgradeDocument } from './json';
import { NetworkJsonError, type NetworkJsonFault } from './json-error';
import { graphFromText } from './text';
import { validateGraph } from './validate';
import { buildZooGraph } from './zoo';

const meta: NetworkMeta = {
  name: 'Net "1"',
  classes: ['cat', 'dog'],
  normalisation: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] },
  history: [
    { kind: 'cut', removed: { conv1: [0, 3], '0': [] } },
    { kind: 'decompose', scheme: 'spatial', ranks: { conv1: 2 } },
  ],
};

/** Version 1 as first written: must be readable for ever. */
const goldenOne =
  '{"format":"espalier-network","version":1,"graph":{"layers":[{"id":"input","op":"input","inputs":[],"shape":[4,4,1]},' +
  '{"id":"c","op":"conv","inputs":["input"],"filters":2,"kernelSize":[3,3],"stride":[1,1],"padding":[1,1,1,1],' +
  '"dilation":[1,1],"groups":1,"kernel":"c.kernel"},{"id":"p","op":"globalPool","inputs":["c"],"mode":"average"}],' +
  '"outputs":["p"]},"meta":{"name":"golden","history":[]}}';

/** Version 1 with the upsampling that version 2 has no more. */
const goldenUpsample =
  '{"format":"espalier-network","version":1,"graph":{"layers":[{"id":"input","op":"input","inputs":[],"shape":[5,4,1]},' +
  '{"id":"u","op":"upsample","inputs":["input"],"scale":[2,3],"mode":"bilinear"},' +
  '{"id":"v","op":"upsample","inputs":["u"],"scale":[1,2],"mode":"nearest"}],' +
  '"outputs":["v"]},"meta":{"name":"golden","history":[]}}';

/** Version 2 as first written. */
const golden =
  '{"format":"espalier-network","version":2,"graph":{"layers":[{"id":"input","op":"input","inputs":[],"shape":[4,4,1]},' +
  '{"id":"c","op":"conv","inputs":["input"],"filters":2,"kernelSize":[3,3],"stride":[1,1],"padding":[1,1,1,1],' +
  '"dilation":[1,1],"groups":1,"kernel":"c.kernel"},{"id":"r","op":"resize","inputs":["c"],"size":[6,5],' +
  '"mode":"nearest","grid":"asymmetric"},{"id":"p","op":"globalPool","inputs":["r"],"mode":"average"}],' +
  '"outputs":["p"]},"meta":{"name":"golden","history":[]}}';

function fault(text: string): { fault: NetworkJsonFault; message: string; path: string } {
  try {
    networkFromJson(text);
  } catch (error) {
    if (error instanceof NetworkJsonError) return { fault: error.fault, message: error.message, path: error.path };
    throw error;
  }
  throw new Error('the text was accepted');
}

/** The golden document with one place changed. */
function damaged(before: string, after: string): string {
  expect(golden).toContain(before);
  return golden.replace(before, after);
}

describe('networkToJson and networkFromJson', () => {
  it.each([
    [
      'all kinds of layers',
      'input 8x6x4 / conv 4 3x3 p1 d2 g2 bias / bn nogamma / leakyRelu slope=0.1 / depthwise 3x3 bias',
    ],
    [
      'pools and sizes',
      'input 8x6x4 / maxPool 2 / averagePool 2 countPadding / resize 9x2 bilinear asymmetric / globalPool max keepSpatial',
    ],
    [
      'activations',
      'input 8x6x4 / clip min=-1 max=2 / hardSigmoid slope=0.2 offset=0.4 / softplus / gelu / prelu / scale 2 offset=-1',
    ],
    [
      'shapes and what is not known',
      'input 8x6x4 / convTranspose 3 3x2 s2 p1 o1x0 bias / reshape 80x2x3 / concat width < . . / opaque Odd 3 reason="No." payload=x',
    ],
    ['channels in another order', 'input 8x6x4 / gather 3,0,0 / globalPool / gather 2,1'],
    [
      'branches',
      'input 8x6x4 / pad p1 c2,3 / slice 1:9 1:7 2:6 / add < . input / multiply < . input / concat < . input',
    ],
    [
      'a head',
      'input 8x6x4 / flatten / dense 2 bias kernel=w / softmax / softmax log < dense1 / output < dense1 softmax1 softmax2',
    ],
  ])('keep %s', (_, text) => {
    const graph = graphFromText(text);
    expect(networkFromJson(networkToJson({ graph, meta }))).toEqual({ graph, meta });
  });

  it('keep a network of the zoo', () => {
    const graph = buildZooGraph({ architecture: 'densenet40' });
    expect(networkFromJson(networkToJson({ graph, meta })).graph).toEqual(graph);
  });

  it('keep what a foreign source was', () => {
    const graph = graphFromText('input 4x4x1 / conv 2 3x3 p1');
    const port = { name: 'x', layout: 'NCHW', rank: 4 } as const;
    const origin = { format: 'onnx', inputs: [port], outputs: [{ ...port, name: 'y' }], elements: 'float16' } as const;
    expect(networkFromJson(networkToJson({ graph, meta: { ...meta, origin } })).meta).toEqual({ ...meta, origin });
  });

  it('read the golden documents of every version', () => {
    const golden1 = graphFromText('input 4x4x1 / c = conv 2 3x3 p1 / p = globalPool');
    const golden2 = graphFromText('input 4x4x1 / c = conv 2 3x3 p1 / r = resize 6x5 asymmetric / p = globalPool');
    const plain = { name: 'golden', history: [] };
    expect(networkFromJson(goldenOne)).toEqual({ graph: golden1, meta: plain });
    expect(networkFromJson(golden)).toEqual({ graph: golden2, meta: plain });
  });

  it('make the upsampling of version 1 a resize of the same function', () => {
    const text = 'input 5x4x1 / u = resize 10x12 bilinear / v = resize 10x24';
    expect(networkFromJson(goldenUpsample).graph).toEqual(graphFromText(text));
    for (const [before, after] of [
      ['"inputs":["u"]', '"inputs":["w"]'],
      ['"scale":[1,2]', '"scale":[1]'],
      ['"shape":[5,4,1]', '"shape":[20]'],
    ] as const) {
      const broken = goldenUpsample.replace(before, after);
      expect(broken).not.toBe(goldenUpsample);
      expect(fault(broken)).toMatchObject({ fault: 'malformed', path: expect.stringMatching(/^graph.layers.[12]$/) });
    }
    // What else is wrong is the schema's to say.
    expect(fault(goldenUpsample.replace('"mode":"nearest"', '"mode":"cubic"'))).toMatchObject({
      fault: 'malformed',
      path: 'graph.layers.2.mode',
    });
    expect(fault('{"format":"espalier-network","version":1,"graph":3}')).toMatchObject({ path: 'graph' });
  });
});

describe('a document that cannot be read', () => {
  it.each<[string, NetworkJsonFault, string, string]>([
    ['[]', 'otherFormat', '', 'The network description must be a JSON object.'],
    ['{}', 'otherFormat', '', 'This JSON is not a network description ("format" is not "espalier-network").'],
    [
      damaged('"version":2', '"version":7'),
      'newer',
      'version',
      'The network description has version 7, newer than this Espalier reads (2); open it with a newer Espalier.',
    ],
    [
      damaged('"version":2', '"version":"1"'),
      'malformed',
      'version',
      'The network description\'s version must be 1 or more, not "1".',
    ],
    [
      damaged('"version":2,', ''),
      'malformed',
      'version',
      "The network description's version must be 1 or more, not missing.",
    ],
    [
      damaged('"op":"conv"', '"op":"convolve"'),
      'malformed',
      'graph.layers.1.op',
      'The network description is damaged at "graph.layers.1.op": ',
    ],
    [
      damaged('"stride":[1,1]', '"stride":[1,0]'),
      'malformed',
      'graph.layers.1.stride.1',
      'The network description is damaged at "graph.layers.1.stride.1": ',
    ],
    [
      damaged('"groups":1', '"groups":1,"extra":true'),
      'malformed',
      'graph.layers.1.extra',
      'The network description is damaged at "graph.layers.1.extra": ',
    ],
    [damaged('"filters":2', '"filters":1e300'), 'malformed', 'graph.layers.1.filters', ''],
    [damaged('"history":[]', '"history":[{"kind":"melt"}]'), 'malformed', 'meta.history.0.kind', ''],
    [damaged('"history":[]', '"history":null'), 'malformed', 'meta.history', ''],
    [
      damaged('"inputs":["c"]', '"inputs":["d"]'),
      'invalid',
      'graph',
      'The network description does not make a network. Layer "r" reads "d", which does not exist.',
    ],
    [damaged('"outputs":["p"]', '"outputs":[]'), 'invalid', 'graph', ''],
  ])('%s', (text, expected, path, message) => {
    const found = fault(text);
    expect(found).toMatchObject({ fault: expected, path });
    expect(found.message).toContain(message);
  });

  it('is reported for every truncation of a good one', () => {
    for (let length = 0; length < golden.length; length++) {
      expect(fault(golden.slice(0, length)).fault).toBe('notJson');
    }
  });
});

describe('a document changed at random', () => {
  // Seeds that once failed would be kept here; each seed makes 500 documents.
  it.each([1, 2, 3, 4])('is refused with a typed error or makes a valid network (seed %i)', (seed) => {
    const random = createRandom(seed);
    const pieces = ['0', '-1', '1e308', '"', ',', '{}', '[]', 'null', '"__proto__"', '"c"', '"input"', '\\u0000', ' '];
    let refused = 0;
    for (let round = 0; round < 500; round++) {
      const at = random.integer(golden.length);
      const piece = pieces[random.integer(pieces.length)] ?? '';
      const text = golden.slice(0, at) + piece + golden.slice(at + random.integer(4));
      try {
        validateGraph(networkFromJson(text).graph);
      } catch (error) {
        expect(error, text).toBeInstanceOf(NetworkJsonError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(400);
    expect(refused).toBeLessThan(500);
  });
});

describe('upgradeDocument', () => {
  const steps = [
    (document: object) => ({ ...document, version: 2, two: true }),
    (document: object) => ({ ...document, version: 3, three: 'two' in document }),
  ];

  it.each([
    [1, { version: 3, two: true, three: true }],
    [2, { version: 3, three: false }],
    [3, { version: 3 }],
  ])('carries out the steps from version %i, in order', (version, expected) => {
    const format = 'espalier-network';
    expect(upgradeDocument({ format, version }, 3, steps)).toEqual({ format, ...expected });
  });
});
