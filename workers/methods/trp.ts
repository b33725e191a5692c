import { numericalRank } from '../linalg/truncation';
import type { LoadedNetwork } from '../compute/executor';
import type { Network } from '../network/graph';
import { createRankPlanner, type RankChoices, type RankPlan, type Spectra } from '../network/rank-plan';
import { MethodError, type Method, type MethodContext, type MethodHooks, type SettingValues } from './method';
import { numberSetting } from './settings';
import { include1x1Setting, kernelSpectra, schemeSetting } from './spectra';
import { createKernelCuts } from './trp/kernel-cuts';
import { cutTelemetry } from './trp/telemetry';

/**
 * Trained rank pruning: the cut to low rank moves inside training (Xu et al. 2020, section 3).
 *
 * With M the matrix of a kernel, energies its squared singular values and k the smallest rank that drops at most `energy`
 * of them (eq. 6 to 8), every `period`-th step, from the first on,
 *
 *     T = U_k S_k V_k^T,   W <- T - rate * (grad f(T) + lambda * U_k V_k^T),
 *
 * and in the steps between W <- W - rate * grad f(W). T takes the place of W before the forward pass: there is no
 * straight-through estimate. `U_k V_k^T` is a sub-gradient of the nuclear norm at T; it is added to the gradient on those
 * steps only, or (`everyStep`) on all, the last one being used in between. Momentum and batch-norm statistics are left alone.
 * After the last step one more cut is made, so that the kernels are exactly of low rank and splitting them loses nothing.
 *
 * `energy` 0 cuts nothing and leaves the penalty alone: the paper's "nuclear norm only".
 *
 * Ranks of the split: the numerical ones, singular values above 1e-4 of the largest; where these cost more than the
 * budget asks, `chooseRanks` lowers them further, and then the split does lose something. A pair that would cost no less
 * than its layer is not made.
 *
 * Telemetry, once a second (of the last cut, before it was carried out):
 *   values  energyKept (share of 1), nuclearNorm (sum over kernels of the kept singular values), meanRank,
 *           shareIfFactored (multiply-adds if split at the present ranks / those of the network)
 *   layers  spectrum, before (singular values now, and at the first cut), rank [k], breakEven [largest rank that saves]
 */
export const trp: Method = {
  id: 'trp',
  title: 'Trained rank pruning',
  citation:
    'Y. Xu, Y. Li, S. Zhang, W. Wen, B. Wang, Y. Qi, Y. Chen, W. Lin, H. Xiong. TRP: Trained Rank Pruning for Efficient Deep Neural Networks. IJCAI 2020',
  summary:
    'Cuts every kernel to low rank again and again while it trains, so that splitting it into two thin ones loses nothing.',
  family: 'trp',
  reduces: 'ranks',
  needs: 'training',
  normalise: 'none',
  training: { epochs: 6, learningRate: 0.02, fineTune: 0 },
  settings: {
    scheme: schemeSetting,
    energy: {
      kind: 'number',
      label: 'Energy dropped',
      explain: 'Share of its squared singular values a kernel may lose at each cut. 0 cuts nothing.',
      default: 0.05,
      min: 0,
      max: 0.5,
      step: 0.005,
      live: true,
    },
    period: {
      kind: 'number',
      label: 'Period',
      explain: 'Steps from one cut to the next; between them the kernels train freely.',
      default: 5,
      min: 1,
      max: 100,
      step: 1,
      live: true,
    },
    lambda: {
      kind: 'number',
      label: 'Nuclear norm',
      explain:
        'Weight of the penalty on the sum of singular values. It pulls each down by weight x learning rate / (1 - momentum) a cut: short or gentle training needs more.',
      default: 0.01,
      min: 0,
      max: 1,
      step: 0.001,
      live: true,
    },
    schedule: {
      kind: 'choice',
      label: 'Penalty acts',
      explain: 'On the steps of a cut, as in the paper, or on every step by the direction of the last cut.',
      default: 'svdSteps',
      options: [
        { value: 'svdSteps', label: 'At cuts' },
        { value: 'everyStep', label: 'On every step' },
      ],
    },
    strided: {
      kind: 'switch',
      label: 'Split strided convolutions too',
      explain: 'They are cut in training either way; the code of the paper leaves them whole in the end.',
      default: true,
    },
    include1x1: include1x1Setting,
  },
  begin: async (context) => {
    const { loaded } = context;
    if (loaded === undefined) {
      throw new MethodError('Trained rank pruning works on a network on a device; open it there.', 'trp');
    }
    return trainRanks(context, loaded);
  },
};

function trainRanks(context: MethodContext, loaded: LoadedNetwork): MethodHooks {
  const { network, settings } = context;
  const everyStep = settings['schedule'] === 'everyStep';
  const cuts = createKernelCuts(network, loaded.parameters, {
    scheme: settings['scheme'] === 'spatial' ? 'spatial' : 'channel',
    include1x1: settings['include1x1'] === true,
  });
  return {
    async beforeStep({ step, settings: now }) {
      if (step % numberSetting(now, 'period') !== 0) return;
      await cuts.cut(numberSetting(now, 'energy'), numberSetting(now, 'lambda') > 0);
    },
    changeGradients({ gradients, settings: now }) {
      cuts.addDirections(gradients, numberSetting(now, 'lambda'));
      if (!everyStep) cuts.forgetDirections();
    },
    async finish({ settings: now }) {
      await cuts.cut(numberSetting(now, 'energy'), false);
    },
    telemetry: async () => cutTelemetry(network.graph, cuts),
    readState: () => cuts.readState(),
    writeState: (state) => cuts.writeState(state),
    async decideRanks(budget, choices) {
      const present: Network = { ...network, tensors: await loaded.readBack() };
      const spectra = splittable(await kernelSpectra({ ...context, network: present }), present, settings);
      return naturalRanks(present, spectra, budget, choices);
    },
    dispose: () => cuts.dispose(),
  };
}

/** Without the strided convolutions where they are to stay whole. */
function splittable({ scheme, kernels }: Spectra, { graph }: Network, settings: SettingValues): Spectra {
  if (settings['strided'] === true) return { scheme, kernels };
  const strided = new Set(
    graph.layers.flatMap((layer) => (layer.op === 'conv' && Math.max(...layer.stride) > 1 ? [layer.id] : [])),
  );
  return { scheme, kernels: kernels.filter(({ layers }) => !layers.some((id) => strided.has(id))) };
}

/** Every kernel at its numerical rank; at lower ones where that costs more than `budget`. */
function naturalRanks(network: Network, spectra: Spectra, budget: number, choices?: RankChoices): RankPlan {
  // A kernel has nothing beyond its numerical rank: no plan may give it more.
  const kernels = spectra.kernels.map(({ layers, values }) => ({
    layers,
    values: values.slice(0, numericalRank(values)),
  }));
  const planner = createRankPlanner(network.graph, { scheme: spectra.scheme, kernels });
  const natural = Object.fromEntries(
    kernels.flatMap(({ layers, values }) => layers.map((id) => [id, values.length] as const)),
  );
  const byHand = Object.fromEntries(
    Object.entries(choices?.keep ?? {}).map(([id, rank]) => [id, Math.min(rank, natural[id] ?? rank)] as const),
  );
  const protect = choices?.protect ?? [];
  const free = planner(1, { protect, keep: { ...natural, ...byHand } });
  return free.share <= budget ? free : planner(budget, { protect, keep: byHand });
}
