/** Networks of runs that began from networks of runs: who came from whom, and what was cut on the way. */
import { layerOf, type ChannelIndex, type Graph } from '../../workers/network/graph';
import { channelsOf, inferShapes } from '../../workers/network/shapes';
import type { Candidate, NetworkSource, RemovedChannels, RunSummary } from '../../workers/protocol';
import { beganWith } from './run-facts';

/** The network a run began with, when a run of this list made it. */
export function parentOf(
  run: RunSummary,
  runs: readonly RunSummary[],
): { readonly run: RunSummary; readonly candidate: Candidate } | null {
  const { network: source } = run.recipe;
  if (source.source !== 'candidate') return null;
  const parent = runs.find((other) => other.run === source.run);
  const candidate = parent?.candidates.find(({ id }) => id === source.candidate);
  return parent === undefined || candidate === undefined ? null : { run: parent, candidate };
}

/**
 * Channels that `candidate` lacks of the network behind `source`, in that network's numbering, over all runs in between.
 * Null when it does not come from there, or when something on the way is not told by its filters (a truncation).
 */
export function removedSince(
  candidate: Candidate,
  source: NetworkSource,
  graph: Graph,
  runs: readonly RunSummary[],
): RemovedChannels | null {
  const run = runs.find((other) => other.run === candidate.run);
  if (run === undefined) return null;
  const own = candidate.kind === 'original' || candidate.kind === 'trained' ? {} : candidate.removed;
  if (own === undefined) return null;
  if (beganWith(run, source)) return own;
  const parent = parentOf(run, runs);
  if (parent === null) return null;
  const before = removedSince(parent.candidate, source, graph, runs);
  return before === null ? null : bothRemoved(graph, before, own);
}

/** `then` counts channels of what `first` left of `graph`; the answer counts all in the numbering of `graph`. */
function bothRemoved(graph: Graph, first: RemovedChannels, then: RemovedChannels): RemovedChannels {
  const shapes = inferShapes(graph);
  const removed: Record<string, readonly ChannelIndex[]> = { ...first };
  for (const [layer, channels] of Object.entries(then)) {
    const gone = new Set(first[layer]);
    const shape = shapes.get(layerOf(graph, layer).id);
    const total = shape === undefined ? 0 : channelsOf(shape);
    const left = Array.from({ length: total }, (_, channel) => channel).filter((channel) => !gone.has(channel));
    const more = channels.flatMap((channel) => left[channel] ?? []);
    removed[layer] = [...gone, ...more].toSorted((a, b) => a - b);
  }
  return removed;
}
