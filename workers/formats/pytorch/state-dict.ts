/** Finds the weights in what a checkpoint holds: a state dict, or one under a usual name beside training state. */
import { FormatError } from '../format-error';
import { PickleCall, type PickleValue } from './pickle-values';
import { type TensorReference, tensorReference } from './tensor-references';

/** Where training scripts put the weights, the averaged ones last: they are taken only when there are no others. */
const usualPlaces = ['state_dict', 'model_state_dict', 'model', 'net', 'network', 'weights', 'params', 'module'];
const averagedPlaces = ['state_dict_ema', 'model_ema', 'ema'];

export interface StateDict {
  readonly tensors: ReadonlyMap<string, TensorReference>;
  /** What was chosen or left out. */
  readonly notes: readonly string[];
}

function tensorsIn(value: PickleValue | undefined, file: string): ReadonlyMap<string, TensorReference> {
  const tensors = new Map<string, TensorReference>();
  if (!(value instanceof Map)) return tensors;
  for (const [key, item] of value) {
    if (typeof key !== 'string') continue;
    const tensor = tensorReference(key, item, file);
    if (tensor !== undefined) tensors.set(key, tensor);
  }
  return tensors;
}

/** Throws `FormatError` when no weights are found. */
export function findStateDict(root: PickleValue, file: string): StateDict {
  const own = tensorsIn(root, file);
  if (own.size > 1) return { tensors: own, notes: [] };
  if (root instanceof Map) {
    for (const place of [...usualPlaces, ...averagedPlaces]) {
      const tensors = tensorsIn(root.get(place), file);
      if (tensors.size === 0) continue;
      const others = [...root.keys()].filter((key): key is string => typeof key === 'string' && key !== place);
      const left = others.length === 0 ? '' : `; ${others.slice(0, 6).join(', ')} beside them are left alone`;
      return { tensors, notes: [`The weights were taken from "${place}" of the checkpoint${left}.`] };
    }
  }
  if (own.size > 0) return { tensors: own, notes: [] };
  const found = root instanceof PickleCall ? `an object of ${root.callee.path}` : kindOf(root);
  const text = `The checkpoint holds ${found}, not a state dict (names to tensors); save torch.save(model.state_dict(), ...).`;
  throw new FormatError('unrecognised', text, file, 'pickle');
}

function kindOf(root: PickleValue): string {
  if (root instanceof Map) {
    const keys = [...root.keys()].filter((key) => typeof key === 'string').slice(0, 6);
    return keys.length === 0 ? 'an empty dict' : `a dict of ${keys.join(', ')}`;
  }
  return Array.isArray(root) ? 'a list' : `a ${root === null ? 'None' : typeof root}`;
}
