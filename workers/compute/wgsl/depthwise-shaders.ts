/**
 * Windows in which every channel is by itself: depthwise convolution, its gradients, and those of pooling. An invocation has
 * one channel of some pixels of a line, so that a load of the source serves all the windows that meet it.
 */
import type { ConvolutionWindow } from '../ops/convolution';
import { dimensions, ofPhase, tileOf, type Axes } from './correlation-plan';
import { invocations } from './invocations';
import { evenly } from './tile-correlation';
import type { Shader } from './wgsl-operation';

/** Pixels of an invocation, and multiply-adds unrolled in its loop. */
const mostPixels = 8;
const mostUnrolled = 256;
/** Invocations that keep every core busy to the end. */
const enoughInvocations = 1024;

/** What a source pixel is multiplied by. */
type Weighing =
  /** The number of `kernel` `[kh, kw, c, 1]`. */
  | { readonly kind: 'kernel' }
  /** A share: the product of these WGSL expressions of its row and of its column. */
  | { readonly kind: 'share'; readonly row: (row: string) => string; readonly column: (column: string) => string }
  /** 1 where `chosen` at its place is the kernel position's number, else 0. */
  | { readonly kind: 'chosen' };

export interface WindowSum {
  readonly batch: number;
  readonly channels: number;
  /** Columns of the kernel, whose positions are numbered row by row. */
  readonly kernelWidth: number;
}

/** Reads source, and kernel or chosen where they weigh; writes the sums of windows over it. */
export function windowSumShader(
  { batch, channels, kernelWidth }: WindowSum,
  [rows, columns]: Axes,
  weighing: Weighing,
): Shader {
  const perPosition = tileOf(columns, 1).pixels.reduce((sum, { met }) => sum + met.length, 0);
  const most = Math.min(mostPixels / columns.phases.length, mostUnrolled / Math.max(1, perPosition));
  const positions = evenly(columns.positions, Math.max(1, Math.floor(most)));
  const { pixels, sources, kernels } = tileOf(columns, positions);
  const columnTiles = Math.ceil(columns.positions / positions);
  const down = rows.phases.length;
  const name = (position: number): string => String(position).replace('-', 'm');
  const load = (position: number): string => {
    const own = name(position);
    const value = `source[lineAt + c${own} * ${channels}]`;
    const weighed = weighing.kind === 'share' ? `${value} * rowShare * share${own}` : value;
    const chosen = `\n    let n${own} = i32(chosen[lineAt + c${own} * ${channels}]);`;
    return `    let x${own} = select(0.0, ${weighed}, inside & i${own});${weighing.kind === 'chosen' ? chosen : ''}`;
  };
  const product = (source: number, kernel: number, sum: string): string => {
    const x = `x${name(source)}`;
    if (weighing.kind === 'kernel') return `fma(${x}, w${kernel}, ${sum})`;
    if (weighing.kind === 'share') return `${sum} + ${x}`;
    return `${sum} + select(0.0, ${x}, n${name(source)} == kernelRow * ${kernelWidth} + ${kernel})`;
  };
  const whole = columnTiles * pixels.length === columns.target;
  const body = `  let channel = at % ${channels};
  let firstColumn = (at / ${channels} % ${columnTiles}) * ${positions};
  let line = at / ${channels * columnTiles};
  let image = line / ${rows.target};
  let phase = line % ${rows.target} % ${down};
  let rowOffset = (line % ${rows.target} / ${down}) * ${rows.scale} + ${ofPhase(rows, ({ offset }) => offset, 'phase')};
  let taps = ${ofPhase(rows, (own) => own.taps, 'phase')};
${pixels.map((pixel) => `  var s${pixel.at} = 0.0;`).join('\n')}
${sources
  .map(
    (position) => `  let c${name(position)} = firstColumn * ${columns.scale} + ${position};
  let i${name(position)} = u32(c${name(position)}) < ${columns.source}u;
${weighing.kind === 'share' ? `  let share${name(position)} = ${weighing.column(`c${name(position)}`)};` : ''}`,
  )
  .join('\n')}
  for (var tap = 0; tap < taps; tap++) {
    let sourceRow = rowOffset + tap * ${rows.step};
    let kernelRow = ${ofPhase(rows, ({ first }) => first, 'phase')} + tap * ${rows.stride};
    let inside = u32(sourceRow) < ${rows.source}u;
${weighing.kind === 'share' ? `    let rowShare = ${weighing.row('sourceRow')};` : ''}
    let lineAt = (image * ${rows.source} + sourceRow) * ${columns.source * channels} + channel;
${weighing.kind === 'kernel' ? kernels.map((column) => `    let w${column} = kernel[(kernelRow * ${kernelWidth} + ${column}) * ${channels} + channel];`).join('\n') : ''}
${sources.map(load).join('\n')}
${pixels
  .map((pixel) => {
    const sum = pixel.met.reduce((inner, { source, kernel }) => product(source, kernel, inner), `s${pixel.at}`);
    return `    s${pixel.at} = ${sum};`;
  })
  .join('\n')}
  }
  let firstTarget = firstColumn * ${columns.phases.length};
  let goalAt = (line * ${columns.target} + firstTarget) * ${channels} + channel;
${pixels
  .map((pixel) => {
    const store = `goal[goalAt + ${pixel.at * channels}] = s${pixel.at};`;
    return whole ? `  ${store}` : `  if (firstTarget + ${pixel.at} < ${columns.target}) { ${store} }`;
  })
  .join('\n')}`;
  const weights = weighing.kind === 'share' ? [] : [weighing.kind];
  return invocations(batch * rows.target * columnTiles * channels, ['source', ...weights], ['goal'], body);
}

