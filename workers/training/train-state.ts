/** What must be kept, beside the network's own tensors, for a resumed stage to equal an undisturbed one. */
import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { Tensor, Tensors } from '../network/graph';
import type { TrainingHooks } from './hooks';
import type { Optimiser } from './optimiser';

export interface TrainState {
  /** Steps done. Epoch, learning rate, shuffling and augmentation follow from it and the seed. */
  readonly step: number;
  /** Momentum buffers. */
  readonly optimiser: Tensors;
  /** The method's own variables. */
  readonly variables: Tensors;
  /** What the method keeps beyond its variables. */
  readonly method: Tensors;
}

export async function saveTraining(step: number, optimiser: Optimiser, hooks: TrainingHooks): Promise<TrainState> {
  const variables = await Promise.all(
    (hooks.variables ?? []).map(async (variable): Promise<[string, Tensor]> => {
      const values = Float32Array.from(await variable.data());
      return [variable.name, { shape: variable.shape, values }];
    }),
  );
  return {
    step,
    optimiser: await optimiser.readState(),
    variables: Object.fromEntries(variables),
    method: (await hooks.readState?.()) ?? {},
  };
}

export function restoreTraining(state: TrainState, optimiser: Optimiser, hooks: TrainingHooks): void {
  optimiser.writeState(state.optimiser);
  for (const variable of hooks.variables ?? []) {
    const saved = state.variables[variable.name];
    if (saved !== undefined) tidy(() => variable.assign(tensor(saved.values, [...saved.shape])));
  }
  hooks.writeState?.(state.method);
}
