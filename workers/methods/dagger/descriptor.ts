/**
 * What the Dagger module is told of a channel group: magnitudes of its pretrained weights, without their scale.
 *
 * Magnitudes rather than signed means, because edge-like filters average to about zero.
 */
import { isWeighted, layerOf, NetworkError, type LayerId, type Network } from '../../network/graph';
import type { ChannelGroup } from '../../network/groups';
import { filterMatrix } from '../filters';

export interface Descriptor {
  /** Input channels of all producers together. */
  readonly width: number;
  /**
   * `[units, width]`: per producer `mean |K|` over the window, for each unit and input channel, divided by its mean over
   * the kernel, minus 1.
   */
  readonly values: Float32Array;
  /** `[units]`: mean magnitude of a unit's weights relative to its kernel's, averaged over producers, as a z-score. */
  readonly prior: Float32Array;
}

/** Throws `NetworkError` when a kernel is missing. */
export function describeWeights(network: Network, { size, members }: ChannelGroup): Descriptor {
  const producers = producersOf(network, members).map(({ layer, channels }) =>
    pooledMagnitudes(network, layer, channels),
  );
  const width = producers.reduce((sum, { inputs }) => sum + inputs, 0);
  const values = new Float32Array(size * width);
  const magnitude = new Float64Array(size);
  let column = 0;
  for (const { inputs, pooled } of producers) {
    for (let unit = 0; unit < size; unit++) {
      let sum = 0;
      for (let input = 0; input < inputs; input++) {
        const value = pooled[unit * inputs + input] ?? 0;
        values[unit * width + column + input] = value - 1;
        sum += value;
      }
      magnitude[unit] = (magnitude[unit] ?? 0) + sum / inputs / producers.length;
    }
    column += inputs;
  }
  return { width, values, prior: Float32Array.from(zScores(magnitude)) };
}

/** Members whose kernels differ: layers that share one (unrolled passes) would say the same thing again. */
function producersOf({ graph }: Network, members: ChannelGroup['members']): ChannelGroup['members'] {
  const said = new Set<string>();
  return members.filter(({ layer, channels }) => {
    const own = layerOf(graph, layer);
    const key = `${isWeighted(own) ? own.kernel : layer} ${channels.join(' ')}`;
    return !said.has(key) && said.add(key);
  });
}

/** `[units, inputs]`: mean magnitude over the window (and over a unit's channels), relative to the whole kernel's. */
function pooledMagnitudes(
  network: Network,
  id: LayerId,
  channels: readonly (readonly number[])[],
): { readonly inputs: number; readonly pooled: Float64Array } {
  const layer = layerOf(network.graph, id);
  if (!isWeighted(layer)) throw new NetworkError(`Layer "${id}" has no kernel to describe.`, id);
  const { size, count, values } = filterMatrix(network, layer);
  // Rows run over the window, then over the inputs; a depthwise filter has one input.
  const window = layer.op === 'dense' ? 1 : layer.kernelSize[0] * layer.kernelSize[1];
  const inputs = size / window;
  const mean = values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length || 1;
  const pooled = new Float64Array(channels.length * inputs);
  channels.forEach((own, unit) => {
    for (let row = 0; row < size; row++) {
      const at = unit * inputs + (row % inputs);
      for (const channel of own) {
        const share = Math.abs(values[row * count + channel] ?? 0) / (mean * window * own.length);
        pooled[at] = (pooled[at] ?? 0) + share;
      }
    }
  });
  return { inputs, pooled };
}

/** Mean 0 and population deviation 1. */
function zScores(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / (Math.sqrt(variance) + 1e-8));
}
