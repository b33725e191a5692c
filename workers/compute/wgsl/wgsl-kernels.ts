/** What `ops/` asks of WebGPU, in tensors. To be called only while `wgslRuns()`. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionWindow } from '../ops/convolution';
import type { ConvolutionShape } from '../simd/window-plan';
import { forwardCorrelation, inputGradientCorrelation, sizeOf, type Correlation } from './correlation-plan';
import { invocations } from './invocations';
import {
  combineGradientsShader,
  combineMomentsShader,
  float,
  gradientSumsShader,
  imageMeanShader,
  inputGradientShader,
  momentsShader,
  normaliseShader,
  rectifyGradientShader,
  scaleShiftShader,
  summedBlocks,
  sumsShader,
  type PixelShape,
} from './norm-shaders';
import { sharedCorrelation, sharedKernelGradient } from './shared-matrix';
import { tileCorrelation } from './tile-correlation';
import { tileKernelGradient } from './tile-gradient';
import { runWgsl, type Shader, type WgslEngine, type WgslWork } from './wgsl-operation';

export function wgslConvolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  output: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const shape = { input: x.shape, kernel: kernel.shape, output, window, groups };
  return single([x, kernel], output, (engine, inputs, outputs) =>
    engine.dispatch(correlate(engine, forwardCorrelation(shape)), given(inputs), outputs),
  ) as tf.Tensor4D;
}

export function wgslInputGradient(
  dy: tf.Tensor4D,
  kernel: tf.Tensor4D,
  input: readonly number[],
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const shape = { input, kernel: kernel.shape, output: dy.shape, window, groups };
  return single([dy, kernel], input, (engine, inputs, outputs) =>
    engine.dispatch(correlate(engine, inputGradientCorrelation(shape)), given(inputs), outputs),
  ) as tf.Tensor4D;
}

export function wgslKernelGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  window: ConvolutionWindow,
  groups: number,
): tf.Tensor4D {
  const kernel = [...window.kernelSize, x.shape[3] / groups, dy.shape[3]];
  const shape: ConvolutionShape = { input: x.shape, kernel, output: dy.shape, window, groups };
  return single([x, dy], kernel, (engine, inputs, outputs) => {
    const shader = engine.tiling === 'shared' ? sharedKernelGradient(shape) : tileKernelGradient(shape, engine.quads);
    if (shader.shares === 1) return engine.dispatch(shader, given(inputs), outputs);
    const parts = engine.temporary(sizeOf(kernel) * shader.shares);
    engine.dispatch(shader, given(inputs), [parts]);
    engine.dispatch(shareSum(sizeOf(kernel), shader.shares), [parts], outputs);
  }) as tf.Tensor4D;
}

/** `[normalised output, mean, population variance]`; the output with `residual` added, and rectified if asked for. */
export function wgslNormaliseBatch(
  x: tf.Tensor,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  epsilon: number,
  residual: tf.Tensor | undefined,
  rectified: boolean,
): tf.Tensor[] {
  const shape = pixels(x);
  const perChannel = [shape.channels];
  const present = { gamma: gamma !== undefined, beta: beta !== undefined, residual: residual !== undefined };
  return runWgsl([x, gamma, beta, residual], [x.shape, perChannel, perChannel], (engine, inputs, outputs) => {
    const [values] = given(inputs);
    const [output, ...statistics] = outputs;
    if (values === undefined || output === undefined) throw new RangeError('Batch norm reads and writes a tensor.');
    const size = summedBlocks(shape) * shape.channels;
    const parts = [engine.temporary(size), engine.temporary(size)];
    engine.dispatch(momentsShader(shape), [values], parts);
    engine.dispatch(combineMomentsShader(shape), parts, statistics);
    const shader = normaliseShader(shape, present, epsilon, rectified);
    engine.dispatch(shader, [values, ...statistics, ...given(inputs.slice(1))], [output]);
  });
}

/** Batch norm by given statistics in one dispatch; `residual` added, and rectified if asked for. */
export function wgslNormalise(
  tensors: {
    readonly x: tf.Tensor;
    readonly mean: tf.Tensor;
    readonly variance: tf.Tensor;
    readonly gamma: tf.Tensor | undefined;
    readonly beta: tf.Tensor | undefined;
    readonly residual: tf.Tensor | undefined;
  },
  epsilon: number,
  rectified: boolean,
): tf.Tensor {
  const { x, mean, variance, gamma, beta, residual } = tensors;
  const present = { gamma: gamma !== undefined, beta: beta !== undefined, residual: residual !== undefined };
  const shader = normaliseShader(pixels(x), present, epsilon, rectified);
  return single([x, mean, variance, gamma, beta, residual], x.shape, (engine, inputs, outputs) =>
    engine.dispatch(shader, given(inputs), outputs),
  );
}

