/**
 * The start-up check: does this device compute what training needs, and the gradients of it, rightly?
 *
 * Expected values come from the reference interpreter's float64 loops; gradients from central differences of those.
 * Drivers do get this wrong, and nothing else would notice: a wrong gradient still trains, to a worse network.
 */
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../linalg/random';
import type { AveragePoolLayer, BatchNormLayer, ConvLayer, DenseLayer, Layer, MaxPoolLayer } from '../network/graph';
import { averagePool, convolve, maxPool, type ReferenceTensor } from '../network/reference-windows';
import { layerGradients } from './eager/backward';
import { layerOutput } from './eager/forward';
import { DeviceError } from './executor';
import { normaliseBatch } from './ops/batch-norm';

/** Largest error accepted, relative to the largest expected value of the same tensor. */
const tolerance = 1e-3;

type Values = Float64Array;

interface Check {
  /** Named in the error: "strided convolution". */
  readonly title: string;
  readonly layer: Layer;
  readonly shape: readonly number[];
  /** Shapes of the layer's trainable tensors. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** Float64 forward. */
  readonly expected: (input: ReferenceTensor, tensors: Readonly<Record<string, Values>>) => ReferenceTensor;
}

/** Runs every check; returns the largest relative error. Throws `DeviceError('self-check')` naming the operation. */
export async function selfCheck(): Promise<number> {
  let largest = 0;
  for (const check of checks) {
    for (const { what, error } of await measure(check)) {
      if (!(error <= tolerance)) {
        const size = Number.isFinite(error) ? `a relative error of ${error.toPrecision(2)}` : 'no usable numbers';
        throw new DeviceError(
          'self-check',
          `This device computes wrongly: ${what} of ${check.title} with ${size}. ` +
            'Update the browser or the graphics driver, or choose the other device.',
        );
      }
      largest = Math.max(largest, error);
    }
  }
  return largest;
}

const conv: ConvLayer = {
  id: 'check',
  inputs: ['input'],
  op: 'conv',
  filters: 5,
  kernelSize: [3, 3],
  stride: [2, 2],
  padding: [0, 1, 1, 0],
  dilation: [1, 1],
  groups: 1,
  kernel: 'kernel',
  bias: 'bias',
};
const unstrided: ConvLayer = { ...conv, stride: [1, 1], padding: [1, 1, 1, 1], bias: undefined };
const window = { kernelSize: [3, 3], stride: [2, 2], padding: [1, 0, 1, 1] } as const;
const maximum: MaxPoolLayer = { id: 'check', inputs: ['input'], op: 'maxPool', ...window };
const mean: AveragePoolLayer = { id: 'check', inputs: ['input'], op: 'averagePool', ...window, countPadding: false };
const dense: DenseLayer = { id: 'check', inputs: ['input'], op: 'dense', units: 4, kernel: 'kernel', bias: 'bias' };
const norm: BatchNormLayer = {
  id: 'check',
  inputs: ['input'],
  op: 'batchNorm',
  gamma: 'gamma',
  beta: 'beta',
  mean: 'mean',
  variance: 'variance',
  epsilon: 1e-3,
};

const checks: readonly Check[] = [
  {
    title: 'strided convolution',
    layer: conv,
    shape: [2, 6, 5, 3],
    tensors: { kernel: [3, 3, 3, 5], bias: [5] },
    expected: (input, { kernel = new Float64Array(), bias = new Float64Array() }) =>
      convolve(conv, input, kernel, bias),
  },
  {
    title: 'convolution',
    layer: unstrided,
    shape: [1, 4, 5, 4],
    tensors: { kernel: [3, 3, 4, 5] },
    expected: (input, { kernel = new Float64Array() }) => convolve(unstrided, input, kernel),
  },
  {
    title: 'batch normalisation',
    layer: norm,
    shape: [3, 2, 3, 5],
    tensors: { gamma: [5], beta: [5] },
    expected: normaliseExactly,
  },
  { title: 'max pooling', layer: maximum, shape: [2, 5, 6, 3], tensors: {}, expected: (x) => maxPool(maximum, x) },
  { title: 'average pooling', layer: mean, shape: [2, 5, 6, 3], tensors: {}, expected: (x) => averagePool(mean, x) },
  {
    title: 'dense layers',
    layer: dense,
    shape: [3, 6],
    tensors: { kernel: [6, 4], bias: [4] },
    expected: multiplyExactly,
  },
];

interface Measured {
  readonly what: string;
  readonly error: number;
}

