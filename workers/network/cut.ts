/**
 * Cutting: filters physically removed, and with them every slice of every tensor that belonged to them.
 */
import { keptChannels, removedClasses, channelsOfClasses, type KeptChannels } from './closure';
import { couplingOf, type ChannelClass } from './coupling';
import type { Graph, Layer, Network, Shape, Tensor, TensorName } from './graph';
import type { RemovedChannels } from './plan';
import { labelledTensors } from './tensor-axes';

/**
 * The network without `removed`: same function as the network masked by it (`mask.ts`), smaller tensors. The cut is
 * appended to the history; nothing removed gives the same network back. The original stays valid.
 *
 * Throws `CouplingError` when tied filters are left behind, `EmptyLayerError` when a layer would keep nothing,
 * `LockedChannelError` for filters that may not go, and `NetworkError` for filters or tensors that do not exist.
 */
export function cutChannels(network: Network, removed: RemovedChannels): Network {
  const { graph } = network;
  const classes = removedClasses(graph, removed);
  if (classes.size === 0) return network;
  const record = { kind: 'cut', removed: channelsOfClasses(graph, classes) } as const;
  return {
    graph: withoutChannels(graph, keptChannels(graph, classes)),
    tensors: { ...network.tensors, ...selectedTensors(network, classes) },
    meta: { ...network.meta, history: [...network.meta.history, record] },
  };
}

/** The structure of the cut network alone. Throws as `cutChannels`. */
export function cutGraph(graph: Graph, removed: RemovedChannels): Graph {
  const classes = removedClasses(graph, removed);
  return classes.size === 0 ? graph : withoutChannels(graph, keptChannels(graph, classes));
}

function withoutChannels(graph: Graph, kept: KeptChannels): Graph {
  const none = new Int32Array(0);
  const narrowed = (layer: Layer): Layer => {
    const output = kept.get(layer.id) ?? none;
    const input = kept.get(layer.inputs[0] ?? '') ?? none;
    return narrowedLayer(layer, input, output, couplingOf(graph).classes.get(layer.inputs[0] ?? '')?.length ?? 0);
  };
  return { layers: graph.layers.map(narrowed), outputs: graph.outputs };
}

function narrowedLayer(layer: Layer, input: Int32Array, output: Int32Array, inputWidth: number): Layer {
  switch (layer.op) {
    case 'conv': {
      // One input channel a group: the groups themselves go. Else every group has lost the same number of channels.
      const groups = layer.groups > 1 && layer.groups === inputWidth ? input.length : layer.groups;
      return { ...layer, filters: output.length, groups };
    }
    case 'convTranspose':
      return { ...layer, filters: output.length };
    case 'reshape':
      // Other reshapes are locked, so there the shape stays.
      return { ...layer, shape: layer.shape.with(layer.shape.length - 1, output.length) as unknown as Shape };
    case 'dense':
      return { ...layer, units: output.length };
    case 'pad': {
      const [before] = layer.channels;
      const first = output.filter((channel) => channel < before).length;
      return { ...layer, channels: [first, output.length - input.length - first] };
    }
    case 'slice': {
      const [begin, end] = [layer.begin[2], layer.end[2]];
      const from = input.filter((channel) => channel < begin).length;
      // A channel stride locks all that it steps over, so there the old range still holds.
      const to = input.filter((channel) => channel < end).length;
      return {
        ...layer,
        begin: [layer.begin[0], layer.begin[1], from],
        end: [layer.end[0], layer.end[1], to],
      };
    }
    case 'gather': {
      const place = new Map([...input].map((channel, at) => [channel, at]));
      // A channel goes wherever it is repeated: what is left of the list names channels that stay.
      return { ...layer, channels: Array.from(output, (at) => place.get(layer.channels[at] ?? -1) ?? 0) };
    }
    default:
      return layer;
  }
}

function selectedTensors(network: Network, removed: ReadonlySet<ChannelClass>): Record<TensorName, Tensor> {
  const { classes } = couplingOf(network.graph);
  const selected: Record<TensorName, Tensor> = {};
  for (const { name, axes, tensor } of labelledTensors(network, classes)) {
    selected[name] = axes.reduce((narrowed, { axis, labels }) => {
      const kept = Int32Array.from(labels.keys()).filter((at) => !removed.has(labels[at] ?? -1));
      return kept.length === labels.length ? narrowed : selectAlong(narrowed, axis, kept);
    }, tensor);
  }
  return selected;
}

/** The slices of `tensor` at the positions `kept` of one axis. */
function selectAlong({ shape, values }: Tensor, axis: number, kept: Int32Array): Tensor {
  const length = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = values.length / (length * inner);
  const result = new Float32Array(outer * kept.length * inner);
  for (let block = 0, to = 0; block < outer; block++) {
    for (const at of kept) {
      const from = (block * length + at) * inner;
      result.set(values.subarray(from, from + inner), to);
      to += inner;
    }
  }
  return { shape: shape.with(axis, kept.length), values: result };
}
