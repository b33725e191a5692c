/** TF.js LayersModels: a Keras configuration in `model.json`. */
import type { Tensor } from '../../network/graph';
import type { OpenedFile } from '../format';
import { buildKerasNetwork } from '../keras/build';
import { type Fields, isFields } from '../keras/config';
import { assignRoles, type KerasWeights, namesOf, type WeightRole } from '../keras/weights';
import type { TfjsWeights } from './manifest';

function weightsIn({ tensors, elements }: TfjsWeights, file: string): KerasWeights {
  const names = [...tensors.keys()];
  return {
    elements,
    of: (path, roles) => {
      const found = new Map<WeightRole, Tensor>();
      for (const [role, name] of assignRoles(namesOf(names, path), roles, { layer: path.join('/'), file })) {
        const tensor = tensors.get(name);
        if (tensor !== undefined) found.set(role, tensor);
      }
      return Promise.resolve(found);
    },
  };
}

/** Reads a LayersModel from its topology and weights. Throws `FormatError`. */
export function readLayersModel(topology: Fields, weights: TfjsWeights, file: string): Promise<OpenedFile> {
  const wrapped = topology['model_config'];
  return buildKerasNetwork({
    model: isFields(wrapped) ? wrapped : topology,
    weights: weightsIn(weights, file),
    dialect: 'tfjs',
    format: 'tfjs-layers',
    file,
  });
}