export interface DepthwiseGradientShader extends Shader {
  /** Parts of the sum; each is a tensor of the kernel's size in the result. */
  readonly shares: number;
}

/**
 * Reads source and dy, both `[n, h, w, c]`; writes the gradient by a depthwise kernel. An invocation has one channel of one
 * row of the kernel, and walks over its share of the lines.
 */
export function depthwiseGradientShader(
  input: readonly number[],
  output: readonly number[],
  window: ConvolutionWindow,
): DepthwiseGradientShader {
  const [batch, height, width, channels] = dimensions(input);
  const [, rows, columns] = dimensions(output);
  const [kernelRows, taps] = window.kernelSize;
  const tapsAtOnce = evenly(taps, 4);
  const tapTiles = Math.ceil(taps / tapsAtOnce);
  const pixels = evenly(columns, mostPixels);
  const tiles = channels * kernelRows * tapTiles;
  const lines = batch * rows;
  const linesOfShare = Math.ceil(lines / Math.min(lines, Math.ceil(enoughInvocations / tiles)));
  const shares = Math.ceil(lines / linesOfShare);
  const range = (length: number): number[] => Array.from({ length }, (_, at) => at);
  const met = (pixel: number, tap: number): number => pixel * window.stride[1] + tap * window.dilation[1];
  const loaded = [...new Set(range(pixels).flatMap((pixel) => range(tapsAtOnce).map((tap) => met(pixel, tap))))];
  const whole = columns % pixels === 0;
  const slope = (pixel: number): string => {
    const value = `dy[dyAt + ${pixel * channels}]`;
    return `let d${pixel} = ${whole ? value : `select(0.0, ${value}, column + ${pixel} < ${columns})`};`;
  };
  const sum = (tap: number): string =>
    range(pixels).reduce((inner, pixel) => `fma(x${met(pixel, tap)}, d${pixel}, ${inner})`, `s${tap}`);
  const body = `  let channel = at % ${channels};
  let kernelRow = at / ${channels} % ${kernelRows};
  let firstTap = (at / ${channels * kernelRows} % ${tapTiles}) * ${tapsAtOnce};
  let share = at / ${tiles};
${range(tapsAtOnce)
  .map((tap) => `  var s${tap} = 0.0;`)
  .join('\n')}
  let end = min(${lines}, (share + 1) * ${linesOfShare});
  for (var line = share * ${linesOfShare}; line < end; line++) {
    let sourceRow = (line % ${rows}) * ${window.stride[0]} + kernelRow * ${window.dilation[0]} - ${window.padding[0]};
    if (u32(sourceRow) >= ${height}u) { continue; }
    let lineAt = ((line / ${rows}) * ${height} + sourceRow) * ${width * channels} + channel;
    for (var column = 0; column < ${columns}; column += ${pixels}) {
      let dyAt = (line * ${columns} + column) * ${channels} + channel;
      let firstColumn = column * ${window.stride[1]} + firstTap * ${window.dilation[1]} - ${window.padding[2]};
${loaded
  .map(
    (position) => `      let c${position} = firstColumn + ${position};
      let x${position} = select(0.0, source[lineAt + c${position} * ${channels}], u32(c${position}) < ${width}u);`,
  )
  .join('\n')}
${range(pixels).map(slope).join('\n')}
${range(tapsAtOnce)
  .map((tap) => `      s${tap} = ${sum(tap)};`)
  .join('\n')}
    }
  }
${range(tapsAtOnce)
  .map((tap) => {
    const place = `((share * ${kernelRows} + kernelRow) * ${taps} + firstTap + ${tap}) * ${channels} + channel`;
    const store = `goal[${place}] = s${tap};`;
    return tapTiles * tapsAtOnce === taps ? `  ${store}` : `  if (firstTap + ${tap} < ${taps}) { ${store} }`;
  })
  .join('\n')}`;
  return { ...invocations(tiles * shares, ['source', 'dy'], ['goal'], body), shares };
}

/** Reads source; writes for every window the number of the kernel position where its first largest pixel is. */
export function firstLargestShader(
  input: readonly number[],
  output: readonly number[],
  { kernelSize, stride, padding }: ConvolutionWindow,
): Shader {
  const [batch, height, width, channels] = dimensions(input);
  const [, rows, columns] = dimensions(output);
  const body = `  let channel = at % ${channels};
  let firstColumn = (at / ${channels} % ${columns}) * ${stride[1]} - ${padding[2]};
  let firstRow = (at / ${channels * columns} % ${rows}) * ${stride[0]} - ${padding[0]};
  let image = at / ${channels * columns * rows};
  var most = 0.0;
  var place = -1;
  for (var y = 0; y < ${kernelSize[0]}; y++) {
    for (var x = 0; x < ${kernelSize[1]}; x++) {
      let inside = (u32(firstRow + y) < ${height}u) & (u32(firstColumn + x) < ${width}u);
      let value = source[((image * ${height} + firstRow + y) * ${width} + firstColumn + x) * ${channels} + channel];
      let better = inside & ((place < 0) | (value > most));
      most = select(most, value, better);
      place = select(place, y * ${kernelSize[1]} + x, better);
    }
  }
  chosen[at] = f32(place);`;
  return invocations(batch * rows * columns * channels, ['source'], ['chosen'], body);
}
