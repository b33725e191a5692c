/**
 * Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).
 *
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `w = (1 - rate decay) w - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`. The decay acts on kernels alone, as in
 * `optimiser.ts`.
 */
import {
  add,
  dispose,
  div,
  keep,
  mul,
  scalar,
  sqrt,
  square,
  sub,
  tidy,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { toDevice } from '../compute/eager/transfer';
import { wgslAdam } from '../compute/wgsl/step-kernels';
import { wgslRuns } from '../compute/wgsl/wgsl-operation';
import type { Tensors } from '../network/graph';
import { requireShape, type Optimiser, type Trained } from './optimiser';
import { readTensors } from './read-tensors';

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;
/** Name of the count of updates in a saved state. */
const COUNT = 'adam.steps';

/** Updates `trained` from gradients under their names. State: both moments by name, and the number of updates. */
export function createAdam(trained: readonly Trained[], weightDecay = 0): Optimiser {
  const moments = new Map<string, Tensor>();
  let count = 0;
  const follow = (name: string, gradient: Tensor, decay: number): Tensor => {
    const before = moments.get(name);
    const fresh = mul(gradient, scalar(1 - decay));
    const after = keep(before === undefined ? fresh : add(mul(before, scalar(decay)), fresh));
    before?.dispose();
    moments.set(name, after);
    return after;
  };

  const moment = (name: string, value: Tensor): Tensor => {
    const made = moments.get(name) ?? keep(zerosLike(value));
    moments.set(name, made);
    return made;
  };

  return {
    apply(gradients, learningRate) {
      count++;
      // Both corrections in the rate and the epsilon: the same update with fewer operations.
      const root = Math.sqrt(1 - SECOND_DECAY ** count);
      const corrected = (learningRate * root) / (1 - FIRST_DECAY ** count);
      const shrinking = 1 - learningRate * weightDecay;
      if (wgslRuns()) {
        const updates = trained.flatMap(({ name, value, decays }) => {
          const gradient = gradients.get(name);
          if (gradient === undefined) return [];
          const state = [moment(`${name}/first`, value), moment(`${name}/second`, value)];
          return [{ weight: value, gradient, state, decay: decays ? weightDecay : 0 }];
        });
        const step = { rate: corrected, epsilon: EPSILON * root, shrink: shrinking };
        wgslAdam(updates, step, [FIRST_DECAY, SECOND_DECAY]);
        return;
      }
      tidy(() => {
        const rate = scalar(corrected);
        const epsilon = scalar(EPSILON * root);
        const shrink = scalar(shrinking);
        for (const { name, value, decays } of trained) {
          const gradient = gradients.get(name);
          if (gradient === undefined) continue;
          const first = follow(`${name}/first`, gradient, FIRST_DECAY);
          const second = follow(`${name}/second`, square(gradient), SECOND_DECAY);
          const shrunk = decays && weightDecay > 0 ? mul(value, shrink) : value;
          value.assign(sub(shrunk, mul(rate, div(first, add(sqrt(second), epsilon)))));
        }
      });
    },

    async readState() {
      return { ...(await readTensors(moments)), [COUNT]: { shape: [1], values: Float32Array.of(count) } };
    },

    writeState(state: Tensors) {
      dispose([...moments.values()]);
      moments.clear();
      count = state[COUNT]?.values[0] ?? 0;
      for (const { name, value } of trained) {
        for (const moment of [`${name}/first`, `${name}/second`]) {
          const saved = state[moment];
          if (saved === undefined) continue;
          requireShape(saved, value.shape, moment);
          moments.set(moment, keep(toDevice(saved)));
        }
      }
    },

    dispose() {
      dispose([...moments.values()]);
      moments.clear();
    },
  };
}
