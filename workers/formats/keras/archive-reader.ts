/** Keras 3's own format: a zip of `config.json`, `metadata.json` and `model.weights.h5`. */
import type { Tensor } from '../../network/graph';
import type { OpenedFile } from '../format';
import { FormatError } from '../format-error';
import { parseJsonStrictly } from '../strict-json';
import type { OpenZip } from '../zip';
import { buildKerasNetwork } from './build';
import { isFields } from './config';
import { dialectOf, elementsOf } from './h5-reader';
import { openHdf5, type OpenHdf5 } from './hdf5';
import { assignRoles, type KerasWeights, type WeightRole } from './weights';

/** Keras's own rule for class names as group names: `SeparableConv2D` is `separable_conv2d`. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * Group of every layer, by path. Groups are named by class and count (`conv2d`, `conv2d_1`); newer files also say each
 * layer's name, older ones only have the order.
 */
function groupsOf(model: unknown, hdf5: OpenHdf5, group: string, path: readonly string[]): Map<string, string> {
  const groups = new Map<string, string>();
  const config = isFields(model) && isFields(model['config']) ? model['config'] : {};
  const layers: unknown[] = Array.isArray(config['layers']) ? config['layers'] : [];
  const container = ['layers', '_layer_checkpoint_dependencies'].find((name) => hdf5.children(group).includes(name));
  if (container === undefined) return groups;
  const base = group === '' ? container : `${group}/${container}`;
  const present = hdf5.children(base);
  const named = new Map(
    present.flatMap((child) => {
      const name = hdf5.attribute(`${base}/${child}/vars`, 'name');
      return name === undefined ? [] : [[name, child] as const];
    }),
  );
  const counts = new Map<string, number>();
  for (const layer of layers) {
    if (!isFields(layer)) continue;
    const own = isFields(layer['config']) ? layer['config']['name'] : undefined;
    const given = layer['name'] ?? own;
    const name = typeof given === 'string' ? given : '';
    const plain = snakeCase(String(layer['class_name']));
    const count = counts.get(plain) ?? 0;
    counts.set(plain, count + 1);
    const counted = count === 0 ? plain : `${plain}_${count}`;
    const child = named.get(name) ?? (present.includes(name) && !present.includes(counted) ? name : counted);
    groups.set([...path, name].join('/'), `${base}/${child}`);
    for (const [inner, at] of groupsOf(layer, hdf5, `${base}/${child}`, [...path, name])) groups.set(inner, at);
  }
  return groups;
}

function weightsIn(hdf5: OpenHdf5, groups: ReadonlyMap<string, string>, file: string): KerasWeights {
  const variables = (group: string): readonly string[] =>
    hdf5
      .children(`${group}/vars`)
      .toSorted((a, b) => Number(a) - Number(b))
      .map((name) => `${group}/vars/${name}`);
  const first = [...groups.values()].flatMap((group) => variables(group).slice(0, 1))[0];
  return {
    elements: first === undefined ? 'float32' : elementsOf(hdf5.type(first)),
    of: (path, roles) => {
      const group = groups.get(path.join('/'));
      // Layers such as Normalization keep a count behind their weights.
      const all = group === undefined ? [] : variables(group).slice(0, roles.length);
      const tensors = new Map<WeightRole, Tensor>();
      for (const [role, name] of assignRoles(all, roles, { layer: path.join('/'), file })) {
        tensors.set(role, hdf5.tensor(name));
      }
      return Promise.resolve(tensors);
    },
  };
}

/** Reads a Keras archive. Throws `FormatError`. */
export async function readKerasArchive(zip: OpenZip, file: string): Promise<OpenedFile> {
  const json = async (name: string) => parseJsonStrictly((await zip.read(name)).buffer, file);
  const model = await json('config.json');
  const metadata = await json('metadata.json');
  const version = isFields(metadata) ? metadata['keras_version'] : undefined;
  if (!zip.names.includes('model.weights.h5')) {
    throw new FormatError('malformed', 'The archive has no model.weights.h5.', file, 'model.weights.h5');
  }
  const hdf5 = await openHdf5(await zip.read('model.weights.h5'), file);
  try {
    return await buildKerasNetwork({
      model,
      weights: weightsIn(hdf5, groupsOf(model, hdf5, '', []), file),
      dialect: dialectOf(typeof version === 'string' ? version : '3'),
      format: 'keras',
      file,
    });
  } finally {
    hdf5.close();
  }
}
