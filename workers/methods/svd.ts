import { createRankPlanner } from '../network/rank-plan';
import type { Method } from './method';
import { include1x1Setting, kernelSpectra, schemeSetting } from './spectra';

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
    scheme: schemeSetting,
    include1x1: include1x1Setting,
  },
  begin: async (context) => ({
    async decideRanks(budget, choices) {
      return createRankPlanner(context.network.graph, await kernelSpectra(context))(budget, choices);
    },
  }),
};
