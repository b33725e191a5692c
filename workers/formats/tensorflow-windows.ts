/** TensorFlow's words for padding, turned into explicit pixels. */
import type { Padding, Pair } from '../network/graph';

export interface Window {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly dilation?: Pair | undefined;
}

/** `same`: as many outputs as ceil(input / stride), the odd pixel at the end; `valid`: none. */
export function windowPadding(mode: 'same' | 'valid', input: Pair, { kernelSize, stride, dilation }: Window): Padding {
  if (mode === 'valid') return [0, 0, 0, 0];
  const axis = (at: 0 | 1): Pair => {
    const span = (dilation?.[at] ?? 1) * (kernelSize[at] - 1) + 1;
    const total = Math.max((Math.ceil(input[at] / stride[at]) - 1) * stride[at] + span - input[at], 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  };
  return [...axis(0), ...axis(1)];
}

/**
 * Crop and output padding of a transposed convolution that gives `output`: it is the gradient of a convolution from
 * `output` to `input`, so `same` crops what that convolution would have padded.
 */
export function transposedPadding(
  mode: 'same' | 'valid',
  input: Pair,
  output: Pair,
  { kernelSize, stride }: Window,
): { readonly padding: Padding; readonly outputPadding: Pair } {
  const surplus = (at: 0 | 1): number => (input[at] - 1) * stride[at] + kernelSize[at] - output[at];
  const crop = (at: 0 | 1): Pair => {
    const total = Math.max(surplus(at), 0);
    const before = mode === 'same' ? Math.floor(total / 2) : 0;
    return [before, total - before];
  };
  return {
    padding: [...crop(0), ...crop(1)],
    outputPadding: [Math.max(-surplus(0), 0), Math.max(-surplus(1), 0)],
  };
}
