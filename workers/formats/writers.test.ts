/** Networks that leave: as a LayersModel run by TF.js, and as source that Python parses. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { networkCosts } from '../network/costs';
import { closeUnderCoupling } from '../network/closure';
import { cutChannels } from '../network/cut';
import type { Network } from '../network/graph';
import { channelGroups } from '../network/groups';
import { runReference } from '../network/reference';
import { networkFromText } from '../network/text';
import { buildZooNetwork } from '../network/zoo';
import { openNetworkFiles, writeNetworkFiles } from './index';
import { readSafetensorsIndex, readTensor } from './safetensors';
import { runLayersModel } from './tfjs/runtime-for-tests';

const slim: readonly (readonly [string, Network])[] = [
  [
    'ResNet with option A shortcuts',
    buildZooNetwork({ architecture: 'resnet8', shortcut: 'identity', widths: [6, 10, 16], classes: 4, seed: 1 }),
  ],
  [
    'ResNet with projections',
    buildZooNetwork({ architecture: 'resnet8', shortcut: 'projection', widths: [6, 10, 16], classes: 4, seed: 2 }),
  ],
  [
    'gates, a flattened image and several windows',
    networkFromText(
      'input 9x8x3 / conv 6 3x3 s2 p1 bias / bn / a = hardSwish / globalPool / dense 6 bias / sigmoid / multiply < a . / depthwise 3x3 p1 / relu / maxPool 2x2 s2 / flatten / dense 5 bias / softmax',
      3,
    ),
  ],
];

/** The first third of each layer's free filters goes, with all that is tied to them. */
function slimmer(network: Network): Network {
  const removed: Record<string, number[]> = {};
  for (const { locked, members } of channelGroups(network.graph)) {
    const [first] = members;
    if (locked !== undefined || first === undefined) continue;
    const { layer, channels } = first;
    removed[layer] = [...(removed[layer] ?? []), ...channels.slice(0, Math.ceil(channels.length / 3)).flat()];
  }
  return cutChannels(network, closeUnderCoupling(network.graph, removed));
}

function probe({ graph }: Network) {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const shape = [2, ...(input?.op === 'input' ? input.shape : [])];
  const random = createRandom(4).fork('writers');
  return { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()) };
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs((found[at] ?? NaN) - (expected[at] ?? NaN))).toBeLessThan(1e-4 * largest);
  }
}

/** The first output of what is written, run by TF.js. */
async function inTfjs(network: Network, images: ReturnType<typeof probe>): Promise<Float32Array> {
  const [json, shard] = await writeNetworkFiles(network, 'tfjs-layers', 'net');
  if (json === undefined || shard === undefined) throw new Error('Two files were expected.');
  const [output] = await runLayersModel(json.bytes, shard.bytes, images);
  return output ?? new Float32Array();
}

describe('a TF.js LayersModel', () => {
  it.each(slim)('of a %s answers in TF.js as the network does, and comes back as it was', async (_name, network) => {
    const images = probe(network);
    const expected = runReference(network, images).outputs[0]?.values ?? [];
    expectClose(await inTfjs(network, images), expected);
    const files = (await writeNetworkFiles(network, 'tfjs-layers', 'net')).map(
      ({ name, bytes }) => new File([bytes], name),
    );
    const { network: back, notes } = await openNetworkFiles(files);
    expect(notes).toEqual([]);
    expectClose(runReference(back, images).outputs[0]?.values ?? [], expected);
    expect(back.meta.normalisation).toEqual(network.meta.normalisation);
  });

  it.each([
    ['bilinear', [12, 10]],
    ['bilinear', [6, 20]],
    ['nearest', [18, 15]],
  ] as const)('resizes between centres of pixels, %s to %j', async (mode, size) => {
    const plain = networkFromText('input 6x5x2 / resize 6x5', 2);
    const layers = plain.graph.layers.map((layer) =>
      layer.op === 'resize' ? { ...layer, mode, size, grid: 'halfPixel' as const } : layer,
    );
    const network = { ...plain, graph: { ...plain.graph, layers } };
    const images = probe(network);
    expectClose(await inTfjs(network, images), runReference(network, images).outputs[0]?.values ?? []);
  });

  it('is cut with the network', async () => {
    for (const [, network] of slim) {
      const cut = slimmer(network);
      expect(networkCosts(cut.graph).macs).toBeLessThan(0.7 * networkCosts(network.graph).macs);
      const files = (await writeNetworkFiles(cut, 'tfjs-layers', 'net')).map(
        ({ name, bytes }) => new File([bytes], name),
      );
      const { network: back } = await openNetworkFiles(files);
      const images = probe(cut);
      expectClose(
        runReference(back, images).outputs[0]?.values ?? [],
        runReference(cut, images).outputs[0]?.values ?? [],
      );
      // Channels that are only put in place cost a 1x1 convolution there.
      const more = networkCosts(back.graph).macs - networkCosts(cut.graph).macs;
      if (network.graph.layers.some(({ op }) => op === 'pad')) expect(more).toBeGreaterThan(0);
      else expect(more).toBe(0);
    }
  });

  it('says which layer it cannot hold', async () => {
    const network = networkFromText('input 8x8x4 / conv 4 3x3 p1 g2 / globalPool / dense 2', 3);
    await expect(writeNetworkFiles(network, 'tfjs-layers', 'net')).rejects.toThrow(
      'TF.js has no convolution in groups',
    );
  });
});

