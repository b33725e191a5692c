import { filterMatrix, scoreLayers, type FilterMatrix } from './filters';
import type { Method } from './method';

/**
 * Importance of a filter = the sum of its Euclidean distances to the other filters of its layer: the filter nearest the
 * geometric median is the one the others can replace best (He et al. 2019, eq. 6-8). Duplicates score low, whatever
 * their size.
 */
export const fpgm: Method = {
  id: 'fpgm',
  title: 'Geometric median (FPGM)',
  citation:
    'Y. He, P. Liu, Z. Wang, Z. Hu, Y. Yang. Filter Pruning via Geometric Median for Deep Convolutional Neural Networks Acceleration. CVPR 2019',
  summary: 'Filters in the middle of the others are redundant, however large: keep those that stand apart.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'weights',
  normalise: 'layerMean',
  settings: {},
  begin: async (context) => ({
    score: () => scoreLayers(context, (layer) => distanceSums(filterMatrix(context.network, layer))),
  }),
};

function distanceSums({ size, count, values }: FilterMatrix): Float64Array {
  // One filter after the other, so that the inner loop reads memory in order.
  const filters = new Float32Array(size * count);
  for (let row = 0; row < size; row++) {
    for (let filter = 0; filter < count; filter++) filters[filter * size + row] = values[row * count + filter] ?? 0;
  }
  const sums = new Float64Array(count);
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      let squared = 0;
      for (let i = 0, p = a * size, q = b * size; i < size; i++, p++, q++) {
        // Differences, not |a|^2 + |b|^2 - 2ab: equal filters must be at distance exactly 0.
        const difference = (filters[p] ?? 0) - (filters[q] ?? 0);
        squared += difference * difference;
      }
      const distance = Math.sqrt(squared);
      sums[a] = (sums[a] ?? 0) + distance;
      sums[b] = (sums[b] ?? 0) + distance;
    }
  }
  return sums;
}
