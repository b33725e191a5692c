/**
 * What the convolution kernels are to do, worked out from shapes: which taps a window has, how the input is cut into
 * bands, and in which order the kernel's numbers are packed. Fields are in the order of `assembly/window.ts`.
 */
import type { ConvolutionWindow } from '../ops/convolution';

/** `[n, h, w, cin]`, `[kh, kw, cin / groups, filters]` and how they meet. */
export interface ConvolutionShape {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  /** `[n, h', w', filters]`. */
  readonly output: readonly number[];
  readonly window: ConvolutionWindow;
  readonly groups: number;
}

/** One piece of work: windows of `source` against a kernel. Addresses are filled in when it is run. */
export interface WindowJob {
  readonly segments: readonly number[];
  readonly segmentLength: number;
  /** Fields after the segment length. */
  readonly rest: readonly number[];
  /** Bytes added to the address of the output. */
  readonly targetOffset: number;
  /** Bands of all images and groups: what `correlate` is divided into. */
  readonly bands: number;
  readonly scratchBytes: number;
  readonly packing: Packing;
}

/** Strides and tap offsets in floats of the kernel tensor. */
export interface Packing {
  readonly taps: readonly number[];
  readonly depth: number;
  readonly depthStride: number;
  readonly outputs: number;
  readonly outputStride: number;
  readonly groups: number;
  readonly groupStride: number;
  /** Of the packed kernel. */
  readonly bytes: number;
}

/** The band and a panel of the kernel stay in a first-level cache of 48 kB. */
const bandBytes = 32 * 1024;

/** Windows whose sums fill a vector register pair. */
const panelOutputs = 8;

/** Floats a kernel may read beyond a band: the rest of a tile. */
const overreadBytes = 64;

/** Taps along one axis: input position (relative to the window's origin) and index in the kernel. */
interface Tap {
  readonly offset: number;
  readonly index: number;
}

interface Axis {
  readonly taps: readonly Tap[];
  /** Input position of the first window's first tap. */
  readonly origin: number;
  readonly reach: number;
  readonly stride: number;
  /** Windows. */
  readonly count: number;
}

/** The output from the input. Also the description the kernel's gradient needs. */
export function forwardJob({ input, kernel, output, window, groups }: ConvolutionShape): WindowJob {
  const axes = ([0, 1] as const).map((axis): Axis => {
    const [size, dilation] = [window.kernelSize[axis], window.dilation[axis]];
    return {
      taps: Array.from({ length: size }, (_, index) => ({ offset: index * dilation, index })),
      origin: -(window.padding[2 * axis] ?? 0),
      reach: (size - 1) * dilation + 1,
      stride: window.stride[axis],
      count: output[axis + 1] ?? 0,
    };
  });
  const [, kernelWidth = 0, depth = 0, filters = 0] = kernel;
  const [, rows = 0, columns = 0] = output;
  return job({
    source: input,
    axes,
    groups,
    image: 4 * rows * columns * filters,
    row: 4 * columns * filters,
    column: 4 * filters,
    targetOffset: 0,
    packing: {
      taps: tapPairs(axes, (row, column) => (row * kernelWidth + column) * depth * filters),
      depth,
      depthStride: filters,
      outputs: filters / groups,
      outputStride: 1,
      groups,
      groupStride: filters / groups,
    },
  });
}

/**
 * The input's gradient from the output's, for a stride s in s * s phases: input row q * s + r is met by kernel row k from
 * output row q + (r + padding - k * dilation) / s, where that is whole. A phase is a convolution without stride.
 */
export function inputGradientJobs({ input, kernel, output, window, groups }: ConvolutionShape): WindowJob[] {
  const [, height = 0, width = 0, channels = 0] = input;
  const [, kernelWidth = 0, depth = 0, filters = 0] = kernel;
  const [strideY, strideX] = window.stride;
  const jobs: WindowJob[] = [];
  for (let phaseY = 0; phaseY < Math.min(strideY, height); phaseY++) {
    for (let phaseX = 0; phaseX < Math.min(strideX, width); phaseX++) {
      const axes = [gradientAxis(window, 0, phaseY, height), gradientAxis(window, 1, phaseX, width)];
      jobs.push(
        job({
          source: output,
          axes,
          groups,
          image: 4 * height * width * channels,
          row: 4 * strideY * width * channels,
          column: 4 * strideX * channels,
          targetOffset: 4 * (phaseY * width + phaseX) * channels,
          packing: {
            taps: tapPairs(axes, (row, column) => (row * kernelWidth + column) * depth * filters),
            depth: filters / groups,
            depthStride: 1,
            outputs: depth,
            outputStride: filters,
            groups,
            groupStride: filters / groups,
          },
        }),
      );
    }
  }
  return jobs;
}

