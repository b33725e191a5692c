/**
 * Stochastic gradient descent with momentum and weight decay.
 *
 * `d = gradient + weightDecay * w`, `v = momentum * v + d`, `w = w - learningRate * v` (Sutskever et al. 2013, classical
 * momentum; PyTorch's convention, in which the rate multiplies the whole buffer). Weight decay acts on kernels of
 * convolutions, depthwise and dense layers, not on biases nor on batch norm's gamma and beta (Goyal et al. 2017, section 5.3).
 */
import {
  add,
  dispose,
  keep,
  mul,
  scalar,
  sub,
  tidy,
  zerosLike,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { toDevice } from '../compute/eager/transfer';
import type { Parameter } from '../compute/executor';
import { simdUpdate } from '../compute/simd/simd-kernels';
import { simdRuns } from '../compute/simd/simd-operation';
import { wgslSgd } from '../compute/wgsl/step-kernels';
import { wgslRuns } from '../compute/wgsl/wgsl-operation';
import type { Tensor as HostTensor, Tensors } from '../network/graph';
import { readTensors } from './read-tensors';

/** A variable the optimiser updates. */
export interface Trained {
  readonly name: string;
  readonly value: Variable;
  /** Whether weight decay acts on it here. False where it never does or where a method owns it. */
  readonly decays: boolean;
}

/** Which parameters weight decay acts on: kernels, except those whose decay the method owns. */
export function trainedParameter(parameter: Parameter, ownsDecay?: ReadonlySet<string>): Trained {
  const decays = parameter.role === 'kernel' && !(ownsDecay?.has(parameter.name) ?? false);
  return { name: parameter.name, value: parameter.value, decays };
}

/** A variable of a method's own: nothing but its gradient moves it. */
export function ownVariable(value: Variable): Trained {
  return { name: value.name, value, decays: false };
}

export interface SgdOptions {
  readonly trained: readonly Trained[];
  /** [0, 1). */
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface Optimiser {
  /** One update. Variables without a gradient stay as they are. The gradients still belong to the caller. */
  apply(gradients: ReadonlyMap<string, Tensor>, learningRate: number): void;
  /** Momentum buffers as host tensors, by variable name; those never used are absent. */
  readState(): Promise<Tensors>;
  /** Continues from buffers of `readState`. Throws when a buffer's shape is not its variable's. */
  writeState(state: Tensors): void;
  dispose(): void;
}

export function createSgd({ trained, momentum, weightDecay }: SgdOptions): Optimiser {
  const buffers = new Map<string, Tensor>();
  const replaceBuffer = (name: string, buffer: Tensor): void => {
    buffers.get(name)?.dispose();
    buffers.set(name, keep(buffer));
  };

  const decayOf = (decays: boolean): number => (decays ? weightDecay : 0);
  /** All variables at once, in place. */
  const applyInPlace = (gradients: ReadonlyMap<string, Tensor>, learningRate: number): void => {
    const updates = trained.flatMap(({ name, value, decays }) => {
      const gradient = gradients.get(name);
      if (gradient === undefined) return [];
      if (momentum > 0 && !buffers.has(name)) replaceBuffer(name, zerosLike(value));
      const velocity = buffers.get(name);
      return [{ weight: value, gradient, state: velocity === undefined ? [] : [velocity], decay: decayOf(decays) }];
    });
    wgslSgd(updates, learningRate, momentum);
  };

  return {
    apply(gradients, learningRate) {
      if (wgslRuns()) {
        applyInPlace(gradients, learningRate);
        return;
      }
      tidy(() => {
        // Scalars are made once a step, not once an operation.
        const rate = scalar(learningRate);
        const decay = scalar(weightDecay);
        const factor = scalar(momentum);
        for (const { name, value, decays } of trained) {
          const gradient = gradients.get(name);
          if (gradient === undefined) continue;
          const before = buffers.get(name);
          if (momentum > 0 && simdRuns()) {
            const factors = { rate: learningRate, momentum, decay: decayOf(decays) };
            const [weight, velocity] = simdUpdate(value, gradient, before, factors);
            if (weight === undefined || velocity === undefined) throw new RangeError('An update gives two tensors.');
            value.assign(weight);
            replaceBuffer(name, velocity);
            continue;
          }
          const direction = decays && weightDecay > 0 ? add(gradient, mul(value, decay)) : gradient;
          if (momentum === 0) {
            value.assign(sub(value, mul(direction, rate)));
            continue;
          }
          // A fresh buffer is a copy: the gradient itself is the caller's to dispose.
          const velocity = before === undefined ? mul(direction, 1) : add(mul(before, factor), direction);
          value.assign(sub(value, mul(velocity, rate)));
          replaceBuffer(name, velocity);
        }
      });
    },

    readState() {
      return readTensors(buffers);
    },

    writeState(state) {
      dispose([...buffers.values()]);
      buffers.clear();
      for (const { name, value } of trained) {
        const saved = state[name];
        if (saved === undefined) continue;
        requireShape(saved, value.shape, name);
        buffers.set(name, keep(toDevice(saved)));
      }
    },

    dispose() {
      dispose([...buffers.values()]);
      buffers.clear();
    },
  };
}

/** Throws when a saved buffer does not fit the variable it is of. */
export function requireShape(saved: HostTensor, shape: readonly number[], name: string): void {
  if (saved.shape.join() === shape.join()) return;
  throw new Error(
    `The checkpoint's momentum of "${name}" has shape [${saved.shape.join(', ')}], the network needs ` +
      `[${shape.join(', ')}]: the checkpoint belongs to another network.`,
  );
}
