/**
 * Losses and logits of the last few steps, still on the device.
 *
 * Reading a value back waits for the device, so on a GPU it is done once a window; the window is kept so short that a
 * pause is heard, and a lost number noticed, within a tenth of a second.
 */
import { concat, dispose, stack, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { DeviceKind } from '../compute/executor';
import { unlabelled } from './batching';

/** One training step, as it is reported. */
export interface StepReport {
  /** From 0, over the whole stage. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Share of the (augmented) training batch's images, or labelled pixels, told right before the update. */
  readonly accuracy: number;
  readonly learningRate: number;
}

interface PendingStep {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: Scalar;
  /** `[batch, classes]` or `[batch, height, width, classes]`; of the last pass. */
  readonly logits: Tensor;
  /** As many as rows of logits; `unlabelled` ones count nowhere. */
  readonly labels: Uint16Array;
}

export interface StepWindow {
  /** Takes over `loss` and `logits`. */
  push(step: PendingStep): void;
  readonly full: boolean;
  readonly size: number;
  /** Reads everything back, in step order. Tells the window how long its steps took. */
  read(elapsedMs: () => number): Promise<StepReport[]>;
  dispose(): void;
}

const TARGET_MS = 100;
const LONGEST = 16;

export function createStepWindow(device: DeviceKind): StepWindow {
  let pending: PendingStep[] = [];
  let length = 1;
  const take = (): PendingStep[] => {
    const taken = pending;
    pending = [];
    return taken;
  };
  return {
    push: (step) => void pending.push(step),
    get full() {
      return pending.length >= length;
    },
    get size() {
      return pending.length;
    },
    async read(elapsedMs) {
      const steps = take();
      if (steps.length === 0) return [];
      const [losses, logits] = await Promise.all([
        readAndDispose(stack(steps.map(({ loss }) => loss))),
        readAndDispose(concat(steps.map((step) => step.logits))),
      ]);
      release(steps);
      // On WASM values lie in memory already: reading each step costs nothing and finds a lost number at once.
      if (device !== 'wasm') {
        length = Math.max(1, Math.min(LONGEST, Math.round((TARGET_MS * steps.length) / Math.max(1, elapsedMs()))));
      }
      let at = 0;
      return steps.map(({ step, epoch, learningRate, labels, logits: { size } }, index) => {
        const values = logits.subarray(at, at + size);
        at += size;
        const accuracy = shareRight(values, labels, size / labels.length);
        return { step, epoch, learningRate, loss: losses[index] ?? NaN, accuracy };
      });
    },
    dispose: () => release(take()),
  };
}

/** Index of the largest of `classes` logits from `offset`; the first of equals. */
export function argMax(logits: Float32Array, offset: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if ((logits[offset + c] ?? NaN) > (logits[offset + best] ?? NaN)) best = c;
  return best;
}

/** Of the rows that have a label; 1 where none has. */
function shareRight(logits: Float32Array, labels: Uint16Array, classes: number): number {
  let correct = 0;
  let count = 0;
  labels.forEach((label, row) => {
    if (label === unlabelled) return;
    count++;
    if (argMax(logits, row * classes, classes) === label) correct++;
  });
  return count === 0 ? 1 : correct / count;
}

function release(steps: readonly PendingStep[]): void {
  for (const { loss, logits } of steps) dispose([loss, logits]);
}

async function readAndDispose(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}
