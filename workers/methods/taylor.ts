import {
  concat1d,
  dispose,
  onesLike,
  tidy,
  variable,
  zeros,
  type Tensor1D,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Gates, LoadedNetwork } from '../compute/executor';
import type { LayerId, TensorName } from '../network/graph';
import { endsInSoftmax } from '../network/passes';
import { channelsOf, inferShapes } from '../network/shapes';
import type { FilterScores } from '../network/plan';
import { passLoss } from '../training/loss';
import { weightedLayers } from './filters';
import { MethodError, type DeviceBatch, type Method, type MethodContext } from './method';
import { normalisersOf } from './normalisers';
import { numberSetting } from './settings';

/**
 * Importance of a filter = the squared gradient of the loss with respect to a gate on it, averaged over batches: to
 * first order the squared change of the loss when the filter goes (Molchanov et al. 2019, eq. 6 and section 3.2).
 *
 * The gate, fixed at 1, stands behind the batch norm (in front of it the normalisation would undo it), where its gradient
 * is `gamma dL/dgamma + beta dL/dbeta`; without batch norm it stands on the layer's output, where it is
 * `sum(w dL/dw) + b dL/db`. A filter that several layers share (unrolled passes) is one filter: it goes from all of them, so
 * its gates are one, and their gradients add up. Batch norm runs in training mode and its running statistics stay as they are.
 */
export const taylor: Method = {
  id: 'taylor',
  title: 'Taylor expansion',
  citation:
    'P. Molchanov, A. Mallya, S. Tyree, I. Frosio, J. Kautz. Importance Estimation for Neural Network Pruning. CVPR 2019',
  summary: 'Asks the training images how much the loss would change without each filter, to first order.',
  family: 'baseline',
  reduces: 'filters',
  needs: 'data',
  // The paper ranks all layers at once and prunes a few filters at a time. In one shot that empties whole stages: layers are
  // made comparable first, as in the authors' earlier paper (Molchanov et al. 2017, section 2.2).
  normalise: 'layerMean',
  settings: {
    images: {
      kind: 'number',
      label: 'Images',
      explain: 'Training images whose gradients are averaged. More are slower and less noisy.',
      default: 512,
      min: 32,
      max: 10_000,
      step: 32,
    },
  },
  begin: async (context) => {
    const { loaded } = context;
    if (loaded === undefined) {
      throw new MethodError('Taylor scores need gradients: open the network on a device, and a data set.', 'taylor');
    }
    return { score: () => score(context, loaded) };
  },
};

/** One gated layer and where its gate lies in the vector of all gates. */
interface Gate {
  readonly value: Variable;
  readonly start: number;
}

async function score(context: MethodContext, loaded: LoadedNetwork): Promise<FilterScores> {
  const { graph } = context.network;
  const shapes = inferShapes(graph);
  const gates = new Map<LayerId, Gate>();
  let length = 0;
  /** Position of a layer's channel `offset` in the vector of gates. */
  const gateOf = (layer: LayerId, offset: number): number => {
    const shape = shapes.get(layer);
    const channels = shape === undefined ? 0 : channelsOf(shape);
    const known = gates.get(layer) ?? { value: gateVariable(channels), start: length };
    if (!gates.has(layer)) length += channels;
    gates.set(layer, known);
    return known.start + offset;
  };
  const startsOf = (layer: LayerId): readonly number[] => {
    const behind = normalisersOf(graph, layer, shapes);
    return behind.length > 0 ? behind.map((one) => gateOf(one.layer.id, one.offset)) : [gateOf(layer, 0)];
  };
  const layers = weightedLayers(context.network);
  const startsOfKernel = new Map<TensorName, readonly number[]>();
  for (const { id, kernel } of layers) {
    startsOfKernel.set(kernel, [...(startsOfKernel.get(kernel) ?? []), ...startsOf(id)]);
  }
  const places = layers.map(({ id, kernel }) => {
    const shape = shapes.get(id);
    return { id, count: shape === undefined ? 0 : channelsOf(shape), starts: startsOfKernel.get(kernel) ?? [] };
  });
  const scores = Object.fromEntries(places.map(({ id, count }) => [id, new Float32Array(count)]));

  try {
    const images = numberSetting(context.settings, 'images');
    let batches = 0;
    let seen = 0;
    for await (const batch of context.batches('train', images)) {
      context.signal.throwIfAborted();
      const [count] = batch.images.shape;
      const gradient = await gateGradients(loaded, batch, gates);
      for (const { id, starts } of places) {
        scores[id]?.forEach((sum, filter, sums) => {
          const total = starts.reduce((all, start) => all + (gradient[start + filter] ?? 0), 0);
          sums[filter] = sum + total * total;
        });
      }
      batches++;
      seen += count;
      context.progress(Math.min(1, seen / images), `Gradients of ${seen} images`);
    }
    if (batches === 0) throw new MethodError('Taylor scores need training images; the data set has none.', 'taylor');
    for (const sums of Object.values(scores)) sums.forEach((sum, filter) => (sums[filter] = sum / batches));
    return scores;
  } finally {
    dispose([...gates.values()].map(({ value }) => value));
  }
}

function gateVariable(channels: number): Variable {
  return tidy(() => variable(onesLike(zeros([channels]))));
}

/** Gradients of the batch's mean loss with respect to every gate, in one vector. Disposes the batch. */
async function gateGradients(
  loaded: LoadedNetwork,
  { images, labels, labelled }: DeviceBatch,
  gates: ReadonlyMap<LayerId, Gate>,
): Promise<Float32Array> {
  const all = tidy(() => {
    const { gradients } = loaded.step(images, {
      loss: passLoss({ labels, labelled, probabilities: endsInSoftmax(loaded.graph) }),
      gates: () => new Map([...gates].map(([id, { value }]) => [id, value as Tensor1D])) satisfies Gates,
      extraVariables: [...gates.values()].map(({ value }) => value),
      trainParameters: false,
      statisticsMomentum: 0,
    });
    const list = [...gates.values()].map(({ value }) => gradients.get(value.name) ?? zeros(value.shape));
    return concat1d(list as Tensor1D[]);
  });
  dispose([images, labels]);
  const values = await all.data<'float32'>();
  all.dispose();
  return values;
}
