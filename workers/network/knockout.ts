/**
 * Test oracle: what a network computes when some filters are missing, found without any knowledge of coupling.
 *
 * Outputs of missing filters are NaN, and NaN spreads by itself through additions, depthwise convolutions, batch norm,
 * pooling ...; a convolution (transposed too) or dense layer leaves missing inputs out of its sums.
 */
import { NetworkError, type LayerId, type Network } from './graph';
import type { RemovedChannels } from './plan';
import { referenceLayer, type ReferenceImages, type ReferenceTensor } from './reference';

/** The network's outputs. A channel that is missing in one pixel must be missing in all: throws where it is not. */
export function runKnockout(network: Network, images: ReferenceImages, removed: RemovedChannels): ReferenceTensor[] {
  const results = new Map<LayerId, ReferenceTensor>();
  const resultOf = (id: LayerId): ReferenceTensor => results.get(id) ?? { shape: [], values: new Float64Array(0) };
  for (const layer of network.graph.layers) {
    if (layer.op === 'input') {
      results.set(layer.id, { shape: images.shape, values: Float64Array.from(images.values) });
      continue;
    }
    const sums = layer.op === 'conv' || layer.op === 'convTranspose' || layer.op === 'dense';
    const inputs = layer.inputs.map(resultOf).map(({ shape, values }) => ({
      shape,
      values: sums ? values.map((value) => (Number.isNaN(value) ? 0 : value)) : values,
    }));
    const output = referenceLayer(layer, inputs, network.tensors);
    const missing = new Set(removed[layer.id]);
    const channels = output.shape.at(-1) ?? 1;
    const values = output.values.map((value, at) => (missing.has(at % channels) ? Number.NaN : value));
    checkWhole(layer.id, values, channels);
    results.set(layer.id, { shape: output.shape, values });
  }
  return network.graph.outputs.map(resultOf);
}

function checkWhole(layer: LayerId, values: Float64Array, channels: number): void {
  values.forEach((value, at) => {
    if (Number.isNaN(value) === Number.isNaN(values[at % channels])) return;
    throw new NetworkError(`Channel ${at % channels} of "${layer}" is missing in some places only.`, layer);
  });
}
