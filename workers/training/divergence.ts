/** Telling a run that has gone to NaN or infinity, and where it began. */
import type { Graph, LayerId, Tensors } from '../network/graph';
import { expectedTensors } from '../network/tensor-shapes';

/** A loss or a weight is no finite number any more. The way back is the last checkpoint, with a smaller learning rate. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
  constructor(
    /** The step whose loss (or whose weights) were not finite, from 0. */
    readonly step: number,
    /** The first layer, in forward order, with a value that is not finite; absent when every weight still is. */
    readonly layer?: LayerId,
  ) {
    const place = layer === undefined ? '' : ` Layer "${layer}" is the first with such values.`;
    super(
      `Training diverged at step ${step}: the loss or a weight is not a finite number.${place} ` +
        'Go back to the last checkpoint and lower the learning rate.',
    );
  }
}

/** First layer in forward order that owns a tensor with NaN or infinity. */
export function firstNonFinite(graph: Graph, tensors: Tensors): LayerId | undefined {
  for (const { name, layers } of expectedTensors(graph).values()) {
    if (tensors[name]?.values.every(Number.isFinite) === false) return layers[0];
  }
  return undefined;
}
