/** The experiment tree as comma-separated values: one line per network, with the one it was made from. */
import { methodOf, targetOf } from '../studio/run-facts';
import { csvText } from '../ui/csv';
import type { ExperimentNode } from './tree';

/** Header and one line per node in reading order, numbers unrounded. */
export function experimentsAsCsv(nodes: readonly ExperimentNode[]): string {
  const header = [
    'node',
    'made_from',
    'title',
    'kind',
    'run',
    'method',
    'target_share',
    'kept_share',
    'multiply_adds',
    'parameters',
    'split',
    'accuracy',
    'sha256',
    'seed',
  ];
  const lines = nodes.map(({ key, parent, title, run, candidate }) => [
    key,
    parent,
    title,
    candidate?.kind ?? (run === null ? 'opened' : run.state),
    run?.name,
    run === null ? null : methodOf(run.recipe),
    run === null ? null : targetOf(run.recipe),
    candidate?.share,
    candidate?.macs,
    candidate?.parameters,
    candidate?.split,
    candidate?.accuracy,
    candidate?.hash,
    run?.recipe.seed,
  ]);
  return csvText([header, ...lines]);
}
