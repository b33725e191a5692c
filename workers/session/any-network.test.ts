/**
 * Any trained convnet in, a smaller one out: every file below ../shared/models opens, is cut by L1 to three fifths of its
 * multiply-adds, leaves in every format that can hold it, and other programs compute the same from what was written.
 * A file that is added to the folder is tested without a word here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNetworkFiles, writableFormats, writeNetworkFiles } from '../formats';
import { compare } from '../formats/onnx/runtime-for-tests';
import { maxAbsDifference } from '../formats/proof';
import { runLayersModel } from '../formats/tfjs/runtime-for-tests';
import { createRandom, type Random } from '../linalg/random';
import { cutByWeights } from '../methods/cut-by-weights';
import { networkCosts } from '../network/costs';
import type { Network } from '../network/graph';
import { withOutputs } from '../network/outputs';
import { runReference } from '../network/reference';
import { sizeOf } from '../network/shapes';

const folder = new URL('../../../shared/models', import.meta.url).pathname;

const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
  : [];

const isNetwork = (path: string): boolean =>
  /\.(onnx|safetensors|h5|hdf5|keras|pt|pth|th)$/.test(path) || basename(path) === 'model.json';
const models = files.filter(isNetwork).toSorted();

/** The network, its JSON of the same name, and the shards of a TF.js model. */
function together(path: string): readonly string[] {
  const sidecar = path.replace(/\.[^.]+$/, '.json');
  const shards = basename(path) === 'model.json' ? files.filter((other) => other.startsWith(`${dirname(path)}/`)) : [];
  return [...new Set([path, ...files.filter((other) => other === sidecar), ...shards])];
}

function bring(path: string): readonly File[] {
  return together(path).map((one) => new File([readFileSync(join(folder, one))], basename(one)));
}

/** Files with every layer as an output: the one that is meant, by name. */
const meant: Readonly<Record<string, string>> = {
  'third-party/tfjs-layers/tensorspace-lenet-mnist/model.json': 'dense_Dense3.softmax',
};

/** Numbers as in an image. */
const unit = (random: Random): number => random.uniform(0, 1);

/** An image of noise. */
function probe({ graph }: Network) {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const shape = [1, ...(input?.op === 'input' ? input.shape : [])];
  const random = createRandom(8).fork('any network');
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => unit(random)) };
}

function expectEqual(found: readonly ArrayLike<number>[], network: Network, images: ReturnType<typeof probe>): void {
  const { outputs } = runReference(network, images);
  expect(found).toHaveLength(outputs.length);
  outputs.forEach(({ values }, at) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    expect(maxAbsDifference(found[at] ?? [], values)).toBeLessThan(1e-4 * largest);
  });
}

const absent = models.length > 0 ? '' : ' (skipped: ../shared/models is absent)';

describe.skipIf(absent !== '')(`every network of ../shared/models${absent}`, () => {
  it('and no file of that folder is left out', () => {
    const covered = new Set(models.flatMap(together));
    expect(files.filter((path) => !covered.has(path) && !path.startsWith('licences/'))).toEqual([]);
  });

  it.each(models)(
    '%s: opens, is cut to 60 %, leaves, and answers the same elsewhere',
    async (path) => {
      const { network: whole } = await openNetworkFiles(bring(path));
      expect(whole.graph.layers.filter(({ op }) => op === 'opaque')).toEqual([]);
      const output = meant[path];
      const network = output === undefined ? whole : withOutputs(whole, [output]);

      const { network: cut, plan } = await cutByWeights(network, 'l1', { budget: 0.6 });
      expect(plan.shortfall).toBeUndefined();
      expect(plan.share).toBeGreaterThan(0.55);
      expect(plan.share).toBeLessThanOrEqual(0.6);
      expect(networkCosts(cut.graph).macs).toBe(plan.macs);

      const images = probe(cut);
      for (const { id, isSource } of writableFormats) {
        const written = await writeNetworkFiles(cut, id, 'net');
        if (isSource === true) continue;
        const { network: back } = await openNetworkFiles(written.map(({ name, bytes }) => new File([bytes], name)));
        expectEqual(
          runReference(back, images).outputs.map(({ values }) => values),
          cut,
          images,
        );
        const [first, second] = written.map(({ bytes }) => bytes);
        if (id === 'onnx' && first !== undefined) {
          const origin = back.meta.origin;
          const { difference, largest } = await compare({ ...cut, meta: { ...cut.meta, origin } }, first, 1, unit);
          expect(largest).toBeGreaterThan(0);
          expect(difference).toBeLessThan(1e-4);
          expect(networkCosts(back.graph).macs).toBe(plan.macs);
          // An ONNX file comes back as it came: the same names, the same layouts.
          if (network.meta.origin?.format === 'onnx') expect(origin).toMatchObject(network.meta.origin);
        }
        if (id === 'tfjs-layers' && first !== undefined && second !== undefined) {
          expectEqual(await runLayersModel(first, second, images), cut, images);
        }
        if (id === 'safetensors') expect({ ...back.tensors }).toEqual({ ...cut.tensors });
      }
    },
    300_000,
  );
});
