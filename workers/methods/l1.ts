import { filterMatrix, scoreLayers, sumPerFilter } from './filters';
import type { Method } from './method';

/** Importance of a filter = the sum of the magnitudes of its weights (Li et al. 2017, section 3.1: `s_j = sum |F_ij|`). */
export const l1: Method = {
  id: 'l1',
  title: 'L1 norm',
  citation: 'H. Li, A. Kadav, I. Durdanovic, H. Samet, H. P. Graf. Pruning Filters for Efficient ConvNets. ICLR 2017',
  summary:
    'Filters whose weights are small add little to the next layer: keep those with the largest sum of magnitudes.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'layerMean',
  settings: {},
  begin: async (context) => ({
    score: () => scoreLayers(context, (layer) => sumPerFilter(filterMatrix(context.network, layer), Math.abs)),
  }),
};
