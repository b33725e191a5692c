/** A network as Keras source that a person can read, change and run: one functional model, weights from safetensors. */
import type { Network } from '../../network/graph';
import { kerasLayers } from '../keras/write-layers';
import type { KerasLayer } from '../keras/write-sheet';
import { docstringText, pythonName, pythonString } from './python-names';

/** A value as Python writes it. */
function python(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return pythonString(value);
  if (Array.isArray(value)) return `(${value.map(python).join(', ')}${value.length === 1 ? ',' : ''})`;
  return JSON.stringify(value);
}

/** What Keras takes anyway, and what its third version calls otherwise. */
function argumentsOf({ className, config }: KerasLayer): readonly string[] {
  const usual: Readonly<Record<string, unknown>> = {
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: true,
    center: true,
    scale: className === 'BatchNormalization' ? true : undefined,
    axis: -1,
    padding: 'valid',
    momentum: 0.99,
    depth_multiplier: 1,
  };
  const same = (key: string, value: unknown): boolean =>
    JSON.stringify(usual[key]) === JSON.stringify(value) ||
    (['strides', 'dilation_rate'].includes(key) && String(value) === '1,1' && !className.includes('Pooling'));
  return Object.entries(config)
    .filter(([key, value]) => !same(key, value))
    .map(([key, value]) => `${className === 'LeakyReLU' && key === 'alpha' ? 'negative_slope' : key}=${python(value)}`);
}

/** Python names of layers' outputs, by the layers' own. */
function variablesOf(layers: readonly KerasLayer[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    layers.map(({ name }) => {
      const variable = pythonName(name, (wanted) => taken.has(wanted));
      taken.add(variable);
      return [name, variable];
    }),
  );
}

function line(layer: KerasLayer, variableOf: (name: string) => string): string {
  const { className, name, config, inputs } = layer;
  if (className === 'InputLayer') {
    const shape = config['batch_input_shape'];
    return `${variableOf(name)} = keras.Input(${python(Array.isArray(shape) ? shape.slice(1) : [])}, name=${python(name)})`;
  }
  const parameters = [...argumentsOf(layer), `name=${python(name)}`].join(', ');
  const fed = inputs.map(variableOf);
  const feed = ['Add', 'Multiply', 'Concatenate'].includes(className) ? `[${fed.join(', ')}]` : fed.join(', ');
  return `${variableOf(name)} = layers.${className}(${parameters})(${feed})`;
}

/** Source of a module whose `build()` makes the network, and that loads `weightsFile` when it is run. */
export function kerasSource(network: Network, weightsFile: string): string {
  const { layers, inputs, outputs } = kerasLayers(network, 'keras', weightsFile);
  const variables = variablesOf(layers);
  const variableOf = (name: string): string => variables.get(name) ?? name;
  const body = layers.map((layer) => `    ${line(layer, variableOf)}`).join('\n');
  const list = (names: readonly string[]) =>
    names.length === 1 ? variableOf(names[0] ?? '') : `[${names.map(variableOf).join(', ')}]`;
  return `"""${docstringText(network.meta.name)}, written by Espalier. Needs keras 3 and safetensors."""

import keras
from keras import layers


def build():
${body}
    return keras.Model(${list(inputs)}, ${list(outputs)})


def load(path=${pythonString(weightsFile)}):
    """The network with its weights; a layer's are called NAME/0, NAME/1 ... in Keras's order."""
    from safetensors.numpy import load_file

    model, weights = build(), load_file(path)
    for layer in model.layers:
        values = [weights[f'{layer.name}/{index}'] for index in range(len(layer.weights))]
        if values:
            layer.set_weights(values)
    return model


if __name__ == '__main__':
    load().summary()
`;
}

/** The weights `load` of the source asks for. */
export function kerasSourceTensors(network: Network, file: string) {
  return Object.fromEntries(
    kerasLayers(network, 'keras', file).layers.flatMap(({ name, weights }) =>
      weights.map(([, tensor], index) => [`${name}/${index}`, tensor] as const),
    ),
  );
}