async function measure({ title, layer, shape, tensors: shapes, expected }: Check): Promise<Measured[]> {
  const random = createRandom(20).fork(title);
  const draw = (shape: readonly number[]): Values =>
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(random.normal(0, 1)));
  const input = draw(shape);
  const tensors = Object.fromEntries(Object.entries(shapes).map(([name, own]) => [name, draw(own)]));
  const output = expected({ shape, values: input }, tensors);
  const upstream = draw(output.shape);
  const loss = (): number =>
    expected({ shape, values: input }, tensors).values.reduce((sum, value, at) => sum + value * (upstream[at] ?? 0), 0);
  const wanted = new Map<string, Values>([['output', output.values]]);
  wanted.set('input gradient', differences(input, loss));
  for (const [name, values] of Object.entries(tensors)) wanted.set(`${name} gradient`, differences(values, loss));
  const found = onDevice(layer, { shape, values: input }, shapes, tensors, { shape: output.shape, values: upstream });
  const errors: Measured[] = [];
  for (const [what, tensor] of found) {
    errors.push({ what, error: relativeError(await tensor.data(), wanted.get(what) ?? new Float64Array()) });
    tensor.dispose();
  }
  return errors;
}

function onDevice(
  layer: Layer,
  input: ReferenceTensor,
  shapes: Readonly<Record<string, readonly number[]>>,
  values: Readonly<Record<string, Values>>,
  upstream: ReferenceTensor,
): Map<string, tf.Tensor> {
  const found = new Map<string, tf.Tensor>();
  tf.tidy(() => {
    const upload = (values: Values, shape: readonly number[]): tf.Tensor =>
      tf.tensor(Float32Array.from(values), [...shape]);
    const x = upload(input.values, input.shape);
    const tensors = new Map(Object.entries(values).map(([name, own]) => [name, upload(own, shapes[name] ?? [])]));
    const weights = (name: string): tf.Tensor => tensors.get(name) ?? x;
    const normalised =
      layer.op === 'batchNorm'
        ? normaliseBatch(x, tensors.get('gamma'), tensors.get('beta'), layer.epsilon)
        : undefined;
    const output = normalised?.output ?? layerOutput(layer, [x], weights);
    found.set('output', output);
    const gradients = layerGradients(layer, upload(upstream.values, upstream.shape), {
      weights,
      inputs: [x],
      inputShapes: [x.shape],
      output,
      statistics: normalised,
      wanted: [true],
      trained: true,
    });
    const [byInput] = gradients.inputs;
    if (byInput !== undefined) found.set('input gradient', byInput);
    for (const [name, gradient] of gradients.tensors) found.set(`${name} gradient`, gradient);
    for (const tensor of found.values()) tf.keep(tensor);
  });
  return found;
}

/** Central differences of `loss` by each of `values`, which it reads. */
function differences(values: Values, loss: () => number): Values {
  const step = 1e-5;
  return Float64Array.from(values, (value, at) => {
    values[at] = value + step;
    const above = loss();
    values[at] = value - step;
    const below = loss();
    values[at] = value;
    return (above - below) / (2 * step);
  });
}

function relativeError(found: ArrayLike<number>, expected: Values): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  if (found.length !== expected.length) return Infinity;
  return expected.reduce((most, value, at) => {
    const error = Math.abs((found[at] ?? Number.NaN) - value) / largest;
    return error <= most ? most : error;
  }, 0);
}

function normaliseExactly(
  { shape, values }: ReferenceTensor,
  { gamma, beta }: Readonly<Record<string, Values>>,
): ReferenceTensor {
  const channels = shape.at(-1) ?? 1;
  const rows = values.length / channels;
  const means = new Float64Array(channels);
  const variances = new Float64Array(channels);
  values.forEach((value, at) => {
    means[at % channels] = (means[at % channels] ?? 0) + value / rows;
  });
  values.forEach((value, at) => {
    const channel = at % channels;
    variances[channel] = (variances[channel] ?? 0) + (value - (means[channel] ?? 0)) ** 2 / rows;
  });
  const output = values.map((value, at) => {
    const channel = at % channels;
    const deviation = Math.sqrt((variances[channel] ?? 0) + norm.epsilon);
    return ((value - (means[channel] ?? 0)) / deviation) * (gamma?.[channel] ?? 1) + (beta?.[channel] ?? 0);
  });
  return { shape, values: output };
}

function multiplyExactly(
  { shape, values }: ReferenceTensor,
  { kernel, bias }: Readonly<Record<string, Values>>,
): ReferenceTensor {
  const [rows = 0, features = 0] = shape;
  const output = new Float64Array(rows * dense.units);
  for (let at = 0; at < output.length; at++) {
    const [row, unit] = [Math.floor(at / dense.units), at % dense.units];
    let sum = bias?.[unit] ?? 0;
    for (let feature = 0; feature < features; feature++) {
      sum += (values[row * features + feature] ?? 0) * (kernel?.[feature * dense.units + unit] ?? 0);
    }
    output[at] = sum;
  }
  return { shape: [rows, dense.units], values: output };
}
