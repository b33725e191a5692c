/** Every Keras layer that TF.js has too: what we compute is what TF.js computes from the same file. */
import '@tensorflow/tfjs-backend-cpu';
import { io, setBackend, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../linalg/random';
import { runReference } from '../../network/reference';
import { sizeOf } from '../../network/shapes';
import { openNetworkFiles } from '../index';
import { maxAbsDifference } from '../proof';
import { type KerasCase, kerasCases } from './cases-for-tests';

const size = [6, 8, 3];

function topology({ layers, input = size }: KerasCase) {
  const nameOf = (at: number): string => (at < 0 ? 'input' : `layer${at}`);
  const last = nameOf(layers.length - 1);
  return {
    class_name: 'Model',
    config: {
      name: 'case',
      layers: [
        {
          class_name: 'InputLayer',
          name: 'input',
          config: { name: 'input', batch_input_shape: [null, ...input], dtype: 'float32' },
          inbound_nodes: [],
        },
        ...layers.map(({ className, config, from }, at) => ({
          class_name: className,
          name: nameOf(at),
          config: { name: nameOf(at), ...config },
          inbound_nodes: [(from ?? [at - 1]).map((one) => [nameOf(one), 0, 0, {}])],
        })),
      ],
      input_layers: [['input', 0, 0]],
      output_layers: [[last, 0, 0]],
    },
  };
}

describe('what is read computes what TF.js computes', () => {
  it.each(Object.entries(kerasCases))('%s', async (_name, init) => {
    await setBackend('cpu');
    const model = await loadLayersModel(io.fromMemory({ modelTopology: { model_config: topology(init) } }));
    const random = createRandom(6);
    // Variances are positive, and so may everything else be.
    const own = model.getWeights().map(({ shape }) => {
      const values = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(0.1, 1));
      return { shape, values };
    });
    model.setWeights(own.map(({ shape, values }) => tensor(values, shape)));
    const manifest = model.weights.map(({ originalName }, at) => ({
      name: originalName,
      shape: own[at]?.shape,
      dtype: 'float32',
    }));
    const json = {
      format: 'layers-model',
      modelTopology: { model_config: topology(init) },
      weightsManifest: [{ paths: ['shard.bin'], weights: manifest }],
    };
    const files = [
      new File([JSON.stringify(json)], 'model.json'),
      new File(
        own.map(({ values }) => values),
        'shard.bin',
      ),
    ];
    const { network, notes } = await openNetworkFiles(files);
    expect(notes).toEqual([]);
    expect(network.graph.layers.filter(({ op }) => op === 'opaque')).toEqual([]);

    const shape = [2, ...(init.input ?? size)];
    const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
    const theirs = model.predict(tensor(values, shape)) as Tensor;
    const ours = runReference(network, { shape, values }).outputs[0]?.values ?? new Float64Array();
    const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(1e-3);
    expect(maxAbsDifference(await theirs.data(), ours)).toBeLessThan(1e-5 * Math.max(1, largest));
  });
});
