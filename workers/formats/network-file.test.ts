import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkCosts } from '../network/costs';
import type { Network } from '../network/graph';
import { buildZooNetwork } from '../network/zoo';
import { FormatError } from './format-error';
import { fromPyTorch } from './foreign-names';
import { openNetworkFiles } from './index';
import { readNetworkFile, writeNetworkFile } from './network-file';
import { writeSafetensors } from './safetensors';

const tiny = buildZooNetwork({
  architecture: 'resnet8',
  shortcut: 'projection',
  widths: [2, 3, 4],
  classes: 2,
  seed: 7,
});

function asFile(bytes: Uint8Array<ArrayBuffer>, name = 'net.safetensors'): File {
  return new File([bytes], name);
}

/** The inverse of the reader's turn, written independently: ours to PyTorch's layout by index arithmetic. */
function toPyTorch(network: Network, rename: (name: string) => string): Uint8Array<ArrayBuffer> {
  const turned = Object.entries(network.tensors).map(([name, tensor]) => {
    const [a = 1, b = 1, c = 1, d = 1] = tensor.shape;
    if (tensor.shape.length === 1) return [rename(name), tensor] as const;
    if (tensor.shape.length === 2) {
      const values = Float32Array.from(
        { length: a * b },
        (_, at) => tensor.values[(at % a) * b + Math.floor(at / a)] ?? NaN,
      );
      return [rename(name), { shape: [b, a], values }] as const;
    }
    const values = new Float32Array(a * b * c * d);
    for (let y = 0; y < a; y++)
      for (let x = 0; x < b; x++)
        for (let i = 0; i < c; i++)
          for (let o = 0; o < d; o++) {
            values[((o * c + i) * a + y) * b + x] = tensor.values[((y * b + x) * c + i) * d + o] ?? NaN;
          }
    return [rename(name), { shape: [d, c, a, b], values }] as const;
  });
  return writeSafetensors(Object.fromEntries(turned));
}

function pyTorchName(name: string): string {
  return name
    .replace(/^stem\.kernel/, 'conv1.weight')
    .replace(/^stem\.bn/, 'bn1')
    .replace(/^stage(\d)\.block(\d)\./, (_, stage, block) => `layer${stage}.${Number(block) - 1}.`)
    .replace(/projection\.kernel/, 'shortcut.0.weight')
    .replace(/projection\.bn/, 'shortcut.1')
    .replace(/(conv\d)\.kernel/, '$1.weight')
    .replace(/^classifier\.kernel/, 'linear.weight')
    .replace(/^classifier\.bias/, 'linear.bias')
    .replace(/\.gamma$/, '.weight')
    .replace(/\.beta$/, '.bias')
    .replace(/\.mean$/, '.running_mean')
    .replace(/\.variance$/, '.running_var');
}

describe('our own network files', () => {
  it('come back bit for bit, with structure, history and meta', async () => {
    const network: Network = {
      ...tiny,
      meta: { ...tiny.meta, classes: ['cat', 'dog'], history: [{ kind: 'cut', removed: { stem: [1] } }] },
    };
    const { network: back, notes } = await readNetworkFile(asFile(await writeNetworkFile(network)), 'net.safetensors');
    expect(back).toEqual(network);
    expect(notes).toEqual([]);
  });

  it('are the same bytes for the same network', async () => {
    expect(await writeNetworkFile(tiny)).toEqual(await writeNetworkFile(tiny));
  });

  it('give away any one changed byte', async () => {
    // A network of a few hundred bytes, so that every position can be tried.
    const small: Network = {
      graph: {
        layers: [
          { id: 'in', op: 'input', inputs: [], shape: [2] },
          { id: 'out', op: 'dense', inputs: ['in'], units: 2, kernel: 'k' },
        ],
        outputs: ['out'],
      },
      tensors: { k: { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) } },
      meta: { name: 'two', history: [] },
    };
    const good = await writeNetworkFile(small);
    await expect(readNetworkFile(new Blob([good]), 'f')).resolves.toBeDefined();
    for (let at = 0; at < good.length; at++) {
      for (const flip of [0x01, 0x29]) {
        const bad = good.slice();
        bad[at] = (bad[at] ?? 0) ^ flip;
        await expect(readNetworkFile(new Blob([bad]), 'f'), `byte ${at}`).rejects.toBeInstanceOf(FormatError);
      }
    }
  });

  it('are refused when cut short anywhere', async () => {
    const good = await writeNetworkFile(tiny);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: good.length - 1 }), async (length) => {
        await expect(readNetworkFile(new Blob([good.slice(0, length)]), 'f')).rejects.toBeInstanceOf(FormatError);
      }),
      { numRuns: 60 },
    );
  });
});

describe('PyTorch checkpoints', () => {
  it.each(['identity', 'projection'] as const)(
    'of slim ResNets with %s shortcuts open by names and shapes',
    async (shortcut) => {
      const widths = [4, 3, 4, 5, 8, 6, 12];
      const network = buildZooNetwork({ architecture: 'resnet8', shortcut, widths, classes: 3, seed: 3 });
      const file = asFile(toPyTorch(network, (name) => `module.${pyTorchName(name)}`));
      const { network: back, notes } = await readNetworkFile(file, file.name);
      expect(back.graph).toEqual(network.graph);
      expect(back.tensors).toEqual(network.tensors);
      expect(notes.join(' ')).toMatch(shortcut === 'identity' ? /option A/ : /option B/);
      expect(notes.join(' ')).toMatch(/normalised/);
    },
  );

  it('turn kernels from [out, in, kh, kw] to [kh, kw, in, out]', () => {
    // out 2, in 1, 1x2: filter 0 is (1, 2), filter 1 is (3, 4).
    const turned = fromPyTorch({ shape: [2, 1, 1, 2], values: Float32Array.of(1, 2, 3, 4) }, false);
    expect(turned).toEqual({ shape: [1, 2, 1, 2], values: Float32Array.of(1, 3, 2, 4) });
  });

  it('with a missing or an unknown tensor are named, not guessed', async () => {
    const without = asFile(
      toPyTorch(tiny, (name) => pyTorchName(name).replace('layer2.0.bn1.weight', 'layer2.0.bn1.scale')),
    );
    await expect(readNetworkFile(without, 'f')).rejects.toThrow('"layer2.0.bn1.weight" is missing');
    const foreign = writeSafetensors({ 'encoder.weight': { shape: [1], values: Float32Array.of(1) } });
    await expect(readNetworkFile(asFile(foreign), 'f')).rejects.toThrow('no architecture known here');
  });
});

const shared = new URL('../../../shared/models/', import.meta.url);
const present = existsSync(new URL('resnet20-cifar10.safetensors', shared));

describe.skipIf(!present)(`the pretrained ResNet-20${present ? '' : ' (../shared/models is absent)'}`, () => {
  it('opens as option A with 40,551,040 multiply-adds, 269,722 parameters and the normalisation beside it', async () => {
    const files = ['resnet20-cifar10.safetensors', 'resnet20-cifar10.json'].map(
      (name) => new File([readFileSync(new URL(name, shared))], name),
    );
    const { network, notes } = await openNetworkFiles(files);
    const { macs, parameters } = networkCosts(network.graph);
    expect({ macs, parameters }).toEqual({ macs: 40_551_040, parameters: 269_722 });
    expect(network.meta.normalisation).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    expect(network.meta.classes?.[3]).toBe('cat');
    expect(notes).toHaveLength(1);
  });
});
