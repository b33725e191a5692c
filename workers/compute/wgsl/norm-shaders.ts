/**
 * Batch norm, what follows it, and their gradients. An invocation has one channel of a block of rows (pixels), so that what
 * is constant over a channel is read once.
 */
import { fourAtATime, invocations } from './invocations';
import type { Shader } from './wgsl-operation';

/** Pixels `[rows, channels]`. */
export interface PixelShape {
  readonly rows: number;
  readonly channels: number;
}

/** Rows of a block of those passes that only map. */
const mappedRows = 32;
/** Blocks whose sums one invocation can combine without becoming the bottleneck. */
const mostBlocks = 64;
const fewestSummedRows = 16;

export function summedBlocks({ rows }: PixelShape): number {
  return Math.ceil(rows / summedRows(rows));
}

function summedRows(rows: number): number {
  return Math.max(fewestSummedRows, Math.ceil(rows / mostBlocks));
}

/** `row` runs from the block's first to `end`. */
function blocks({ rows, channels }: PixelShape, blockRows: number): { count: number; place: string } {
  return {
    count: Math.ceil(rows / blockRows) * channels,
    place: `  let channel = at % ${channels};
  var row = (at / ${channels}) * ${blockRows};
  let end = min(${rows}, row + ${blockRows});`,
  };
}

function names(...given: readonly (readonly [string, boolean])[]): string[] {
  return given.flatMap(([name, present]) => (present ? [name] : []));
}

/** Reads x; writes each block's means and sums of squared distances from them. */
export function momentsShader(shape: PixelShape): Shader {
  const { count, place } = blocks(shape, summedRows(shape.rows));
  const body = `${place}
  let count = f32(end - row);
  // Distances from one of the values: squares of the values themselves would cancel where the mean is far from zero.
  let centre = x[row * ${shape.channels} + channel];
  var sum = 0.0;
  var squares = 0.0;
  ${fourAtATime('row', 'end', (row) => `let d = x[${row} * ${shape.channels} + channel] - centre; sum += d; squares += d * d;`)}
  means[at] = centre + sum / count;
  distances[at] = max(0.0, squares - sum * sum / count);`;
  return invocations(count, ['x'], ['means', 'distances'], body);
}

/** Reads x; writes each block's sums. */
export function sumsShader(shape: PixelShape): Shader {
  const { count, place } = blocks(shape, summedRows(shape.rows));
  const body = `${place}
  var sum = 0.0;
  ${fourAtATime('row', 'end', (row) => `sum += x[${row} * ${shape.channels} + channel];`)}
  sums[at] = sum;`;
  return invocations(count, ['x'], ['sums'], body);
}

/** Reads x, images of `rows` pixels; writes the mean over each image's pixels. */
export function imageMeanShader({ rows, channels }: PixelShape, images: number): Shader {
  const body = `  let first = (at / ${channels}) * ${rows * channels} + at % ${channels};
  var row = 0;
  var sum = 0.0;
  ${fourAtATime('row', String(rows), (row) => `sum += x[first + ${row} * ${channels}];`)}
  means[at] = sum / ${rows}.0;`;
  return invocations(images * channels, ['x'], ['means'], body);
}

/** Reads what `momentsShader` wrote; writes mean and population variance (Chan, Golub and LeVeque 1983, equation 1.5). */
export function combineMomentsShader({ rows, channels }: PixelShape): Shader {
  const [blockRows, count] = [summedRows(rows), summedBlocks({ rows, channels })];
  const size = `f32(min(${blockRows}, ${rows} - block * ${blockRows}))`;
  const body = `  var mean = 0.0;
  for (var block = 0; block < ${count}; block++) { mean += means[block * ${channels} + at] * ${size}; }
  mean /= ${rows}.0;
  var distance = 0.0;
  for (var block = 0; block < ${count}; block++) {
    let d = means[block * ${channels} + at] - mean;
    distance += distances[block * ${channels} + at] + d * d * ${size};
  }
  mean_[at] = mean;
  variance[at] = distance / ${rows}.0;`;
  return invocations(channels, ['means', 'distances'], ['mean_', 'variance'], body);
}

export interface Present {
  readonly gamma: boolean;
  readonly beta: boolean;
  readonly residual: boolean;
}

/** Reads x, mean, variance and those present of gamma, beta, residual; writes the output. */
export function normaliseShader(shape: PixelShape, present: Present, epsilon: number, rectified: boolean): Shader {
  const { count, place } = blocks(shape, mappedRows);
  const scale = `inverseSqrt(variance[channel] + ${float(epsilon)})${present.gamma ? ' * gamma[channel]' : ''}`;
  const output = (row: string): string => {
    const own = `${row} * ${shape.channels} + channel`;
    const sum = `(x[${own}] - centre) * scale + shift${present.residual ? ` + residual[${own}]` : ''}`;
    return `output[${own}] = ${rectified ? `max(0.0, ${sum})` : sum};`;
  };
  const body = `${place}
  let scale = ${scale};
  let centre = mean_[channel];
  let shift = ${present.beta ? 'beta[channel]' : '0.0'};
  ${fourAtATime('row', 'end', output)}`;
  const { gamma, beta, residual } = present;
  const reads = names(['x', true], ['mean_', true], ['variance', true], ['gamma', gamma], ['beta', beta]);
  return invocations(count, [...reads, ...names(['residual', residual])], ['output'], body);
}

