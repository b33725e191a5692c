/** What must be kept, beside the network's own tensors, for a resumed stage to equal an undisturbed one. */
import { tidy } from '@tensorflow/tfjs-core';
import { toDevice } from '../compute/eager/transfer';
import type { Tensors } from '../network/graph';
import type { TrainingHooks } from './hooks';
import type { Optimiser } from './optimiser';
import { readTensors } from './read-tensors';

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
  const variables = (hooks.variables ?? []).map((variable) => [variable.name, variable] as const);
  return {
    step,
    optimiser: await optimiser.readState(),
    variables: await readTensors(new Map(variables)),
    method: (await hooks.readState?.()) ?? {},
  };
}

export function restoreTraining(state: TrainState, optimiser: Optimiser, hooks: TrainingHooks): void {
  optimiser.writeState(state.optimiser);
  for (const variable of hooks.variables ?? []) {
    const saved = state.variables[variable.name];
    if (saved !== undefined) tidy(() => variable.assign(toDevice(saved)));
  }
  hooks.writeState?.(state.method);
}
