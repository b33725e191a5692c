/** A network as the page holds it, and whether it and the data go together. */
import { networkCosts } from '../../workers/network/costs';
import { isWeighted } from '../../workers/network/graph';
import { channelGroups } from '../../workers/network/groups';
import { channelsOf, inferShapes } from '../../workers/network/shapes';
import type { DatasetView, NetworkView } from '../../workers/protocol';
import type { OpenedNetwork } from './state';

export function openedFrom(view: NetworkView): OpenedNetwork {
  const { layers, macs, parameters } = networkCosts(view.graph);
  return { view, groups: channelGroups(view.graph), costs: layers, macs, parameters, accuracy: null };
}

/** What the inspector shows first: where most of the compute goes, among layers that can be cut. */
export function costliestLayer({ view, groups, costs }: OpenedNetwork): string | null {
  const free = new Set(
    groups.flatMap(({ locked, members }) => (locked === undefined ? members.map(({ layer }) => layer) : [])),
  );
  const ranked = view.graph.layers
    .filter((layer) => isWeighted(layer) && free.has(layer.id))
    .sort((first, second) => (costs.get(second.id)?.macs ?? 0) - (costs.get(first.id)?.macs ?? 0));
  return ranked[0]?.id ?? null;
}

/** Why network and data cannot work together, with the cure, or null. */
export function misfitOf({ graph, meta }: Pick<NetworkView, 'graph' | 'meta'>, dataset: DatasetView): string | null {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const answer = inferShapes(graph).get(graph.outputs[0] ?? '') ?? [0];
  const [height, width, channels] = dataset.shape;
  // One label for an image: it is resized, and turned grey where a network wants it so. Labelled pixels stay where they are.
  const differs = input?.op === 'input' && input.shape.join() !== dataset.shape.join();
  const isMade =
    dataset.task === 'classification' &&
    channels === 3 &&
    [1, 3].includes(input?.op === 'input' ? (input.shape[2] ?? 0) : 0);
  if (input?.op === 'input' && differs && !isMade) {
    return `${meta.name} takes ${input.shape.join(' × ')}, ${dataset.name} has ${height} × ${width} × ${channels}: open other data.`;
  }
  const perPixel = answer.length === 3 && answer[0] * answer[1] > 1;
  if (perPixel !== (dataset.task === 'segmentation')) {
    const [asks, has] = perPixel
      ? ['each pixel', 'one label for each image']
      : ['each image', 'a label for each pixel'];
    return `${meta.name} answers for ${asks}, ${dataset.name} has ${has}: open other data, or another network.`;
  }
  const told = channelsOf(answer);
  if (told !== dataset.classes.length) {
    return `${meta.name} tells ${told} classes apart, ${dataset.name} has ${dataset.classes.length}: open data with ${told} classes.`;
  }
  const named = meta.classes?.find((name, index) => name.toLowerCase() !== dataset.classes[index]?.toLowerCase());
  if (named !== undefined) {
    return `${meta.name} was trained to recognise "${named}", ${dataset.name} has other classes: open the data it was trained on.`;
  }
  return null;
}
