/**
 * The activation functions, as float64 scalars.
 */
import type { ActivationLayer, Layer } from './graph';

/** Negative slope of `leakyRelu` where the layer states none. */
export const DEFAULT_LEAKY_SLOPE = 0.01;

/** Slope and offset of `hardSigmoid` where the layer states none (PyTorch's and Keras 3's). */
export const DEFAULT_HARD_SIGMOID = { slope: 1 / 6, offset: 0.5 } as const;

/** Whether the layer makes zero of a channel of zeros; batch norm, with its shift, counts as not. */
export function keepsZero(layer: Layer): boolean {
  switch (layer.op) {
    case 'activation':
      return referenceActivation(layer)(0) === 0;
    case 'scale':
      return layer.offset === 0;
    case 'batchNorm':
      return false;
    default:
      return true;
  }
}

/**
 * The function `layer` applies to each value. `elu` has alpha 1; `hardSwish` is x relu6(x + 3) / 6; `gelu` is the exact
 * x Phi(x) (Hendrycks & Gimpel 2016, arXiv 1606.08415).
 */
export function referenceActivation(layer: ActivationLayer): (x: number) => number {
  switch (layer.kind) {
    case 'relu':
      return (x) => Math.max(x, 0);
    case 'relu6':
      return (x) => Math.min(Math.max(x, 0), 6);
    case 'clip': {
      const { min = -Infinity, max = Infinity } = layer;
      return (x) => Math.min(Math.max(x, min), max);
    }
    case 'leakyRelu': {
      const slope = layer.slope ?? DEFAULT_LEAKY_SLOPE;
      return (x) => (x < 0 ? slope * x : x);
    }
    case 'elu':
      return (x) => (x < 0 ? Math.expm1(x) : x);
    case 'softplus':
      // ln(1 + e^x), written so that e^x cannot overflow.
      return (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case 'gelu':
      return (x) => x * 0.5 * (1 + errorFunction(x / Math.SQRT2));
    case 'hardSwish':
      return (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6;
    case 'swish':
      return (x) => x * sigmoid(x);
    case 'hardSigmoid': {
      const { slope = DEFAULT_HARD_SIGMOID.slope, offset = DEFAULT_HARD_SIGMOID.offset } = layer;
      return (x) => Math.max(0, Math.min(1, slope * x + offset));
    }
    case 'sigmoid':
      return sigmoid;
    case 'tanh':
      return Math.tanh;
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * erf(x) = 2 / sqrt(pi) e^(-x^2) sum of 2^n x^(2n + 1) / (1 3 5 ... (2n + 1)): all terms of one sign, so nothing
 * cancels (Abramowitz & Stegun, formula 7.1.6). Relative error below 1e-14; beyond 6 it is 1 in float64.
 */
export function errorFunction(x: number): number {
  // NaN fails this test, and comes out as NaN.
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
