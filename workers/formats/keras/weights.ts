/** Where a Keras model's weights are found: by their names (HDF5, TF.js) or by their order (`.keras`). */
import type { NetworkOrigin, Tensor } from '../../network/graph';
import { FormatError } from '../format-error';

/** What Keras calls a weight, in the order in which layers list theirs. */
export type WeightRole =
  | 'kernel'
  | 'bias'
  | 'gamma'
  | 'beta'
  | 'moving_mean'
  | 'moving_variance'
  | 'depthwise_kernel'
  | 'pointwise_kernel'
  | 'alpha'
  | 'mean'
  | 'variance';

export interface KerasWeights {
  /**
   * The weights of the layer at `path` (models around it, then its name), one per role. Throws `FormatError` when they
   * are not in the file.
   */
  of(path: readonly string[], roles: readonly WeightRole[]): Promise<ReadonlyMap<WeightRole, Tensor>>;
  readonly elements: NetworkOrigin['elements'];
}

const endings: Readonly<Record<WeightRole, RegExp>> = {
  kernel: /(^|[/_])(kernel|depthwise_kernel|weights?|W)(:0)?$/,
  bias: /(^|[/_])(bias|b)(:0)?$/,
  gamma: /(^|[/_])gamma(:0)?$/,
  beta: /(^|[/_])beta(:0)?$/,
  moving_mean: /(^|[/_])(moving_mean|running_mean)(:0)?$/,
  moving_variance: /(^|[/_])(moving_variance|running_std|running_var)(:0)?$/,
  depthwise_kernel: /(^|[/_])(depthwise_kernel|depthwise_weights)(:0)?$/,
  pointwise_kernel: /(^|[/_])(pointwise_kernel|pointwise_weights)(:0)?$/,
  alpha: /(^|[/_])alphas?(:0)?$/,
  mean: /(^|[/_])mean(:0)?$/,
  variance: /(^|[/_])variance(:0)?$/,
};

/**
 * Which of a layer's weight `names` plays which role: as their last parts say, else in the order in which they stand.
 * Throws `FormatError` where some are missing.
 */
export function assignRoles(
  names: readonly string[],
  roles: readonly WeightRole[],
  { layer, file }: { readonly layer: string; readonly file: string },
): ReadonlyMap<WeightRole, string> {
  const assigned = new Map<WeightRole, string>();
  for (const role of roles) {
    const found = names.find((name) => endings[role].test(name));
    if (found !== undefined) assigned.set(role, found);
  }
  if (assigned.size === roles.length) return assigned;
  if (names.length === roles.length) return new Map(roles.map((role, at) => [role, names[at] ?? '']));
  const missing = roles.filter((role) => !assigned.has(role)).join(', ');
  const found = names.length === 0 ? 'none' : names.slice(0, 6).join(', ');
  const text = `Layer "${layer}" needs the weights ${missing}, but the file has ${found} for it.`;
  throw new FormatError('malformed', text, file, layer);
}

/** The names in `all` that belong to the layer at `path`: those whose last part but one is its name, longest match first. */
export function namesOf(all: readonly string[], path: readonly string[]): readonly string[] {
  const own = path.at(-1) ?? '';
  const candidates = all.filter((name) => name.split('/').slice(0, -1).includes(own));
  const around = path.slice(0, -1);
  const nested = candidates.filter((name) => around.every((model) => name.split('/').includes(model)));
  const best = nested.length > 0 ? nested : candidates;
  const direct = best.filter((name) => name.split('/').at(-2) === own);
  return direct.length > 0 ? direct : best;
}
