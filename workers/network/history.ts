/**
 * The history of surgery, replayed: small, exact, and enough to rebuild a network from the one it was made of.
 */
import { cutChannels, cutGraph } from './cut';
import { decomposeGraph, decomposeLayers } from './decompose';
import type { Graph, Network, SurgeryRecord } from './graph';

/**
 * Carries `history` out on `network`, oldest first. On the network it was recorded on, untrained in between, this gives
 * the same tensors; on any network of the same structure it gives the same structure.
 * Throws as `cutChannels` and `decomposeLayers` where a record does not fit.
 */
export function replayHistory(network: Network, history: readonly SurgeryRecord[]): Network {
  return history.reduce(
    (current, record) =>
      record.kind === 'cut' ? cutChannels(current, record.removed) : decomposeLayers(current, record),
    network,
  );
}

/** The same on the structure alone. */
export function replayGraph(graph: Graph, history: readonly SurgeryRecord[]): Graph {
  return history.reduce(
    (current, record) => (record.kind === 'cut' ? cutGraph(current, record.removed) : decomposeGraph(current, record)),
    graph,
  );
}
