/**
 * What RIGNet and DIGNet share: both train an unrolled network whose passes gate one another, and differ in the route of
 * the feedback, which is the network's own (`network/zoo/gating`).
 */
import { abs, dispose, mean, stack, sub, tidy, type Tensor4D } from '@tensorflow/tfjs-core';
import type { LoadedNetwork } from '../compute/executor';
import type { LayerId } from '../network/graph';
import { passOf, unrolledPasses } from '../network/unrolled';
import { MethodError, type Method, type MethodContext, type Telemetry } from './method';

/** Images whose gates are watched while the network trains. */
const WATCHED = 32;

/**
 * Training of an unrolled network. How much each pass counts in the loss is the training stage's (`passLoss`).
 *
 * Telemetry, once a second: `values["gate <pass>.<stage>"]` = mean |g - 1| of the stage's gate on some validation images:
 * 0 = the gate changes nothing.
 */
export function gatingMethod(about: Pick<Method, 'id' | 'title' | 'citation' | 'summary'>): Method {
  return {
    ...about,
    family: 'gating',
    reduces: 'nothing',
    needs: 'training',
    normalise: 'none',
    training: {
      epochs: 15,
      learningRate: 0.003,
      fineTune: 0,
      optimiser: 'adam',
      batchSize: 32,
      weightDecay: 1e-4,
      warmUp: 1,
    },
    settings: {
      detachFeedback: {
        kind: 'switch',
        label: 'Detach feedback',
        explain: 'No gradient flows from a look into the one before it: what is fed back is not trained to be useful.',
        default: false,
      },
    },
    begin: async (context) => {
      const { loaded, network, settings } = context;
      const passes = unrolledPasses(network.graph);
      if (passes === null) {
        throw new MethodError(`${about.title} trains a network that looks again: open one of those.`, about.id);
      }
      if (loaded === undefined) throw new MethodError(`${about.title} trains on a device; open one.`, about.id);
      const gates = passes.flatMap((pass) =>
        pass.gates.map(({ stage, layer }) => ({ name: `gate ${pass.number}.${stage}`, layer })),
      );
      const telemetry = (): Promise<Telemetry> => gateTelemetry(context, loaded, gates);
      return settings['detachFeedback'] === true ? { stopsGradient: crossesPasses, telemetry } : { telemetry };
    },
  };
}

/** Whether `reader` reads what an earlier pass computed. */
function crossesPasses(reader: LayerId, input: LayerId): boolean {
  const [now, before] = [passOf(reader), passOf(input)];
  return now !== undefined && before !== undefined && before < now;
}

async function gateTelemetry(
  context: MethodContext,
  loaded: LoadedNetwork,
  gates: readonly { readonly name: string; readonly layer: LayerId }[],
): Promise<Telemetry> {
  if (gates.length === 0) return { values: {} };
  const sums = new Float64Array(gates.length);
  let images = 0;
  for await (const batch of context.batches('validation', WATCHED)) {
    const [count] = batch.images.shape;
    const values = await openness(loaded, batch.images, gates);
    dispose([batch.images, batch.labels]);
    values.forEach((value, at) => (sums[at] = (sums[at] ?? 0) + value * count));
    images += count;
  }
  return { values: Object.fromEntries(gates.map(({ name }, at) => [name, (sums[at] ?? 0) / Math.max(1, images)])) };
}

/** Mean |g - 1| of each gate. */
async function openness(
  loaded: LoadedNetwork,
  images: Tensor4D,
  gates: readonly { readonly layer: LayerId }[],
): Promise<Float32Array> {
  const all = tidy(() => {
    const maps = loaded.activations(
      images,
      gates.map(({ layer }) => layer),
    );
    return stack(
      gates.flatMap(({ layer }) => {
        const map = maps.get(layer);
        return map === undefined ? [] : [mean(abs(sub(map, 1)))];
      }),
    );
  });
  const values = Float32Array.from(await all.data<'float32'>());
  all.dispose();
  return values;
}
