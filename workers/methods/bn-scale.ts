import type { Network, WeightedLayer } from '../network/graph';
import { inferShapes } from '../network/shapes';
import { filterMatrix, scoreLayers, sumPerFilter, weightedLayers } from './filters';
import type { Method } from './method';
import { normalisersOf } from './normalisers';

/**
 * Importance of a filter = the magnitude of the batch-norm scale behind it, |gamma|, compared over the whole network
 * (Liu et al. 2017, section 3; without their sparsity penalty on gamma). Where several batch norms read the filter
 * (DenseNet), the mean of their magnitudes.
 *
 * A layer without a batch norm of its own falls back to the L1 norm of its filters, scaled so that the layer's mean is
 * the mean |gamma| of the network (1 where the network has none).
 */
export const bnScale: Method = {
  id: 'bn-scale',
  title: 'Batch-norm scale',
  citation:
    'Z. Liu, J. Li, Z. Shen, G. Huang, S. Yan, C. Zhang. Learning Efficient Convolutional Networks through Network Slimming. ICCV 2017',
  summary:
    'Batch norm multiplies each filter by a learned scale: a small one says the network has turned the filter down.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'none',
  settings: {},
  begin: async ({ network, ...rest }) => ({
    async score() {
      const shapes = inferShapes(network.graph);
      const scales = new Map(weightedLayers(network).map((layer) => [layer.id, scalesBehind(network, layer, shapes)]));
      const all = [...scales.values()].flatMap((values) => [...(values ?? [])]);
      const mean = all.length === 0 ? 1 : all.reduce((sum, value) => sum + value, 0) / all.length;
      return scoreLayers({ network, ...rest }, (layer) => scales.get(layer.id) ?? scaledNorms(network, layer, mean));
    },
  }),
};

/** Mean |gamma| per filter; undefined where no batch norm with a gamma stands behind the layer. */
function scalesBehind(
  network: Network,
  layer: WeightedLayer,
  shapes: ReturnType<typeof inferShapes>,
): Float64Array | undefined {
  const { count } = filterMatrix(network, layer);
  const behind = normalisersOf(network.graph, layer.id, shapes).flatMap(({ layer: { gamma }, offset }) => {
    const tensor = gamma === undefined ? undefined : network.tensors[gamma];
    return tensor === undefined ? [] : [tensor.values.subarray(offset, offset + count)];
  });
  if (behind.length === 0) return undefined;
  const scales = new Float64Array(count);
  for (const gamma of behind) {
    gamma.forEach((value, filter) => {
      scales[filter] = (scales[filter] ?? 0) + Math.abs(value) / behind.length;
    });
  }
  return scales;
}

function scaledNorms(network: Network, layer: WeightedLayer, mean: number): Float64Array {
  const norms = sumPerFilter(filterMatrix(network, layer), Math.abs);
  const layerMean = norms.reduce((sum, value) => sum + value, 0) / norms.length;
  return layerMean === 0 ? norms : norms.map((value) => (value * mean) / layerMean);
}
