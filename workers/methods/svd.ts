import { createRankPlanner } from '../network/rank-plan';
import type { Method } from './method';
import { kernelSpectra } from './spectra';

/**
 * Plain truncation of a trained network: each convolution is split into two of a lower rank, without any training for it.
 * The direct decomposition that trained methods are measured against.
 *
 * Ranks: `chooseRanks`, by energy lost for each multiply-add saved. The first convolution, grouped ones and dense layers
 * stay whole, and so does every layer whose pair would cost no less than it.
 */
export const svdTruncation: Method = {
  id: 'svd',
  title: 'SVD truncation',
  citation:
    'X. Zhang, J. Zou, K. He, J. Sun. Accelerating Very Deep Convolutional Networks for Classification and Detection. TPAMI 2016 (channel); ' +
    'M. Jaderberg, A. Vedaldi, A. Zisserman. Speeding up Convolutional Neural Networks with Low Rank Expansions. BMVC 2014',
  summary:
    'Splits each convolution into two thin ones by its singular values: fewer multiply-adds, the same filters on the outside.',
  family: 'baseline',
  reduces: 'ranks',
  needs: 'weights',
  normalise: 'none',
  settings: {
    scheme: {
      kind: 'choice',
      label: 'Scheme',
      explain: 'By channel: a full window to few channels, then 1x1. Spatial: a column window, then a row window.',
      default: 'channel',
      options: [
        { value: 'channel', label: 'By channel' },
        { value: 'spatial', label: 'Spatial' },
      ],
    },
    include1x1: {
      kind: 'switch',
      label: 'Split 1x1 convolutions too',
      explain: 'They have one matrix for both schemes, and little to gain in small networks.',
      default: false,
    },
  },
  begin: async (context) => ({
    async decideRanks(budget, choices) {
      return createRankPlanner(context.network.graph, await kernelSpectra(context))(budget, choices);
    },
  }),
};
