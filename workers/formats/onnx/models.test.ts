/** Networks that other people trained and exported, from ../shared/models: what we compute is what ONNX Runtime computes. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutByWeights } from '../../methods/cut-by-weights';
import { networkCosts } from '../../network/costs';
import { buildZooNetwork } from '../../network/zoo';
import { openNetworkFiles } from '../index';
import { proven } from './proof-for-tests';
import { compare } from './runtime-for-tests';

const shared = new URL('../../../../shared/models/', import.meta.url);
const absent = existsSync(shared) ? '' : ' (skipped: ../shared/models is absent)';

function read(path: string): File {
  return new File([readFileSync(new URL(path, shared))], basename(path));
}

/** Path, multiply-adds, parameters (convolutions, dense layers, batch norm scale and shift), outputs. */
const files = [
  ['resnet20-cifar10.onnx', 40_551_040, 269_722, [[2, 10]]],
  ['resnet20-cifar10-clean.onnx', 40_551_040, 269_722, [[2, 10]]],
  [
    'third-party/onnx/ultraface-slim-320-simplified.onnx',
    undefined,
    undefined,
    [
      [1, 4420, 2],
      [1, 4420, 4],
    ],
  ],
  [
    'third-party/onnx/ultraface-rfb-320-without-postprocessing.onnx',
    undefined,
    undefined,
    [
      [1, 4420, 2],
      [1, 4420, 4],
    ],
  ],
  ['third-party/onnx/light-squeezenet.onnx', undefined, 1_235_496, [[1, 1000, 1, 1]]],
] as const;

describe('networks of the zoo, cut by L1', () => {
  it.each(['resnet8', 'densenet40', 'mobilenetv2'] as const)(
    '%s',
    async (architecture) => {
      const network = buildZooNetwork({ architecture, seed: 2 });
      const { network: cut } = await cutByWeights(network, 'l1', { budget: 0.5 });
      await proven(cut, 1);
    },
    120_000,
  );
});

describe.skipIf(absent !== '')(`files from elsewhere${absent}`, () => {
  it.each(files)(
    '%s',
    async (path, macs, parameters, outputs) => {
      const file = read(path);
      const { network } = await openNetworkFiles([file]);
      const costs = networkCosts(network.graph);
      if (macs !== undefined) expect(costs.macs).toBe(macs);
      if (parameters !== undefined) expect(costs.parameters).toBe(parameters);
      const images = outputs[0][0];
      const { difference, dims } = await compare(network, new Uint8Array(await file.arrayBuffer()), images);
      expect(dims).toEqual(outputs);
      expect(difference).toBeLessThan(1e-4);
    },
    120_000,
  );

  it('a sidecar gives classes and normalisation', async () => {
    const { network, notes } = await openNetworkFiles([read('resnet20-cifar10.onnx'), read('resnet20-cifar10.json')]);
    expect(network.meta.classes?.[3]).toBe('cat');
    expect(network.meta.normalisation?.mean).toEqual([0.485, 0.456, 0.406]);
    expect(notes).toEqual([]);
  });
});