const python = spawnSync('python3', ['--version']).status === 0;

describe('readable source', () => {
  it.each(slim)('of a %s names every tensor it loads, with the slim widths', async (_name, network) => {
    const cut = slimmer(network);
    const [source, weights] = await writeNetworkFiles(cut, 'pytorch', 'net');
    const text = new TextDecoder().decode(source?.bytes);
    const { tensors } = await readSafetensorsIndex(new Blob([weights?.bytes ?? '']), 'weights');
    for (const layer of cut.graph.layers) {
      if (layer.op === 'conv') expect(text).toMatch(new RegExp(`nn\\.Conv2d\\(\\d+, ${layer.filters}, `));
    }
    const modules = [...text.matchAll(/self\.(\w+) = nn\./g)].map(([, name]) => name);
    expect(new Set(tensors.map(({ name }) => name.split('.')[0]))).toEqual(new Set(modules));
    for (const name of modules) expect(text).toContain(`= self.${name}(`);
  });

  it('of PyTorch flattens in its own order where dense layers alone read it, else in ours', async () => {
    const source = async (layers: string) => {
      const network = networkFromText(`input 2x2x3 / ${layers}`, 3);
      const [text, weights] = await writeNetworkFiles(network, 'pytorch', 'net');
      const file = new Blob([weights?.bytes ?? '']);
      const { tensors } = await readSafetensorsIndex(file, 'weights');
      const entry = tensors.find(({ name }) => name === 'dense1.weight');
      if (entry === undefined) throw new Error('A dense weight was expected.');
      const { values } = await readTensor(file, entry);
      const kernel = network.tensors['dense1.kernel']?.values ?? new Float32Array();
      return { text: new TextDecoder().decode(text?.bytes), row: Array.from(values.subarray(0, 12)), kernel };
    };
    // Feature k here is pixel floor(k / 3), channel k % 3; in PyTorch's order it is channel floor(k / 4), pixel k % 4.
    const own = await source('flatten / relu / dense 2');
    expect(own.text).not.toContain('permute');
    expect(own.row).toEqual(Array.from({ length: 12 }, (_, k) => own.kernel[2 * ((k % 4) * 3 + Math.floor(k / 4))]));
    const ours = await source('flatten / bn / dense 2');
    expect(ours.text).toContain('.permute(0, 2, 3, 1).flatten(1)');
    expect(ours.row).toEqual(Array.from({ length: 12 }, (_, k) => ours.kernel[2 * k]));
  });

  it('of Keras resizes as Keras does, not as TF.js', async () => {
    const resized = (grid: string) => networkFromText(`input 4x4x3 / resize 8x8 bilinear ${grid}`, 3);
    const [source] = await writeNetworkFiles(resized(''), 'keras', 'net');
    expect(new TextDecoder().decode(source?.bytes)).toMatch(/UpSampling2D\(.*bilinear/);
    await expect(writeNetworkFiles(resized('asymmetric'), 'keras', 'net')).rejects.toThrow(
      'Keras resizes between the centres of pixels',
    );
  });

  it.skipIf(!python)(`parses${python ? '' : ' (python3 is absent)'}`, async () => {
    for (const [, network] of slim) {
      for (const format of ['pytorch', 'keras'] as const) {
        const [source] = await writeNetworkFiles(network, format, 'net');
        const parsed = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
          input: source?.bytes,
        });
        expect(parsed.stderr.toString()).toBe('');
        expect(parsed.status).toBe(0);
      }
    }
  });
});
