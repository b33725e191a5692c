/**
 * Which layers a training step runs in one pass over the pixels: batch norm, the addition it is the last summand of, and
 * the rectifier after that.
 *
 * What runs in one pass has no values in between: layers whose output something else reads, or that a gate multiplies,
 * are left alone.
 */
import type { Layer, LayerId } from '../../network/graph';

/** What runs together with a batch norm: an addition, a rectifier, or both. */
export interface NormChain {
  /** The other summand. */
  readonly residual: LayerId | undefined;
  readonly rectified: boolean;
  /** The layers taken in, in order. */
  readonly followers: readonly LayerId[];
  /** The last of them, whose output the pass gives. */
  readonly last: LayerId;
  /** Whether the rectifier directly follows: its gradient then joins the norm's. */
  readonly rectifierAlone: boolean;
}

/** Chains by the id of their batch norm, and the layers they take in. `layers` in topological order. */
export function normChains(
  layers: readonly Layer[],
  outputs: readonly LayerId[],
  gated: ReadonlySet<LayerId>,
): { readonly chains: ReadonlyMap<LayerId, NormChain>; readonly absorbed: ReadonlySet<LayerId> } {
  const chains = new Map<LayerId, NormChain>();
  const absorbed = new Set<LayerId>();
  const position = new Map(layers.map(({ id }, at) => [id, at]));
  /** The only layer that reads `id`, where its output is seen by nobody else. */
  const onlyReader = (id: LayerId): Layer | undefined => {
    const readers = layers.filter((layer) => layer.inputs.includes(id));
    return outputs.includes(id) || gated.has(id) || readers.length > 1 ? undefined : readers[0];
  };
  for (const norm of layers) {
    if (norm.op !== 'batchNorm') continue;
    const reader = onlyReader(norm.id);
    const sum = reader?.op === 'add' ? reader : undefined;
    const residual = sum?.inputs.find((id) => id !== norm.id);
    const ready = residual !== undefined && (position.get(residual) ?? Infinity) < (position.get(norm.id) ?? 0);
    if (sum !== undefined && (sum.inputs.length !== 2 || !ready)) continue;
    const next = sum === undefined ? reader : onlyReader(sum.id);
    const rectifier = next?.op === 'activation' && next.kind === 'relu' ? next : undefined;
    const last = rectifier ?? sum;
    if (last === undefined) continue;
    const followers = [sum, rectifier].flatMap((layer) => (layer === undefined ? [] : [layer.id]));
    chains.set(norm.id, {
      residual,
      rectified: rectifier !== undefined,
      followers,
      last: last.id,
      rectifierAlone: sum === undefined,
    });
    for (const id of followers) absorbed.add(id);
  }
  return { chains, absorbed };
}
