import { directionEnergies } from '../linalg/svd';
import { networkCosts } from '../network/costs';
import { NetworkError, type ConvLayer, type LayerId, type Network, type TensorName } from '../network/graph';
import { eligibleLayers, pairMacs, unfoldKernel, type Scheme } from '../network/low-rank';
import { inferShapes } from '../network/shapes';
import { createTurns } from '../training/turns';
import { MethodError, type Method, type MethodContext, type RankPlan } from './method';
import { chooseRanks, type RankCandidate } from './ranks';

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
  begin: async (context) => ({ decideRanks: (budget) => decideRanks(context, budget) }),
};

interface Kernel extends RankCandidate {
  readonly layers: readonly LayerId[];
}

async function decideRanks(context: MethodContext, budget: number): Promise<RankPlan> {
  if (!(budget > 0 && budget <= 1)) {
    throw new MethodError(`The budget must be a share above 0 and at most 1, not ${budget}.`, 'svd');
  }
  const { graph } = context.network;
  const scheme: Scheme = context.settings['scheme'] === 'spatial' ? 'spatial' : 'channel';
  const total = networkCosts(graph).macs;
  const kernels = await kernelsOf(context, scheme);
  const splittable = kernels.reduce((sum, { dense }) => sum + dense, 0);
  const chosen = chooseRanks(kernels, budget * total - (total - splittable));

  const ranks: Record<LayerId, number> = {};
  let macs = total - splittable;
  for (const [index, { layers, dense, perRank }] of kernels.entries()) {
    const rank = chosen[index];
    macs += rank === undefined ? dense : rank * perRank;
    if (rank !== undefined) for (const layer of layers) ranks[layer] = rank;
  }
  return { scheme, ranks, macs, share: macs / total, shortfall: shortfall(budget, macs / total, kernels.length) };
}

function shortfall(budget: number, share: number, kernels: number): string | undefined {
  if (share <= budget) return undefined;
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const cause =
    kernels === 0
      ? 'the network has no convolution that can be split'
      : 'every convolution that can be split is at rank 1 already; the others stay whole';
  return `A budget of ${percent(budget)} cannot be reached: ${percent(share)} remain, for ${cause}.`;
}

/** The kernels that can be split, with their energies. Reports progress and hears cancellation between kernels. */
async function kernelsOf({ network, settings, signal, progress }: MethodContext, scheme: Scheme): Promise<Kernel[]> {
  const byKernel = new Map<TensorName, ConvLayer[]>();
  for (const layer of eligibleLayers(network.graph, { include1x1: settings['include1x1'] === true })) {
    byKernel.set(layer.kernel, [...(byKernel.get(layer.kernel) ?? []), layer]);
  }
  const costs = networkCosts(network.graph).layers;
  const shapes = inferShapes(network.graph);
  const kernels: Kernel[] = [];
  const turns = createTurns();
  try {
    for (const layers of byKernel.values()) {
      signal.throwIfAborted();
      const sum = (term: (layer: ConvLayer) => number): number => layers.reduce((all, layer) => all + term(layer), 0);
      kernels.push({
        layers: layers.map(({ id }) => id),
        dense: sum(({ id }) => costs.get(id)?.macs ?? 0),
        perRank: sum((layer) => pairMacs(layer, shapes.get(layer.inputs[0] ?? '') ?? [0], scheme, 1)),
        energies: energiesOf(network, layers, scheme),
      });
      progress(kernels.length / byKernel.size, `Singular values of kernel ${kernels.length} of ${byKernel.size}`);
      await turns.next();
    }
  } finally {
    turns.close();
  }
  return kernels;
}

function energiesOf({ tensors }: Network, [layer]: readonly ConvLayer[], scheme: Scheme): Float64Array {
  const kernel = layer && tensors[layer.kernel];
  if (kernel === undefined) {
    throw new NetworkError(`Layer "${layer?.id}" names the tensor "${layer?.kernel}", which is missing.`, layer?.id);
  }
  const { rows, cols, values } = unfoldKernel(kernel, scheme);
  return directionEnergies(rows, cols, values);
}
