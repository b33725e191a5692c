/** Windows whose channels are by themselves, on the engine. Addresses are of tensors; 0 = absent. */
import type { SimdEngine } from './simd-engine';
import { forwardTaps, gradientTable, gradientTaps, tapTable, type Taps, type TapWindow } from './tap-tables';

/** `[n, h, w, c]` */
type Shape = readonly number[];

/** Fields of `assembly/depthwise.ts`, in its order. */
interface Fields {
  readonly source: number;
  readonly target: number;
  readonly kernel?: number;
  readonly pooled?: number;
  readonly slopes?: number;
  readonly table: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly sourceShape: Shape;
  readonly window: TapWindow;
  readonly imagesOfPart?: number;
}

/** The images are added up in at most this many parts, on any number of threads: the same bits on all. */
const mostParts = 32;

function place(engine: SimdEngine, fields: Fields): number {
  const [images = 0, , width = 0, channels = 0] = fields.sourceShape;
  const [height = 0] = fields.sourceShape.slice(1);
  const [down, across] = fields.window.kernelSize;
  return engine.write(
    [fields.source, fields.target, fields.kernel ?? 0, fields.pooled ?? 0, fields.slopes ?? 0],
    fields.table,
    [
      fields.rows,
      fields.columns,
      4 * height * width * channels,
      4 * width * channels,
      channels,
      across,
      down * across,
      images,
      fields.imagesOfPart ?? 0,
      4 * fields.window.stride[1] * channels,
    ],
  );
}

/** Room for a pixel's taps. */
function listBytes({ kernelSize: [down, across] }: TapWindow): number {
  return 12 * down * across;
}

/** Which pixels meet, along both axes. */
interface Meetings {
  readonly rows: Taps;
  readonly columns: Taps;
}

function forwardMeetings(window: TapWindow, input: Shape, output: Shape): Meetings {
  const taps = (axis: 0 | 1): Taps => forwardTaps(window, axis, input[axis + 1] ?? 0, output[axis + 1] ?? 0);
  return { rows: taps(0), columns: taps(1) };
}

/** What a job over pixels that meet is told of them. */
function meetingFields({ rows, columns }: Meetings): Pick<Fields, 'rows' | 'columns' | 'table'> {
  return { rows: rows.length, columns: columns.length, table: tapTable(rows, columns) };
}

/** Sums of windows over `source`: times the numbers of `kernel`, or where it is 0 times the factors of the taps. */
function sum(
  engine: SimdEngine,
  at: { readonly source: number; readonly target: number; readonly kernel: number },
  meetings: Meetings,
  sourceShape: Shape,
  window: TapWindow,
): void {
  const job = place(engine, { ...at, ...meetingFields(meetings), sourceShape, window });
  engine.run('windowSum', job, (sourceShape[0] ?? 0) * meetings.rows.length, listBytes(window));
}

export function depthwiseOn(
  engine: SimdEngine,
  at: { readonly source: number; readonly target: number; readonly kernel: number },
  input: Shape,
  output: Shape,
  window: TapWindow,
): void {
  sum(engine, at, forwardMeetings(window, input, output), input, window);
}

/** The gradient by the input; `factor` of a window along an axis, where no kernel is given. */
export function depthwiseInputGradientOn(
  engine: SimdEngine,
  at: { readonly source: number; readonly target: number; readonly kernel: number },
  input: Shape,
  output: Shape,
  window: TapWindow,
  factor?: (axis: 0 | 1, position: number) => number,
): void {
  const taps = (axis: 0 | 1): Taps =>
    gradientTaps(
      window,
      axis,
      input[axis + 1] ?? 0,
      output[axis + 1] ?? 0,
      (position) => factor?.(axis, position) ?? 1,
    );
  sum(engine, at, { rows: taps(0), columns: taps(1) }, output, window);
}

export function depthwiseKernelGradientOn(
  engine: SimdEngine,
  at: { readonly source: number; readonly slopes: number; readonly target: number },
  input: Shape,
  output: Shape,
  window: TapWindow,
): void {
  const [images = 0, height = 0, width = 0, channels = 0] = input;
  const [, rows = 0, columns = 0] = output;
  const imagesOfPart = Math.ceil(images / mostParts);
  const parts = Math.ceil(images / imagesOfPart);
  const floats = window.kernelSize[0] * window.kernelSize[1] * channels;
  const sums = engine.reserve('partials', 4 * parts * floats);
  const job = place(engine, {
    source: at.source,
    target: at.slopes,
    kernel: sums,
    table: gradientTable(forwardTaps(window, 0, height, rows), window, width, columns),
    rows,
    columns,
    sourceShape: input,
    window,
    imagesOfPart,
  });
  engine.run('depthwiseGradient', job, parts, 0);
  engine.kernels.addParts(sums, parts, floats, at.target);
}

export function maxGradientOn(
  engine: SimdEngine,
  at: { readonly source: number; readonly target: number; readonly pooled: number; readonly slopes: number },
  input: Shape,
  output: Shape,
  window: TapWindow,
): void {
  const meetings = forwardMeetings(window, input, output);
  const job = place(engine, { ...at, ...meetingFields(meetings), sourceShape: input, window });
  engine.run('maxGradient', job, input[0] ?? 0, listBytes(window));
}
