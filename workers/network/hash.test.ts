import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Network, Tensor, TensorName } from './graph';
import { networkHash, structureHash } from './hash';
import { networkFromText } from './text';

const network = networkFromText('input 4x4x2 / conv 3 3x3 p1 bias / bn / relu / globalPool / dense 5', 3);

/** The network with the values of one tensor changed by `change`. */
function edited(name: TensorName, change: (values: Float32Array) => void): Network {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  const values = tensor.values.slice();
  change(values);
  return { ...network, tensors: { ...network.tensors, [name]: { ...tensor, values } } };
}

describe('networkHash', () => {
  it('is what the documented form gives when hashed by Node', async () => {
    const tiny: Network = {
      graph: {
        layers: [
          { op: 'input', shape: [1], inputs: [], id: 'i' },
          { units: 2, id: 'd', op: 'dense', kernel: 'k', inputs: ['i'] },
        ],
        outputs: ['d'],
      },
      tensors: { k: { values: new Float32Array([1, -2]), shape: [1, 2] } },
      meta: { name: 'tiny', history: [] },
    };
    const sha = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
    // 1.0 and -2.0 as little-endian IEEE 754.
    const kernel = sha(Buffer.from('0000803f000000c0', 'hex'));
    const structure =
      '{"layers":[{"id":"i","inputs":[],"op":"input","shape":[1]},' +
      '{"id":"d","inputs":["i"],"kernel":"k","op":"dense","units":2}],"outputs":["d"]}';
    expect(await networkHash(tiny)).toBe(
      sha(`{"graph":${structure},"tensors":{"k":{"sha256":"${kernel}","shape":[1,2]}}}`),
    );
    expect(await structureHash(tiny.graph)).toBe(sha(`{"graph":${structure}}`));
  });

  it('does not depend on the order of fields and tensors, on absent fields, on meta or on unused tensors', async () => {
    const reversed = <T extends object>(object: T): T =>
      Object.fromEntries(
        Object.entries(object)
          .toReversed()
          .concat([['absent', undefined]]),
      ) as T;
    const same: Network = {
      graph: { outputs: network.graph.outputs, layers: network.graph.layers.map(reversed) },
      tensors: Object.fromEntries([
        ...Object.entries(network.tensors).toReversed(),
        ['unused', { shape: [1], values: new Float32Array(1) }] satisfies [string, Tensor],
      ]),
      meta: { name: 'other', history: [] },
    };
    expect(await networkHash(same)).toBe(await networkHash(network));
    expect(await structureHash(same.graph)).toBe(await structureHash(network.graph));
  });

  it('changes with the last bit of any number of any tensor', async () => {
    const hashes = new Set([await networkHash(network)]);
    let changes = 0;
    for (const [name, { values }] of Object.entries(network.tensors)) {
      for (const at of [0, values.length - 1]) {
        changes += 1;
        hashes.add(
          await networkHash(
            edited(name, (copy) => {
              const bits = new Uint32Array(copy.buffer);
              bits[at] = (bits[at] ?? 0) ^ 1;
            }),
          ),
        );
      }
    }
    expect(hashes.size).toBe(changes + 1);
  });

  it('changes with the structure', async () => {
    const [first, ...layers] = network.graph.layers;
    if (first === undefined) throw new Error('no layers');
    const wider = { ...network.graph, layers: [{ ...first, shape: [6, 6, 2] } as typeof first, ...layers] };
    expect(await structureHash(wider)).not.toBe(await structureHash(network.graph));
    expect(await networkHash({ ...network, graph: wider })).not.toBe(await networkHash(network));
  });

  it('reads tensors that lie in shared memory or inside a larger buffer', async () => {
    const shared = Object.entries(network.tensors).map(([name, { shape, values }], index) => {
      const Buffer = index % 2 === 0 ? SharedArrayBuffer : ArrayBuffer;
      const copy = new Float32Array(new Buffer(values.byteLength + 8), 4, values.length);
      copy.set(values);
      return [name, { shape, values: copy }] as const;
    });
    expect(await networkHash({ ...network, tensors: Object.fromEntries(shared) })).toBe(await networkHash(network));
  });

  it('names a missing tensor', async () => {
    await expect(networkHash({ ...network, tensors: {} })).rejects.toThrow('Tensor "conv1.kernel" is missing.');
  });
});
