/** The laws of Dagger that need a device: run on WASM and on WebGPU alike. */
import type { Law } from './bench';
import { gateLaws } from './gate-laws';
import { moduleLaws } from './module-laws';
import { trainingLaws } from './training-laws';

export const invariants: readonly Law[] = [...moduleLaws, ...gateLaws, ...trainingLaws];