/** Tiles the kernel's gradient is divided into: six floats of a segment by eight filters. */
export function gradientTiles({ segments, segmentLength, packing }: WindowJob): number {
  return segments.length * Math.ceil(segmentLength / 6) * Math.ceil(packing.outputs / panelOutputs);
}

function gradientAxis(window: ConvolutionWindow, axis: 0 | 1, phase: number, length: number): Axis {
  const [size, stride, dilation] = [window.kernelSize[axis], window.stride[axis], window.dilation[axis]];
  const met: Tap[] = [];
  // From the last kernel row: offsets ascend.
  for (let index = size - 1; index >= 0; index--) {
    const distance = phase + (window.padding[2 * axis] ?? 0) - index * dilation;
    if (distance % stride === 0) met.push({ offset: distance / stride, index });
  }
  const origin = met[0]?.offset ?? 0;
  return {
    taps: met.map(({ offset, index }) => ({ offset: offset - origin, index })),
    origin,
    reach: (met.at(-1)?.offset ?? origin) - origin + 1,
    stride: 1,
    count: Math.ceil((length - phase) / stride),
  };
}

interface JobOptions {
  readonly source: readonly number[];
  readonly axes: readonly Axis[];
  readonly groups: number;
  /** Bytes between images, rows and columns of the output. */
  readonly image: number;
  readonly row: number;
  readonly column: number;
  readonly targetOffset: number;
  readonly packing: Omit<Packing, 'bytes'>;
}

function job({ source, axes, groups, image, row, column, targetOffset, packing }: JobOptions): WindowJob {
  const [images = 0, height = 0, width = 0, channels = 0] = source;
  const [down, across] = axes;
  if (down === undefined || across === undefined) throw new RangeError('A convolution has two spatial axes.');
  const pixel = channels / groups;
  const lines = (count: number): number => (count - 1) * down.stride + down.reach;
  const bandWidth = (across.count - 1) * across.stride + across.reach;
  const inside = (axis: Axis, length: number): boolean =>
    axis.origin >= 0 && axis.origin + (axis.count - 1) * axis.stride + axis.reach <= length;
  const empty = down.taps.length * across.taps.length === 0;
  // The windows are read where they stand; a phase no tap reaches reads nothing.
  const direct = empty || (groups === 1 && inside(down, height) && inside(across, width));
  const step = 4 * (direct ? width * channels : bandWidth * pixel);
  const bandRows = evenBands(down.count, (count) => 4 * lines(count) * bandWidth * pixel <= bandBytes);
  const bands = Math.ceil(down.count / bandRows);
  const merged = across.taps.every(({ offset }, at) => offset === at);
  const columnsOf = merged ? across.taps.slice(0, 1) : across.taps;
  const segments = down.taps.flatMap((tap) => columnsOf.map(({ offset }) => tap.offset * step + 4 * offset * pixel));
  const segmentLength = (merged ? across.taps.length : 1) * pixel;
  const windows = 6 * Math.ceil((bandRows * across.count) / 6);
  return {
    segments,
    segmentLength,
    rest: [
      height,
      width,
      channels,
      pixel,
      down.origin,
      across.origin,
      down.stride,
      4 * across.stride * pixel,
      down.reach,
      bandWidth,
      down.count,
      across.count,
      bandRows,
      bands,
      Number(direct),
      groups,
      packing.outputs,
      image,
      row,
      column,
      images,
    ],
    targetOffset,
    bands: images * groups * bands,
    scratchBytes: 8 * windows + (direct ? 0 : lines(bandRows) * step) + overreadBytes,
    packing: {
      ...packing,
      bytes:
        4 * panelOutputs * groups * Math.ceil(packing.outputs / panelOutputs) * packing.taps.length * packing.depth,
    },
  };
}

/** Rows of windows in each band: as many as `fits` allows, at least one, shared out evenly. */
function evenBands(rows: number, fits: (count: number) => boolean): number {
  let most = 1;
  while (most < rows && fits(most + 1)) most++;
  return Math.max(1, Math.ceil(rows / Math.ceil(rows / most)));
}

function tapPairs(axes: readonly Axis[], at: (row: number, column: number) => number): number[] {
  const [down, across] = axes;
  return (down?.taps ?? []).flatMap((row) => (across?.taps ?? []).map((column) => at(row.index, column.index)));
}
