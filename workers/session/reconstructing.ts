/** A cut network's weights moved in closed form towards what the original's layers put out. */
import type { Executor } from '../compute/executor';
import type { Dataset } from '../datasets/dataset';
import type { ChannelIndex, LayerId, Network } from '../network/graph';
import { channelsOf, inferShapes } from '../network/shapes';
import { reconstruct, type Reconstruction } from '../training/reconstruct';
import { removedSince } from './cutting';
import { imagesFor, type RecalibrateSettings } from './measuring';

export interface ReconstructSettings extends RecalibrateSettings {
  readonly ridge?: number | undefined;
}

/** `cut` was made from `original` by cuts, or by truncations alone: else layers whose filters are unknown stay. */
export function reconstructed(
  executor: Executor,
  original: Network,
  cut: Network,
  dataset: Dataset,
  settings: ReconstructSettings,
): Promise<Reconstruction> {
  const kept = keptChannels(original, cut);
  return reconstruct({ ...imagesFor(cut, dataset, 'train'), ...settings, executor, original, cut, kept });
}

function keptChannels(original: Network, cut: Network): (layer: LayerId) => readonly ChannelIndex[] | undefined {
  const history = cut.meta.history.slice(original.meta.history.length);
  // A truncation takes no filter.
  const removed = history.every(({ kind }) => kind === 'decompose') ? {} : removedSince(original.graph, history);
  const shapes = inferShapes(original.graph);
  return (layer) => {
    const shape = shapes.get(layer);
    if (removed === undefined || shape === undefined) return undefined;
    const gone = new Set(removed[layer]);
    return Array.from({ length: channelsOf(shape) }, (_, channel) => channel).filter((channel) => !gone.has(channel));
  };
}
