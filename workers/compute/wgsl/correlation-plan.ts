/**
 * Convolutions and their input gradients as correlations: windows over a source image met with taps of the kernel. In a
 * gradient by the input of a convolution of stride s, every s-th row (column) of the result is met by the same taps: it has s
 * phases along each axis.
 */
import type { ConvolutionWindow } from '../ops/convolution';
import type { ConvolutionShape } from '../simd/window-plan';

/** Tap numbers 0 to `taps` of a phase begin at source position `offset` and kernel position `first`; it may have none. */
interface Phase {
  readonly taps: number;
  readonly offset: number;
  readonly first: number;
}

/**
 * Along rows or columns: target position q * p + f, of phase f of p, is met for each of its tap numbers t by source position
 * q * `scale` + `offset` + t * `step` through kernel position `first` + t * `stride`.
 */
export interface Axis {
  readonly source: number;
  readonly target: number;
  /** Positions q of a phase; the last of them may be past the target in some phases. */
  readonly positions: number;
  readonly phases: readonly Phase[];
  readonly scale: number;
  readonly step: number;
  readonly stride: number;
}

/** Rows, columns. */
export type Axes = readonly [Axis, Axis];

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

/** From an input to windows over it; shapes are `[n, h, w, c]`. */
export function forwardAxes(window: ConvolutionWindow, input: readonly number[], output: readonly number[]): Axes {
  const axis = (at: 0 | 1): Axis => {
    const [source = 0, target = 0] = [input[at + 1], output[at + 1]];
    const phases = [{ taps: window.kernelSize[at], offset: -(window.padding[2 * at] ?? 0), first: 0 }];
    const stepping = { scale: window.stride[at], step: window.dilation[at], stride: 1 };
    return { source, target, positions: target, phases, ...stepping };
  };
  return [axis(0), axis(1)];
}

/** From gradients by windows' outputs to those by their input. */
export function gradientAxes(window: ConvolutionWindow, input: readonly number[], output: readonly number[]): Axes {
  const axis = (at: 0 | 1): Axis => {
    const [source = 0, target = 0] = [output[at + 1], input[at + 1]];
    const [spacing, dilation] = [window.stride[at], window.dilation[at]];
    const phases = Array.from({ length: Math.min(spacing, target) }, (_, phase): Phase => {
      const shifted = phase + (window.padding[2 * at] ?? 0);
      // Kernel position k is met from source position (shifted - k * dilation) / spacing, where that is whole.
      const met = Array.from({ length: window.kernelSize[at] }, (__, k) => k).filter(
        (k) => (shifted - k * dilation) % spacing === 0,
      );
      const [first] = met;
      if (first === undefined) return { taps: 0, offset: 0, first: 0 };
      return { taps: met.length, offset: (shifted - first * dilation) / spacing, first };
    });
    // Those k are a residue class.
    const stride = spacing / greatestDivisor(spacing, dilation);
    const positions = Math.ceil(target / phases.length);
    return { source, target, positions, phases, scale: 1, step: -(stride * dilation) / spacing, stride };
  };
  return [axis(0), axis(1)];
}

export function forwardCorrelation({ input, kernel, output, window, groups }: ConvolutionShape): Correlation {
  const [, , depth, filters] = dimensions(kernel);
  const strides = { depth: filters, output: 1, group: filters / groups };
  const axes = forwardAxes(window, input, output);
  return correlation(axes, { input, kernel, groups }, depth, filters / groups, strides);
}

export function inputGradientCorrelation({ input, kernel, output, window, groups }: ConvolutionShape): Correlation {
  const [, , outputs, filters] = dimensions(kernel);
  const strides = { depth: 1, output: filters, group: filters / groups };
  const axes = gradientAxes(window, input, output);
  return correlation(axes, { input, kernel, groups }, filters / groups, outputs, strides);
}

/** A number of an axis's phases, as a WGSL expression of the phase's own number. */
export function ofPhase({ phases }: Axis, number: (phase: Phase) => number, phase: string): string {
  const numbers = phases.map(number);
  if (new Set(numbers).size === 1) return String(numbers[0]);
  return `array<i32, ${numbers.length}>(${numbers.join(', ')})[${phase}]`;
}

/** A target position of a tile, counted from the tile's first, and what meets it: source position and kernel position. */
interface TilePixel {
  readonly at: number;
  readonly met: readonly { readonly source: number; readonly kernel: number }[];
}

/** Target positions next to each other: `positions` of every phase. */
export interface Tile {
  readonly pixels: readonly TilePixel[];
  /** Source positions that any of them meets, counted from the tile's first times the axis's `scale`. */
  readonly sources: readonly number[];
  readonly kernels: readonly number[];
}

export function tileOf({ phases, scale, step, stride }: Axis, positions: number): Tile {
  const pixels = Array.from({ length: positions * phases.length }, (_, at): TilePixel => {
    const { taps, offset, first } = phases[at % phases.length] ?? { taps: 0, offset: 0, first: 0 };
    const start = Math.floor(at / phases.length) * scale + offset;
    const met = Array.from({ length: taps }, (__, tap) => ({
      source: start + tap * step,
      kernel: first + tap * stride,
    }));
    return { at, met };
  });
  const all = pixels.flatMap(({ met }) => met);
  const [sources, kernels] = [all.map(({ source }) => source), all.map(({ kernel }) => kernel)];
  return { pixels, sources: [...new Set(sources)], kernels: [...new Set(kernels)] };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function correlation(
  [rows, columns]: Axes,
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
