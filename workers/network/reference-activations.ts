/**
 * The activation functions, as float64 scalars.
 */
import type { ActivationLayer } from './graph';

/** Negative slope of `leakyRelu` where the layer states none. */
export const DEFAULT_LEAKY_SLOPE = 0.01;

/** The function `layer` applies to each value. `elu` has alpha 1; `hardSwish` is x relu6(x + 3) / 6. */
export function referenceActivation(layer: ActivationLayer): (x: number) => number {
  const slope = layer.slope ?? DEFAULT_LEAKY_SLOPE;
  switch (layer.kind) {
    case 'relu':
      return (x) => Math.max(x, 0);
    case 'relu6':
      return (x) => Math.min(Math.max(x, 0), 6);
    case 'leakyRelu':
      return (x) => (x < 0 ? slope * x : x);
    case 'elu':
      return (x) => (x < 0 ? Math.expm1(x) : x);
    case 'hardSwish':
      return (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6;
    case 'swish':
      return (x) => x * sigmoid(x);
    case 'sigmoid':
      return sigmoid;
    case 'tanh':
      return Math.tanh;
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
