/** Which outputs a network has, and what they need. */
import { type Layer, type LayerId, type Network, NetworkError } from './graph';

/** The layers that any of `outputs` is computed from, these included. `layers` in topological order. */
export function layersBehind(layers: readonly Layer[], outputs: readonly LayerId[]): ReadonlySet<LayerId> {
  const behind = new Set<LayerId>(outputs);
  for (const { id, inputs } of layers.toReversed()) {
    if (behind.has(id)) for (const input of inputs) behind.add(input);
  }
  return behind;
}

/**
 * The network with some of its outputs, in the order given, by layer or by the source's name; layers and tensors that
 * lead to none of them go. Files made to be looked into name every layer as an output, which locks all of them: this is
 * how such a network can be cut. Throws `NetworkError` for a name that is no output, and for none.
 */
export function withOutputs({ graph, tensors, meta }: Network, names: readonly string[]): Network {
  const ports = meta.origin?.outputs ?? [];
  const places = names.map((name) => {
    const at = graph.outputs.findIndex((id, index) => id === name || ports[index]?.name === name);
    if (at >= 0) return at;
    throw new NetworkError(`The network has no output "${name}", only ${graph.outputs.join(', ')}.`, name);
  });
  if (places.length === 0) throw new NetworkError('A network needs an output.');
  const kept = [...new Set(places)];
  const outputs = kept.flatMap((at) => graph.outputs[at] ?? []);
  const behind = layersBehind(graph.layers, outputs);
  const layers = graph.layers.filter(({ id, op }) => behind.has(id) || op === 'input');
  const named = new Set(layers.flatMap((layer) => Object.values(layer)));
  const origin =
    meta.origin === undefined ? undefined : { ...meta.origin, outputs: kept.flatMap((at) => ports[at] ?? []) };
  return {
    graph: { layers, outputs },
    tensors: Object.fromEntries(Object.entries(tensors).filter(([name]) => named.has(name))),
    meta: { ...meta, ...(origin === undefined ? {} : { origin }) },
  };
}
