import { filterMatrix, scoreLayers, sumPerFilter } from './filters';
import type { Method } from './method';

/** Importance of a filter = the Euclidean length of its weights (He et al. 2018, eq. 2 with p = 2). */
export const l2: Method = {
  id: 'l2',
  title: 'L2 norm',
  citation:
    'Y. He, G. Kang, X. Dong, Y. Fu, Y. Yang. Soft Filter Pruning for Accelerating Deep Convolutional Neural Networks. IJCAI 2018',
  summary: 'Like L1, but a few large weights count for more than many small ones.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'layerMean',
  settings: {},
  begin: async (context) => ({
    score: () =>
      scoreLayers(context, (layer) =>
        sumPerFilter(filterMatrix(context.network, layer), (weight) => weight * weight).map(Math.sqrt),
      ),
  }),
};
