/** From scores and rules to the plan, synchronously: the planner is built once per scores and asked on every frame. */
import type { CutPlan, CutRules, FilterScores, Sensitivity } from '../../workers/network/plan';
import { createPlanner } from '../../workers/network/planner';
import type { Graph } from '../../workers/network/graph';
import type { StudioState } from './state';

interface Built {
  readonly graph: Graph;
  readonly scores: FilterScores;
  readonly sensitivity: Sensitivity | undefined;
  readonly plan: (rules: CutRules) => CutPlan;
}

export interface Planning {
  /** The plan for `rules`; null without scores, or while the sensitivity scan they ask for is missing. */
  plan(state: Pick<StudioState, 'network' | 'scoring'>, rules: CutRules): CutPlan | null;
  /** The result of a scan of the present scores. */
  useSensitivity(scores: FilterScores, sensitivity: Sensitivity): void;
  hasSensitivity(scores: FilterScores): boolean;
}

export function createPlanning(): Planning {
  const scans = new WeakMap<FilterScores, Sensitivity>();
  let built: Built | null = null;

  function build(graph: Graph, scores: FilterScores, normalise: 'layerMean' | 'none'): Built {
    const sensitivity = scans.get(scores);
    if (built?.graph === graph && built.scores === scores && built.sensitivity === sensitivity) return built;
    built = { graph, scores, sensitivity, plan: createPlanner({ graph, scores, normalise, sensitivity }) };
    return built;
  }

  return {
    plan({ network, scoring }, rules) {
      if (network === null || scoring.scores === null) return null;
      if (rules.allocation === 'sensitivity' && !scans.has(scoring.scores)) return null;
      return build(network.view.graph, scoring.scores, scoring.normalise).plan(rules);
    },
    useSensitivity: (scores, sensitivity) => void scans.set(scores, sensitivity),
    hasSensitivity: (scores) => scans.has(scores),
  };
}
