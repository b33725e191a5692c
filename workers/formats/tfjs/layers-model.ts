/** TF.js LayersModels: a Keras configuration in `model.json`. */
import * as v from 'valibot';
import type { Tensor } from '../../network/graph';
import type { OpenedFile } from '../format';
import { buildKerasNetwork } from '../keras/build';
import { type Fields, isFields } from '../keras/config';
import { assignRoles, type KerasWeights, namesOf, type WeightRole } from '../keras/weights';
import type { TfjsWeights } from './manifest';

/** Where `model.json` keeps what this program adds: how pixels become the input, names of classes. */
export const metadataKey = 'espalier';

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
export async function readLayersModel(
  json: Fields,
  topology: Fields,
  weights: TfjsWeights,
  file: string,
): Promise<OpenedFile> {
  const wrapped = topology['model_config'];
  const opened = await buildKerasNetwork({
    model: isFields(wrapped) ? wrapped : topology,
    weights: weightsIn(weights, file),
    dialect: 'tfjs',
    format: 'tfjs-layers',
    file,
  });
  return { ...opened, network: { ...opened.network, meta: { ...opened.network.meta, ...ownMetadata(json) } } };
}

const MetadataSchema = v.object({
  name: v.string(),
  normalisation: v.optional(v.object({ mean: v.array(v.number()), std: v.array(v.number()) })),
  classes: v.optional(v.array(v.string())),
});

/** What this program wrote about the network beside its layers. */
function ownMetadata(json: Fields): Partial<v.InferOutput<typeof MetadataSchema>> {
  const metadata = json['userDefinedMetadata'];
  const checked = v.safeParse(MetadataSchema, isFields(metadata) ? metadata[metadataKey] : undefined);
  return checked.success ? checked.output : {};
}