/** Sum over all axes but the last, `[c]`. */
export function wgslChannelSum(x: tf.Tensor): tf.Tensor1D {
  const shape = pixels(x);
  return single([x], [shape.channels], (engine, inputs, outputs) => {
    const parts = [engine.temporary(summedBlocks(shape) * shape.channels)];
    engine.dispatch(sumsShader(shape), given(inputs), parts);
    engine.dispatch(shareSum(shape.channels, summedBlocks(shape)), parts, outputs);
  }) as tf.Tensor1D;
}

/** Mean over height and width, `[n, c]`. */
export function wgslImageMean(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  return single([x], [batch, channels], (engine, inputs, outputs) =>
    engine.dispatch(imageMeanShader({ rows: height * width, channels }, batch), given(inputs), outputs),
  ) as tf.Tensor2D;
}

/** `[n, c]` times `factor`, repeated over height and width. */
export function wgslRepeatOverImage(x: tf.Tensor2D, height: number, width: number, factor: number): tf.Tensor4D {
  const [batch, channels] = x.shape;
  const body = `  output[at] = ${float(factor)} * x[(at / ${height * width * channels}) * ${channels} + at % ${channels}];`;
  const shader = invocations(batch * height * width * channels, ['x'], ['output'], body);
  return single([x], [batch, height, width, channels], (engine, inputs, outputs) =>
    engine.dispatch(shader, given(inputs), outputs),
  ) as tf.Tensor4D;
}

/** `x * scale + shift` per channel. */
export function wgslScaleShift(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor | undefined): tf.Tensor {
  return single([x, scale, shift], x.shape, (engine, inputs, outputs) =>
    engine.dispatch(scaleShiftShader(pixels(x), shift !== undefined), given(inputs), outputs),
  );
}

/** Gradients `[input, gamma, beta]`; `rectified` is the output of the rectifier that followed, where one did. */
export function wgslNormGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  gamma: tf.Tensor | undefined,
  epsilon: number,
  rectified: tf.Tensor | undefined,
): tf.Tensor[] {
  const shape = pixels(x);
  const inputs = [dy, x, mean, variance, gamma, rectified];
  return runWgsl(inputs, [x.shape, [shape.channels], [shape.channels]], (engine, read, written) => {
    const [dyAt, xAt, meanAt, varianceAt, gammaAt, mask] = read;
    const [output, ...byTensors] = written;
    if (output === undefined) throw new RangeError('Batch norm has a gradient by its input.');
    const size = summedBlocks(shape) * shape.channels;
    const parts = [engine.temporary(size), engine.temporary(size)];
    const factors = engine.temporary(4 * shape.channels);
    const masked = mask !== undefined;
    engine.dispatch(gradientSumsShader(shape, masked), given([dyAt, xAt, meanAt, mask]), parts);
    const combined = combineGradientsShader(shape, gammaAt !== undefined, epsilon);
    engine.dispatch(combined, [...parts, ...given([meanAt, varianceAt, gammaAt])], [...byTensors, factors]);
    engine.dispatch(inputGradientShader(shape, masked), given([dyAt, xAt, factors, mask]), [output]);
  });
}

/** `dy` where `y`, the rectifier's output, is above zero; else 0. */
export function wgslRectifyGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return single([dy, y], dy.shape, (engine, inputs, outputs) =>
    engine.dispatch(rectifyGradientShader(pixels(dy)), given(inputs), outputs),
  );
}

function correlate(engine: WgslEngine, job: Correlation): Shader {
  return engine.tiling === 'shared' ? sharedCorrelation(job) : tileCorrelation(job, engine.quads);
}

/** Reads `shares` tensors of `size` one after the other; writes their sum. */
export function shareSum(size: number, shares: number): Shader {
  const body = `  var sum = 0.0;
  for (var share = 0; share < ${shares}; share++) { sum += parts[share * ${size} + at]; }
  goal[at] = sum;`;
  return invocations(size, ['parts'], ['goal'], body);
}

export function single(
  inputs: readonly (tf.Tensor | undefined)[],
  shape: readonly number[],
  work: WgslWork,
): tf.Tensor {
  const [output] = runWgsl(inputs, [shape], work);
  if (output === undefined) throw new RangeError('An operation gives the tensors it was asked for.');
  return output;
}

export function given(inputs: readonly (tf.TensorInfo | undefined)[]): tf.TensorInfo[] {
  return inputs.filter((input) => input !== undefined);
}

function pixels(x: tf.Tensor): PixelShape {
  const channels = x.shape.at(-1) ?? 1;
  return { rows: x.size / channels, channels };
}