/** Reads x, scale and perhaps shift; writes `x * scale + shift`. */
export function scaleShiftShader(shape: PixelShape, shifted: boolean): Shader {
  const { count, place } = blocks(shape, mappedRows);
  const output = (row: string): string => {
    const own = `${row} * ${shape.channels} + channel`;
    return `output[${own}] = x[${own}] * factor + summand;`;
  };
  const body = `${place}
  let factor = scale[channel];
  let summand = ${shifted ? 'shift[channel]' : '0.0'};
  ${fourAtATime('row', 'end', output)}`;
  return invocations(count, names(['x', true], ['scale', true], ['shift', shifted]), ['output'], body);
}

/** Gradient by the norm's own output: through the rectifier that followed, where one did. */
function through(own: string, masked: boolean): string {
  return masked ? `select(0.0, dy[${own}], mask[${own}] > 0.0)` : `dy[${own}]`;
}

/** Reads dy, x, mean and perhaps mask; writes each block's sums of dy and of dy (x - mean). */
export function gradientSumsShader(shape: PixelShape, masked: boolean): Shader {
  const { count, place } = blocks(shape, summedRows(shape.rows));
  const step = (row: string): string => {
    const own = `${row} * ${shape.channels} + channel`;
    return `let own = ${own}; let g = ${through('own', masked)}; sum += g; product += g * (x[own] - centre);`;
  };
  const body = `${place}
  let centre = mean_[channel];
  var sum = 0.0;
  var product = 0.0;
  ${fourAtATime('row', 'end', step)}
  sums[at] = sum;
  products[at] = product;`;
  return invocations(
    count,
    names(['dy', true], ['x', true], ['mean_', true], ['mask', masked]),
    ['sums', 'products'],
    body,
  );
}

/**
 * Reads sums, products, mean, variance and perhaps gamma; writes the gradients by gamma and beta, and four factors a channel
 * for `inputGradientShader`.
 */
export function combineGradientsShader({ rows, channels }: PixelShape, scaled: boolean, epsilon: number): Shader {
  const count = summedBlocks({ rows, channels });
  const body = `  var sum = 0.0;
  var product = 0.0;
  for (var block = 0; block < ${count}; block++) {
    sum += sums[block * ${channels} + at];
    product += products[block * ${channels} + at];
  }
  let inverse = inverseSqrt(variance[at] + ${float(epsilon)});
  let scale = inverse${scaled ? ' * gamma[at]' : ''};
  byGamma[at] = product * inverse;
  byBeta[at] = sum;
  factors[4 * at] = scale;
  factors[4 * at + 1] = -scale * product * inverse * inverse / ${rows}.0;
  factors[4 * at + 2] = -scale * sum / ${rows}.0;
  factors[4 * at + 3] = mean_[at];`;
  const reads = names(['sums', true], ['products', true], ['mean_', true], ['variance', true], ['gamma', scaled]);
  return invocations(channels, reads, ['byGamma', 'byBeta', 'factors'], body);
}

/** Reads dy, x, factors and perhaps mask; writes the gradient by x. */
export function inputGradientShader(shape: PixelShape, masked: boolean): Shader {
  const { count, place } = blocks(shape, mappedRows);
  const step = (row: string): string => {
    const own = `${row} * ${shape.channels} + channel`;
    return `let own = ${own}; output[own] = ${through('own', masked)} * a + (x[own] - centre) * b + c;`;
  };
  const body = `${place}
  let a = factors[4 * channel];
  let b = factors[4 * channel + 1];
  let c = factors[4 * channel + 2];
  let centre = factors[4 * channel + 3];
  ${fourAtATime('row', 'end', step)}`;
  return invocations(count, names(['dy', true], ['x', true], ['factors', true], ['mask', masked]), ['output'], body);
}

/** Reads dy and y; writes dy where y is above zero, else 0. */
export function rectifyGradientShader(shape: PixelShape): Shader {
  const { count, place } = blocks(shape, mappedRows);
  const step = (row: string): string => {
    const own = `${row} * ${shape.channels} + channel`;
    return `let own = ${own}; output[own] = ${through('own', true)};`;
  };
  return invocations(count, ['dy', 'mask'], ['output'], `${place}\n  ${fourAtATime('row', 'end', step)}`);
}

/** A number as WGSL writes it. */
export function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
