import { abs, concat1d, dispose, slice, tidy, type Tensor4D } from '@tensorflow/tfjs-core';
import { channelMean } from '../compute/ops/channels';
import type { LoadedNetwork } from '../compute/executor';
import type { FilterScores } from '../network/plan';
import { channelsOf, inferShapes } from '../network/shapes';
import { weightedLayers } from './filters';
import { MethodError, type Method, type MethodContext } from './method';
import { normalisersOf } from './normalisers';
import { numberSetting } from './settings';

/**
 * Importance of a filter = mean magnitude of its feature map over images, behind the batch norm where there is one
 * (Molchanov et al. 2017, section 2.2, "activation"). Inference mode; batch norms that read one filter are averaged.
 *
 * A score of the images as much as of the filter: other images give another ranking, which is what `from` is there to show.
 */
export const activation: Method = {
  id: 'activation',
  title: 'Mean activation',
  citation:
    'P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz. Pruning Convolutional Neural Networks for Resource Efficient Inference. ICLR 2017',
  summary: 'Keeps the filters whose feature maps are strongest on some training images.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'data',
  normalise: 'layerMean',
  settings: {
    images: {
      kind: 'number',
      label: 'Images',
      explain: 'Training images whose feature maps are averaged.',
      default: 512,
      min: 1,
      max: 10_000,
      step: 1,
    },
    from: {
      kind: 'number',
      label: 'First image',
      explain: 'How many training images are passed over first: other images, another ranking.',
      default: 0,
      min: 0,
      max: 50_000,
      step: 1,
    },
  },
  begin: async (context) => {
    const { loaded } = context;
    if (loaded === undefined) {
      throw new MethodError('Feature maps need a device: open the network on one, and a data set.', 'activation');
    }
    return { score: () => score(context, loaded) };
  },
};

async function score(context: MethodContext, loaded: LoadedNetwork): Promise<FilterScores> {
  const { graph } = context.network;
  const shapes = inferShapes(graph);
  const places = weightedLayers(context.network).map(({ id }) => {
    const behind = normalisersOf(graph, id, shapes).map(({ layer, offset }) => ({ layer: layer.id, offset }));
    return { id, seenAt: behind.length > 0 ? behind : [{ layer: id, offset: 0 }] };
  });
  const watched = [...new Set(places.flatMap(({ seenAt }) => seenAt.map(({ layer }) => layer)))];
  const widths = watched.map((layer) => channelsOf(shapes.get(layer) ?? [0]));
  const starts = new Map(
    watched.map((layer, at) => [layer, widths.slice(0, at).reduce((sum, width) => sum + width, 0)]),
  );
  const from = numberSetting(context.settings, 'from');
  const images = numberSetting(context.settings, 'images');
  let sums = new Float64Array(widths.reduce((sum, width) => sum + width, 0));
  let passed = 0;
  let seen = 0;
  for await (const batch of context.batches('train', from + images)) {
    const [count] = batch.images.shape;
    const skip = Math.min(count, Math.max(0, from - passed));
    passed += count;
    if (skip < count) {
      const means = await magnitudes(loaded, batch.images, skip, watched);
      sums = sums.map((sum, at) => sum + (count - skip) * (means[at] ?? 0));
      seen += count - skip;
    }
    dispose([batch.images, batch.labels]);
    context.signal.throwIfAborted();
    context.progress(Math.min(1, seen / images), `Feature maps of ${seen} images`);
  }
  if (seen === 0) {
    throw new MethodError(`There are no training images after the first ${from}: start earlier.`, 'activation');
  }
  const entries = places.map(({ id, seenAt }) => {
    const scores = new Float32Array(channelsOf(shapes.get(id) ?? [0]));
    for (const { layer, offset } of seenAt) {
      const start = (starts.get(layer) ?? 0) + offset;
      scores.forEach((sum, filter, all) => (all[filter] = sum + (sums[start + filter] ?? 0) / seen / seenAt.length));
    }
    return [id, scores] as const;
  });
  return Object.fromEntries(entries);
}

/** Mean magnitude of every channel of the layers, one after the other, over the images from `skip` on. */
async function magnitudes(
  loaded: LoadedNetwork,
  images: Tensor4D,
  skip: number,
  layers: readonly string[],
): Promise<Float32Array> {
  const all = tidy(() => {
    const own = skip === 0 ? images : slice(images, [skip, 0, 0, 0]);
    const maps = loaded.activations(own, layers);
    const means = layers.flatMap((layer) => {
      const map = maps.get(layer);
      return map === undefined ? [] : [channelMean(abs(map))];
    });
    return concat1d(means);
  });
  const values = await all.data<'float32'>();
  all.dispose();
  return values;
}
