/** Networks that other people made, opened and run beside TF.js, which knows nothing of this code. */
import { existsSync, readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { io, tensor, type Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../linalg/random';
import { networkCosts } from '../network/costs';
import type { Network } from '../network/graph';
import { runReference } from '../network/reference';
import { openNetworkFiles } from './index';
import { openHdf5 } from './keras/hdf5';

const shared = new URL('../../../shared/models/third-party/', import.meta.url);
const present = existsSync(shared);

function bytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(path, shared)));
}

function open(folder: string, names: readonly string[]) {
  return openNetworkFiles(names.map((name) => new File([bytes(`${folder}/${name}`)], name)));
}

/** Two images of normal noise, the same every time. */
function probe({ graph }: Network, images = 2) {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const shape = [images, ...(input?.op === 'input' ? input.shape : [])];
  const random = createRandom(8).fork('third-party');
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  return { shape, values };
}

/** What TF.js answers for the same images, every output in order. */
async function answers(outputs: TfTensor | TfTensor[]): Promise<readonly Float32Array[]> {
  return Promise.all([outputs].flat().map((output) => output.data<'float32'>()));
}

function expectEqual(
  network: Network,
  images: { shape: readonly number[]; values: Float32Array },
  theirs: readonly Float32Array[],
) {
  const { outputs } = runReference(network, images);
  expect(outputs).toHaveLength(theirs.length);
  outputs.forEach(({ values }, at) => {
    const other = theirs[at] ?? new Float32Array();
    expect(values).toHaveLength(other.length);
    const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    const difference = values.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (other[index] ?? NaN))),
      0,
    );
    expect(difference).toBeLessThan(1e-4 * largest);
  });
}

function artifacts(folder: string, shard: string): io.ModelArtifacts {
  const json = JSON.parse(new TextDecoder().decode(bytes(`${folder}/model.json`)));
  return { ...json, weightSpecs: json.weightsManifest[0].weights, weightData: bytes(`${folder}/${shard}`).buffer };
}

const skipped = present ? '' : ' (../shared/models/third-party is absent)';

describe.skipIf(!present)(`TF.js models answer as in TF.js${skipped}`, () => {
  it.each([
    // MACs by hand: TinyVGG 62*62*10*27 + 60*60*10*90 + 28*28*10*90 + 26*26*10*90 + 1690*10.
    ['cnn-explainer-tinyvgg', 'group1-shard1of1.bin', 1_037_880 + 3_240_000 + 705_600 + 608_400 + 16_900, 1],
    // LeNet 28*28*6*25 + 10*10*16*150 + 400*120 + 120*84 + 84*10; every layer is an output.
    ['tensorspace-lenet-mnist', 'mnist.weights.bin', 117_600 + 240_000 + 48_000 + 10_080 + 840, 8],
  ])('LayersModel %s', async (name, shard, macs, count) => {
    const { network, notes } = await open(`tfjs-layers/${name}`, ['model.json', shard]);
    expect(notes).toEqual([]);
    expect(networkCosts(network.graph).macs).toBe(macs);
    expect(network.graph.outputs).toHaveLength(count);
    const images = probe(network);
    const model = await loadLayersModel(io.fromMemory(artifacts(`tfjs-layers/${name}`, shard)));
    expectEqual(network, images, await answers(model.predict(tensor(images.values, images.shape))));
  });

  it.each([
    ['human-emotion', 'emotion.bin', 'float32'],
    ['human-selfie', 'selfie.bin', 'float16'],
  ])('GraphModel %s', async (name, shard, elements) => {
    const { network, notes } = await open(`tfjs-graph/${name}`, ['model.json', shard]);
    expect(notes).toEqual(elements === 'float32' ? [] : [expect.stringContaining(`weights are ${elements}`)]);
    expect(network.meta.origin).toMatchObject({ format: 'tfjs-graph', elements });
    expect(network.graph.layers.some(({ op }) => op === 'opaque')).toBe(false);
    const images = probe(network, 1);
    const model = await loadGraphModel(io.fromMemory(artifacts(`tfjs-graph/${name}`, shard)));
    const output = model.predict(tensor(images.values, images.shape));
    if (!Array.isArray(output) && !('dataId' in output)) throw new Error('TF.js answered with names.');
    expectEqual(network, images, await answers(output as TfTensor));
  });
});

/** The same HDF5 file for TF.js: its configuration, and its weights under the names TF.js gives them. */
async function kerasInTfjs(path: string) {
  const hdf5 = await openHdf5(bytes(path), path);
  // TF.js does not know the class name of Keras's L2 regulariser, which plays no part in inference.
  const modelConfig: unknown = JSON.parse(hdf5.attribute('', 'model_config') ?? '', (key, value: unknown) =>
    key.endsWith('_regularizer') ? null : value,
  );
  const specs: io.WeightsManifestEntry[] = [];
  const data: Float32Array<ArrayBuffer>[] = [];
  for (const layer of hdf5.list('model_weights', 'layer_names')) {
    for (const name of hdf5.list(`model_weights/${layer}`, 'weight_names')) {
      const { shape, values } = hdf5.tensor(`model_weights/${layer}/${name}`);
      specs.push({
        name: `${layer}/${name.split('/').at(-1)?.replace(':0', '')}`,
        shape: [...shape],
        dtype: 'float32',
      });
      data.push(Float32Array.from(values));
    }
  }
  hdf5.close();
  const weightData = await new Blob(data).arrayBuffer();
  return loadLayersModel(
    io.fromMemory({ modelTopology: { model_config: modelConfig }, weightSpecs: specs, weightData }),
  );
}

describe.skipIf(!present)(`Keras models answer as TF.js does with their weights${skipped}`, () => {
  it.each([
    ['mlperf-tiny-resnet8-cifar10.h5', 12_501_632],
    ['fer2013-mini-xception.hdf5', 10_163_392],
  ])('%s', async (name, macs) => {
    const { network, notes } = await open('keras', [name]);
    expect(notes).toEqual([]);
    expect(networkCosts(network.graph).macs).toBe(macs);
    const images = probe(network);
    const model = await kerasInTfjs(`keras/${name}`);
    expectEqual(network, images, await answers(model.predict(tensor(images.values, images.shape))));
  });

  it('the .keras file is the same network as the .h5 it was saved from', async () => {
    const { network: first } = await open('keras', ['mlperf-tiny-resnet8-cifar10.h5']);
    const { network: second, notes } = await open('keras', ['mlperf-tiny-resnet8-cifar10-resaved.keras']);
    expect(notes).toEqual([]);
    expect(second.graph).toEqual(first.graph);
    expect(Object.keys(second.tensors)).toEqual(Object.keys(first.tensors));
    for (const [name, { values }] of Object.entries(second.tensors)) {
      const other = first.tensors[name]?.values ?? [];
      expect(values.every((value, at) => Object.is(value, other[at]))).toBe(true);
    }
  });
});
