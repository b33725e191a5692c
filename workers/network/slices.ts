/** Everything that goes with one filter: the slices of all tensors that hold its channel, and in words. */
import { couplingOf } from './coupling';
import type { ChannelIndex, Graph, LayerId, TensorName } from './graph';
import { tensorAxes } from './tensor-axes';
import type { TensorRole } from './tensor-shapes';

/** Part of a tensor that has to go. */
export interface TensorSlice {
  readonly layer: LayerId;
  readonly tensor: TensorName;
  readonly role: TensorRole;
  /** Of the tensor's shape. */
  readonly axis: number;
  /** Positions on that axis. */
  readonly indices: readonly number[];
  /** Whether it makes the channel, follows it (bias, batch norm), or reads it. */
  readonly part: 'makes' | 'follows' | 'reads';
}

/**
 * The slices that must go together with filter `channel` of `layer`, its own included, in forward order. Empty for a
 * layer or a channel that does not exist. A tensor that several layers share is named once, with its first layer.
 */
export function slicesOf(graph: Graph, layer: LayerId, channel: ChannelIndex): readonly TensorSlice[] {
  const { classes } = couplingOf(graph);
  const own = classes.get(layer)?.[channel];
  if (own === undefined) return [];
  const none = new Int32Array(0);
  const seen = new Set<TensorName>();
  return graph.layers.flatMap((other) => {
    const input = classes.get(other.inputs[0] ?? '') ?? none;
    const output = classes.get(other.id) ?? none;
    return tensorAxes(other, input, output).flatMap(({ name, role, axes }): readonly TensorSlice[] => {
      if (seen.has(name)) return [];
      seen.add(name);
      return axes.flatMap(({ axis, labels }) => {
        const indices = [...labels.keys()].filter((at) => labels[at] === own);
        if (indices.length === 0) return [];
        const part = role !== 'kernel' ? 'follows' : axis === axes.at(-1)?.axis ? 'makes' : 'reads';
        return [{ layer: other.id, tensor: name, role, axis, indices, part } as const];
      });
    });
  });
}

const PART_TEXT = { makes: 'filter', follows: 'value', reads: 'input slice' } as const;

/** "filter 3 of stem.kernel", "values 3 and 7 of bn.gamma". */
export function sliceText({ tensor, indices, part }: TensorSlice): string {
  const noun = `${PART_TEXT[part]}${indices.length === 1 ? '' : 's'}`;
  const shown = indices.length > 6 ? [...indices.slice(0, 5), `${indices.length - 5} more`] : indices;
  return `${noun} ${shown.join(', ')} of ${tensor}`;
}
