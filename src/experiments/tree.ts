/** How runs came about, as a tree: what was opened, every network a run made of it, and the runs that began from those. */
import type { Candidate, CandidateId, NetworkSource, RunId, RunSummary } from '../../workers/protocol';
import { kindText } from '../compare/contestants';
import { parentOf } from '../studio/lineage';
import { dataKey, isOpen, networkKey, originalOf } from '../studio/run-facts';
import { networkName } from '../studio/network-name';

export interface ExperimentNode {
  readonly key: string;
  /** Key of the node it was made from; null for what was opened. */
  readonly parent: string | null;
  /** Null for what was opened. */
  readonly run: RunSummary | null;
  /** Null for what was opened, and for a run that has made nothing yet. */
  readonly candidate: Candidate | null;
  readonly source: NetworkSource;
  readonly title: string;
  /** Steps from what was opened. */
  readonly depth: number;
  /** Line of the picture: one for every run. */
  readonly line: number;
}

export const keyOfNode = (run: RunId, candidate: CandidateId): string => `${run}/${candidate}`;

/**
 * All nodes in reading order: what was opened, then its runs, oldest first, each followed by the runs that began from
 * its networks. A run whose ancestor is gone stands under the name of what it began with.
 */
export function experimentTree(runs: readonly RunSummary[]): readonly ExperimentNode[] {
  const oldest = runs.toSorted((a, b) => a.started - b.started);
  const nodes: ExperimentNode[] = [];
  const childrenOf = new Map<string, RunSummary[]>();
  const roots = new Map<string, RunSummary>();
  for (const run of oldest) {
    const parent = parentOf(run, runs);
    const key = parent === null ? rootKey(run) : nodeBefore(parent.run, parent.candidate);
    if (parent === null && !roots.has(key)) roots.set(key, run);
    childrenOf.set(key, [...(childrenOf.get(key) ?? []), run]);
  }
  let line = -1;
  const grow = (parent: string, depth: number): void => {
    for (const run of childrenOf.get(parent) ?? []) {
      // What was opened shares a line with the first run of it.
      if (depth > 1 || childrenOf.get(parent)?.[0] !== run) line += 1;
      const chain = chainOf(run, parent, depth, line);
      nodes.push(...chain);
      for (const node of chain) grow(node.key, node.depth + 1);
    }
  };
  for (const [key, { recipe }] of roots) {
    line += 1;
    const title = recipe.network.source === 'candidate' ? 'a network no longer kept' : networkName(recipe.network);
    nodes.push({ key, parent: null, run: null, candidate: null, source: recipe.network, title, depth: 0, line });
    grow(key, 1);
  }
  return nodes;
}

function chainOf(run: RunSummary, parent: string, depth: number, line: number): readonly ExperimentNode[] {
  const { network: source } = run.recipe;
  const steps = stepsOf(run);
  if (steps.length === 0) {
    const title = isOpen(run) ? 'under way' : 'nothing was made';
    return [{ key: keyOfNode(run.run, ''), parent, run, candidate: null, source, title, depth, line }];
  }
  return steps.map((candidate, at) => ({
    key: keyOfNode(run.run, candidate.id),
    parent: at === 0 ? parent : keyOfNode(run.run, steps[at - 1]?.id ?? ''),
    run,
    candidate,
    source,
    title: candidate.name ?? kindText(candidate),
    depth: depth + at,
    line,
  }));
}

/** What a run made. Its original is what it began with, unless it was trained from the start. */
function stepsOf({ candidates, recipe }: RunSummary): readonly Candidate[] {
  const trained = recipe.stages.some(({ stage }) => stage === 'pretrain');
  return candidates.filter(({ kind }) => kind !== 'original' || trained);
}

/** The node of a candidate: a run's original is the node the run began from. */
function nodeBefore(run: RunSummary, candidate: Candidate): string {
  const isBeginning = originalOf(run)?.id === candidate.id && !stepsOf(run).includes(candidate);
  return isBeginning ? rootKey(run) : keyOfNode(run.run, candidate.id);
}

function rootKey({ recipe }: RunSummary): string {
  return `${networkKey(recipe.network)} ${dataKey(recipe.data)}`;
}
