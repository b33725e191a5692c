/** Networks whose accuracy on CIFAR-10 was measured by other programs reach it here, their input found out by trying. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../datasets';
import type { DatasetView } from '../protocol';
import { rehearse, type Rehearsal } from './rehearsal';

const shared = new URL('../../../shared/', import.meta.url);
const archive = 'cifar10/cifar-10-binary-subset.tar.gz';

function bring(...paths: readonly string[]): File[] {
  return paths.map((path) => new File([readFileSync(new URL(path, shared))], basename(path)));
}

const absent = existsSync(new URL(archive, shared)) ? '' : ' (skipped: ../shared is absent)';

describe.skipIf(absent !== '')(`stated accuracies${absent}`, () => {
  let studio: Rehearsal;
  let dataset: DatasetView;

  beforeAll(async () => {
    studio = rehearse({
      change: () => ({ openDataset: (source, given, options) => openDataset(source, given, options) }),
    });
    await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/studio/' });
    dataset = await studio.call('openDataset', { source: { source: 'cifar10' }, files: bring(archive) });
  }, 120_000);

  it.each([
    // 91.65 % of the 2,000 test images, in ONNX Runtime, with both ONNX files. Two come with a JSON of their input.
    ['resnet20-cifar10.onnx', null, 1833],
    ['resnet20-cifar10.safetensors', null, 1833],
    ['resnet20-cifar10-clean.onnx', 'imagenet', 1833],
    // 87.20 % of all 10,000; of these 2,000, TF.js with the layers and weights of the .h5 gets 1,757 right.
    ['third-party/keras/mlperf-tiny-resnet8-cifar10.h5', 'raw', 1757],
    ['third-party/keras/mlperf-tiny-resnet8-cifar10-resaved.keras', 'raw', 1757],
  ])(
    '%s',
    async (path, found, right) => {
      const name = basename(path);
      const files = bring(`models/${path}`, ...(found === null ? ['models/resnet20-cifar10.json'] : []));
      let { network } = await studio.call('openNetwork', { source: { source: 'file', name }, files });
      if (found !== null) {
        const { tried } = await studio.call('tryInputs', { network, dataset: dataset.dataset });
        const [best] = tried;
        if (best?.id !== found) throw new Error(`Best of all is ${best?.id}, not ${found}.`);
        const { normalisation, order } = best;
        ({ network } = await studio.call('describeInput', { network, normalisation, order, classes: null }));
      }
      const { accuracy, images } = await studio.call('evaluate', {
        network,
        dataset: dataset.dataset,
        split: 'test',
        images: null,
      });
      expect(images).toBe(2000);
      // An image whose two best classes are nearly equal may fall either way in float32.
      expect(Math.abs(accuracy * 2000 - right)).toBeLessThanOrEqual(1);
    },
    300_000,
  );
});
