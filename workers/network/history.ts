/**
 * The history of surgery, replayed: small, exact, and enough to rebuild a network from the one it was made of.
 */
import { cutChannels, cutGraph } from './cut';
import { decomposeGraph, decomposeLayers } from './decompose';
import type { Graph, Network, SurgeryRecord } from './graph';
import { withPasses, withPassesGraph } from './unrolled';

/**
 * Carries `history` out on `network`, oldest first. On the network it was recorded on, untrained in between, this gives
 * the same tensors; on any network of the same structure it gives the same structure.
 * Throws as `cutChannels`, `decomposeLayers` and `withPasses` where a record does not fit.
 */
export function replayHistory(network: Network, history: readonly SurgeryRecord[]): Network {
  return history.reduce((current, record) => {
    switch (record.kind) {
      case 'cut':
        return cutChannels(current, record.removed);
      case 'decompose':
        return decomposeLayers(current, record);
      case 'passes':
        return withPasses(current, record.passes);
    }
  }, network);
}

/** The same on the structure alone. */
export function replayGraph(graph: Graph, history: readonly SurgeryRecord[]): Graph {
  return history.reduce((current, record) => {
    switch (record.kind) {
      case 'cut':
        return cutGraph(current, record.removed);
      case 'decompose':
        return decomposeGraph(current, record);
      case 'passes':
        return withPassesGraph(current, record.passes);
    }
  }, graph);
}
