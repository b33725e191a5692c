/** Writes a network as a TF.js LayersModel: `model.json` and one file of weights, float32. */
import type { NetworkWriter } from '../format';
import { kerasLayers } from '../keras/write-layers';
import type { KerasLayer } from '../keras/write-sheet';
import { metadataKey } from './layers-model';

function layerJson({ className, name, config, inputs }: KerasLayer) {
  return {
    class_name: className,
    name,
    config: { name, trainable: true, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  };
}

export const layersModelWriter: NetworkWriter = {
  async write(network, stem) {
    const { layers, inputs, outputs } = kerasLayers(network, 'tfjs', stem);
    const shard = `${stem}.weights.bin`;
    const weights = layers.flatMap(({ name, weights: own }) =>
      own.map(([role, tensor]) => ({ name: `${name}/${role}`, tensor })),
    );
    const { normalisation, classes, name } = network.meta;
    const model = {
      format: 'layers-model',
      generatedBy: 'Espalier',
      convertedBy: null,
      userDefinedMetadata: { [metadataKey]: { name, normalisation, classes } },
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: {
          class_name: 'Model',
          config: {
            name: stem,
            layers: layers.map(layerJson),
            input_layers: inputs.map((input) => [input, 0, 0]),
            output_layers: outputs.map((output) => [output, 0, 0]),
          },
        },
      },
      weightsManifest: [
        {
          paths: [shard],
          weights: weights.map((weight) => ({ name: weight.name, shape: weight.tensor.shape, dtype: 'float32' })),
        },
      ],
    };
    const bytes = await new Blob(weights.map(({ tensor }) => Float32Array.from(tensor.values))).arrayBuffer();
    return [
      { name: `${stem}.model.json`, bytes: new TextEncoder().encode(JSON.stringify(model)) },
      { name: shard, bytes: new Uint8Array(bytes) },
    ];
  },
};
