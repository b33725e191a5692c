/**
 * From scores or spectra and rules to the plan, synchronously: the planner is built once per scores and asked on every
 * frame.
 */
import type { CutRules, FilterScores, Sensitivity } from '../../workers/network/plan';
import { createPlanner } from '../../workers/network/planner';
import { createRankPlanner, type RankChoices, type Spectra } from '../../workers/network/rank-plan';
import type { Graph } from '../../workers/network/graph';
import { keepsAll, presentMethod } from './methods';
import type { OpenedNetwork, Plan, StudioState } from './state';

interface Built {
  readonly graph: Graph;
  readonly from: FilterScores | Spectra;
  readonly sensitivity: Sensitivity | undefined;
  readonly plan: (rules: CutRules, ranks: RankChoices['keep']) => Plan;
}

export interface Planning {
  /** The plan for `rules`; null without scores or spectra, or while the sensitivity scan they ask for is missing. */
  plan(state: Pick<StudioState, 'engine' | 'network' | 'scoring' | 'ranks'>, rules: CutRules): Plan | null;
  /** The result of a scan of the present scores. */
  useSensitivity(scores: FilterScores, sensitivity: Sensitivity): void;
  hasSensitivity(scores: FilterScores): boolean;
}

export function createPlanning(): Planning {
  const scans = new WeakMap<FilterScores, Sensitivity>();
  let built: Built | null = null;

  function build(graph: Graph, from: Built['from'], sensitivity: Sensitivity | undefined, make: () => Built['plan']) {
    if (built?.graph === graph && built.from === from && built.sensitivity === sensitivity) return built;
    built = { graph, from, sensitivity, plan: make() };
    return built;
  }

  return {
    plan({ engine, network, scoring, ranks }, rules) {
      if (network === null) return null;
      if (keepsAll(presentMethod({ engine, scoring }))) return wholePlan(network);
      const { graph } = network.view;
      const { scores, spectra, normalise } = scoring;
      if (spectra !== null) return build(graph, spectra, undefined, () => rankPlans(graph, spectra)).plan(rules, ranks);
      if (scores === null || (rules.allocation === 'sensitivity' && !scans.has(scores))) return null;
      const sensitivity = scans.get(scores);
      return build(graph, scores, sensitivity, () => createPlanner({ graph, scores, normalise, sensitivity })).plan(
        rules,
        ranks,
      );
    },
    useSensitivity: (scores, sensitivity) => void scans.set(scores, sensitivity),
    hasSensitivity: (scores) => scans.has(scores),
  };
}

/** Nothing goes. */
function wholePlan({ macs, parameters }: OpenedNetwork): Plan {
  return { removed: {}, macs, parameters, share: 1, filters: { removed: 0, total: 0 } };
}

/** Whether all filters and all kernels of the network stay as they are. */
export function cutsNothing({ share, truncation }: Pick<Plan, 'share' | 'truncation'>): boolean {
  return share === 1 && (truncation?.layers.split ?? 0) === 0;
}

/** Ranks by hand may be of another scheme, whose kernels have fewer directions, or of layers that stay whole in this one. */
export function fittingRanks({ kernels }: Spectra, ranks: RankChoices['keep']): RankChoices['keep'] {
  return Object.fromEntries(
    kernels.flatMap(({ layers, values }) =>
      layers.flatMap((layer) => {
        const rank = ranks[layer];
        return rank === undefined ? [] : [[layer, Math.min(rank, values.length)] as const];
      }),
    ),
  );
}

/** Plans of a truncation: no filter goes. */
function rankPlans(graph: Graph, spectra: Spectra): Built['plan'] {
  const planner = createRankPlanner(graph, spectra);
  const total = spectra.kernels.reduce((sum, { layers }) => sum + layers.length, 0);
  return ({ budget, protect }, ranks) => {
    const plan = planner(budget, { protect, keep: fittingRanks(spectra, ranks) });
    return {
      removed: {},
      macs: plan.macs,
      parameters: plan.parameters,
      share: plan.share,
      filters: { removed: 0, total: 0 },
      shortfall: plan.shortfall,
      truncation: {
        scheme: plan.scheme,
        ranks: plan.ranks,
        layers: { split: Object.keys(plan.ranks).length, total },
      },
    };
  };
}
