/** Keras models as one HDF5 file (`model.save('x.h5')`): configuration and weights. */
import type { NetworkOrigin, Tensor } from '../../network/graph';
import type { NetworkReader, OpenedFile, SniffedFile } from '../format';
import { FormatError } from '../format-error';
import { applySidecar } from '../sidecar';
import { parseJsonStrictly } from '../strict-json';
import { buildKerasNetwork } from './build';
import { isFields } from './config';
import { openHdf5, type OpenHdf5 } from './hdf5';
import { assignRoles, type KerasWeights, namesOf, type WeightRole } from './weights';

/** Keras 3 writes this format too; its own words then. */
export function dialectOf(version: string | undefined): 'keras2' | 'keras3' {
  return Number.parseInt(version ?? '2', 10) >= 3 ? 'keras3' : 'keras2';
}

/** Element type of HDF5 numbers, as a network's origin names it. */
export function elementsOf(type: string): NetworkOrigin['elements'] {
  if (type.endsWith('e')) return 'float16';
  return type.endsWith('d') ? 'float64' : 'float32';
}

function weightsIn(hdf5: OpenHdf5, root: string, file: string): KerasWeights {
  const layers = hdf5.list(root, 'layer_names');
  const prefix = root === '' ? '' : `${root}/`;
  const namesIn = (layer: string): readonly string[] => hdf5.list(`${prefix}${layer}`, 'weight_names');
  const [first] = layers.flatMap((layer) =>
    namesIn(layer)
      .slice(0, 1)
      .map((name) => `${prefix}${layer}/${name}`),
  );
  return {
    elements: first === undefined ? 'float32' : elementsOf(hdf5.type(first)),
    of: (path, roles) => {
      const [layer = ''] = path;
      const all = layers.includes(layer) ? namesIn(layer) : [];
      const names = path.length === 1 ? all : namesOf(all, path.slice(1));
      const tensors = new Map<WeightRole, Tensor>();
      for (const [role, name] of assignRoles(names, roles, { layer: path.join('/'), file })) {
        tensors.set(role, hdf5.tensor(`${prefix}${layer}/${name}`));
      }
      return Promise.resolve(tensors);
    },
  };
}

/** The configuration in the file, or in a JSON dropped with a file of weights alone. */
async function configuration(hdf5: OpenHdf5, file: string, beside: readonly SniffedFile[]): Promise<unknown> {
  const text = hdf5.attribute('', 'model_config');
  if (text !== undefined) return parseJsonStrictly(new TextEncoder().encode(text).buffer, file);
  for (const { file: other, kind } of beside) {
    if (kind !== 'json') continue;
    const json = parseJsonStrictly(await other.arrayBuffer(), other.name);
    if (isFields(json) && 'class_name' in json) return json;
  }
  const keras = hdf5.list('', 'layer_names').length > 0;
  const problem = keras
    ? 'The file holds weights without the architecture. Save the whole model with model.save(...), or drop the JSON of model.to_json() with it.'
    : 'This HDF5 file holds no Keras model: it has neither "model_config" nor "layer_names".';
  throw new FormatError(keras ? 'unsupported' : 'not-this-format', problem, file, 'model_config');
}

async function read({ file }: SniffedFile, beside: readonly SniffedFile[]): Promise<OpenedFile> {
  const hdf5 = await openHdf5(new Uint8Array(await file.arrayBuffer()), file.name);
  try {
    const model = await configuration(hdf5, file.name, beside);
    const root = hdf5.children('').includes('model_weights') ? 'model_weights' : '';
    const opened = await buildKerasNetwork({
      model,
      weights: weightsIn(hdf5, root, file.name),
      dialect: dialectOf(hdf5.attribute('', 'keras_version')),
      format: 'keras',
      file: file.name,
    });
    return await applySidecar(opened, beside);
  } finally {
    hdf5.close();
  }
}

export const h5Reader: NetworkReader = { read };
