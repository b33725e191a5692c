/**
 * Convolutions and their input gradients as correlations: windows over a source image met with taps of the kernel. A
 * gradient by the input of a convolution of stride s is s * s correlations, one for each phase of the result's pixels.
 */
import type { ConvolutionShape } from '../simd/window-plan';

/**
 * Along rows or columns: target position q * `phases` + `phase` is met, for each of `taps` tap numbers t, by source position
 * q * `scale` + `offset` + t * `step` through kernel position `first` + t * `stride`.
 */
export interface Axis {
  readonly source: number;
  readonly target: number;
  /** Positions q. */
  readonly positions: number;
  readonly phases: number;
  readonly phase: number;
  readonly taps: number;
  readonly scale: number;
  readonly offset: number;
  readonly step: number;
  readonly first: number;
  readonly stride: number;
}

export interface Correlation {
  readonly batch: number;
  readonly rows: Axis;
  readonly columns: Axis;
  readonly groups: number;
  /** Source channels a group reads. */
  readonly depth: number;
  /** Target channels a group gives. */
  readonly outputs: number;
  /** Strides in the kernel tensor of one row and one column, one source channel, one target channel, one group. */
  readonly kernelStrides: {
    readonly row: number;
    readonly column: number;
    readonly depth: number;
    readonly output: number;
    readonly group: number;
  };
}

export function forwardCorrelation({ input, kernel, output, window, groups }: ConvolutionShape): Correlation {
  const [, , depth, filters] = dimensions(kernel);
  const axis = (at: 0 | 1): Axis => {
    const [source = 0, target = 0] = [input[at + 1], output[at + 1]];
    const taps = window.kernelSize[at];
    const offset = -(window.padding[2 * at] ?? 0);
    const stepping = { scale: window.stride[at], offset, step: window.dilation[at], first: 0, stride: 1 };
    return { source, target, positions: target, phases: 1, phase: 0, taps, ...stepping };
  };
  const strides = { depth: filters, output: 1, group: filters / groups };
  return correlation([axis(0), axis(1)], { input, kernel, groups }, depth, filters / groups, strides);
}

/** One for each phase of the strides. A phase's taps are a residue class, so they are evenly spaced; it may have none. */
export function inputGradientCorrelations(shape: ConvolutionShape): Correlation[] {
  const { input, kernel, output, window, groups } = shape;
  const [, , outputs, filters] = dimensions(kernel);
  const axis = (at: 0 | 1, phase: number): Axis => {
    const [source = 0, target = 0] = [output[at + 1], input[at + 1]];
    const [phases, dilation] = [window.stride[at], window.dilation[at]];
    const shifted = phase + (window.padding[2 * at] ?? 0);
    // Kernel position k is met from source position (shifted - k * dilation) / stride, where that is whole.
    const met = Array.from({ length: window.kernelSize[at] }, (_, k) => k).filter(
      (k) => (shifted - k * dilation) % phases === 0,
    );
    const [first = 0, second = first] = met;
    const stride = second - first;
    const offset = met.length === 0 ? 0 : (shifted - first * dilation) / phases;
    const stepping = { scale: 1, offset, step: -(stride * dilation) / phases };
    const positions = Math.ceil((target - phase) / phases);
    return { source, target, positions, phases, phase, taps: met.length, ...stepping, first, stride };
  };
  const strides = { depth: 1, output: filters, group: filters / groups };
  const found: Correlation[] = [];
  for (let row = 0; row < Math.min(window.stride[0], input[1] ?? 0); row++) {
    for (let column = 0; column < Math.min(window.stride[1], input[2] ?? 0); column++) {
      const axes = [axis(0, row), axis(1, column)] as const;
      found.push(correlation(axes, { input, kernel, groups }, filters / groups, outputs, strides));
    }
  }
  return found;
}

function correlation(
  [rows, columns]: readonly [Axis, Axis],
  { input, kernel, groups }: Pick<ConvolutionShape, 'input' | 'kernel' | 'groups'>,
  depth: number,
  outputs: number,
  strides: Pick<Correlation['kernelStrides'], 'depth' | 'output' | 'group'>,
): Correlation {
  const [, width, inputs, filters] = dimensions(kernel);
  const kernelStrides = { row: width * inputs * filters, column: inputs * filters, ...strides };
  return { batch: input[0] ?? 0, rows, columns, groups, depth, outputs, kernelStrides };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function dimensions(shape: readonly number[]): [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  return [a, b, c, d];
}
