/** For tests: small `.h5` and `.keras` files as Keras lays them out, written by libhdf5. */
import library, { type Group } from 'h5wasm';
import type { Network } from '../../network/graph';
import { zipFiles } from '../bundle';
import { kerasLayers } from './write-layers';
import type { KerasLayer } from './write-sheet';

function layerJson({ className, name, config, inputs }: KerasLayer) {
  return {
    class_name: className,
    name,
    config: { name, trainable: true, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  };
}

function modelJson(network: Network): string {
  const { layers, inputs, outputs } = kerasLayers(network, 'keras', 'test');
  const config = {
    name: 'tiny',
    layers: layers.map(layerJson),
    input_layers: inputs.map((name) => [name, 0, 0]),
    output_layers: outputs.map((name) => [name, 0, 0]),
  };
  return JSON.stringify({ class_name: 'Functional', config });
}

async function hdf5(fill: (root: Group) => void): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await library.ready;
  const path = '/made-for-a-test.h5';
  const file = new library.File(path, 'w');
  fill(file);
  file.close();
  const bytes = new Uint8Array(FS.readFile(path));
  FS.unlink(path);
  return bytes;
}

/** As `model.save('net.h5')` of Keras 2 lays it out. */
export async function kerasH5(network: Network): Promise<Uint8Array<ArrayBuffer>> {
  const { layers } = kerasLayers(network, 'keras', 'test');
  return hdf5((root) => {
    root.create_attribute('model_config', modelJson(network));
    root.create_attribute('keras_version', '2.4.0');
    const weights = root.create_group('model_weights');
    weights.create_attribute(
      'layer_names',
      layers.map(({ name }) => name),
    );
    for (const { name, weights: own } of layers) {
      const group = weights.create_group(name);
      if (own.length === 0) continue;
      group.create_attribute(
        'weight_names',
        own.map(([role]) => `${name}/${role}:0`),
      );
      const inner = group.create_group(name);
      for (const [role, { shape, values }] of own) {
        inner.create_dataset({ name: `${role}:0`, data: values, shape: [...shape] });
      }
    }
  });
}

const groups: Readonly<Record<string, string>> = {
  Conv2D: 'conv2d',
  Dense: 'dense',
  BatchNormalization: 'batch_normalization',
};

/** As `model.save('net.keras')` of Keras 3 lays it out. Throws for a weighted class that the tests do not use. */
export async function kerasArchive(network: Network): Promise<Uint8Array<ArrayBuffer>> {
  const { layers } = kerasLayers(network, 'keras', 'test');
  const weights = await hdf5((root) => {
    const container = root.create_group('layers');
    const counts = new Map<string, number>();
    for (const { className, weights: own } of layers) {
      if (own.length === 0) continue;
      const plain = groups[className];
      if (plain === undefined) throw new Error(`${className} is not written for tests.`);
      const count = counts.get(plain) ?? 0;
      counts.set(plain, count + 1);
      const vars = container.create_group(count === 0 ? plain : `${plain}_${count}`).create_group('vars');
      own.forEach(([, { shape, values }], at) => {
        vars.create_dataset({ name: `${at}`, data: values, shape: [...shape] });
      });
    }
  });
  const text = (value: string) => new TextEncoder().encode(value);
  return zipFiles([
    { name: 'metadata.json', bytes: text('{"keras_version": "3.5.0"}') },
    { name: 'config.json', bytes: text(modelJson(network)) },
    { name: 'model.weights.h5', bytes: weights },
  ]);
}
