import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Padding, Pair } from '../../network/graph';
import type { Executor } from '../executor';
import { convolve, convolveInputGradient, convolveKernelGradient } from '../ops/convolution';
import { windowedSize } from '../ops/spatial';
import { createExecutor } from '../runtime';
import { simdRuns } from './simd-operation';

interface Geometry {
  readonly input: readonly [number, number, number, number];
  readonly kernelSize: Pair;
  readonly filters: number;
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly dilation?: Pair;
  readonly groups?: number;
}

const geometries: Readonly<Record<string, Geometry>> = {
  '3x3, one channel, one image': { input: [1, 7, 5, 1], kernelSize: [3, 3], filters: 1, padding: [1, 1, 1, 1] },
  'RGB to 13 filters': { input: [2, 9, 11, 3], kernelSize: [3, 3], filters: 13, padding: [1, 1, 1, 1] },
  '13 to 37 channels': { input: [3, 6, 7, 13], kernelSize: [3, 3], filters: 37, padding: [1, 1, 1, 1] },
  'stride 2, odd size': {
    input: [2, 9, 7, 6],
    kernelSize: [3, 3],
    filters: 10,
    stride: [2, 2],
    padding: [1, 1, 1, 1],
  },
  'stride 2, asymmetric padding': {
    input: [2, 8, 8, 5],
    kernelSize: [3, 3],
    filters: 4,
    stride: [2, 2],
    padding: [0, 1, 0, 1],
  },
  'stride 3 by 2, rows no window reaches': {
    input: [2, 11, 10, 4],
    kernelSize: [2, 3],
    filters: 9,
    stride: [3, 2],
    padding: [2, 0, 1, 3],
  },
  '1x1': { input: [3, 5, 4, 37], kernelSize: [1, 1], filters: 13 },
  '1x1, stride 2, three of four phases empty': { input: [2, 7, 6, 16], kernelSize: [1, 1], filters: 8, stride: [2, 2] },
  'padding around 1x1': { input: [2, 3, 3, 4], kernelSize: [1, 1], filters: 5, padding: [1, 0, 2, 1] },
  cropping: { input: [2, 8, 9, 3], kernelSize: [3, 3], filters: 5, padding: [-1, 1, 1, -2] },
  dilated: { input: [1, 12, 13, 5], kernelSize: [3, 3], filters: 6, padding: [2, 2, 2, 2], dilation: [2, 2] },
  'dilated and strided': {
    input: [2, 13, 12, 3],
    kernelSize: [3, 2],
    filters: 7,
    stride: [2, 3],
    padding: [2, 1, 0, 3],
    dilation: [3, 2],
  },
  'three groups': { input: [2, 6, 5, 9], kernelSize: [3, 3], filters: 15, padding: [1, 1, 1, 1], groups: 3 },
  'groups and stride': {
    input: [2, 7, 7, 4],
    kernelSize: [3, 3],
    filters: 6,
    stride: [2, 2],
    padding: [1, 1, 1, 1],
    groups: 2,
  },
  '5x5, wider than the image': { input: [2, 3, 2, 4], kernelSize: [5, 5], filters: 3, padding: [2, 2, 2, 2] },
  'several bands': { input: [2, 40, 31, 20], kernelSize: [3, 3], filters: 8, padding: [1, 1, 1, 1] },
  'as long as a row': { input: [1, 1, 50, 2], kernelSize: [1, 7], filters: 3, padding: [0, 0, 3, 3] },
};

/** Output and gradients by the definition, in double precision. */
function reference(geometry: Required<Geometry>, output: Pair, values: Record<'x' | 'kernel' | 'dy', Float32Array>) {
  const { input, kernelSize, filters, stride, padding, dilation, groups } = geometry;
  const [images, height, width, channels] = input;
  const [depth, each] = [channels / groups, filters / groups];
  const result = {
    y: new Float64Array(images * output[0] * output[1] * filters),
    dx: new Float64Array(values.x.length),
    dKernel: new Float64Array(values.kernel.length),
  };
  const add = (into: Float64Array, at: number, amount: number): void => {
    into[at] = (into[at] ?? 0) + amount;
  };
  for (let image = 0; image < images; image++)
    for (let row = 0; row < output[0]; row++)
      for (let column = 0; column < output[1]; column++)
        for (let ky = 0; ky < kernelSize[0]; ky++)
          for (let kx = 0; kx < kernelSize[1]; kx++) {
            const y = row * stride[0] + ky * dilation[0] - padding[0];
            const x = column * stride[1] + kx * dilation[1] - padding[2];
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            for (let filter = 0; filter < filters; filter++)
              for (let channel = 0; channel < depth; channel++) {
                const group = Math.floor(filter / each);
                const from = ((image * height + y) * width + x) * channels + group * depth + channel;
                const by = ((ky * kernelSize[1] + kx) * depth + channel) * filters + filter;
                const to = ((image * output[0] + row) * output[1] + column) * filters + filter;
                add(result.y, to, (values.x[from] ?? 0) * (values.kernel[by] ?? 0));
                add(result.dx, from, (values.dy[to] ?? 0) * (values.kernel[by] ?? 0));
                add(result.dKernel, by, (values.dy[to] ?? 0) * (values.x[from] ?? 0));
              }
          }
  return result;
}

/** Largest difference, as a share of the largest value. */
function error(found: tf.Tensor, expected: Float64Array): number {
  const values = found.dataSync();
  expect(values.length).toBe(expected.length);
  let [worst, largest] = [0, 0];
  expected.forEach((value, at) => {
    const distance = Math.abs((values[at] ?? Number.NaN) - value);
    worst = distance <= worst ? worst : Number.isNaN(distance) ? Infinity : distance;
    largest = Math.max(largest, Math.abs(value));
  });
  return worst / largest;
}

describe.each(['own', 'composed'] as const)('%s convolution kernels', (kernels) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await createExecutor({ device: 'wasm', kernels });
  });
  afterAll(() => executor.dispose());

  it('are the ones that run', () => {
    expect(simdRuns()).toBe(kernels === 'own');
  });

  it.each(Object.entries(geometries))('%s', (_name, given) => {
    const geometry = {
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
      ...given,
    } as const satisfies Required<Geometry>;
    const { input, filters, groups } = geometry;
    const output = windowedSize([input[1], input[2]], geometry);
    const kernelShape: [number, number, number, number] = [...geometry.kernelSize, input[3] / groups, filters];
    const before = tf.memory().numTensors;
    const x: tf.Tensor4D = tf.randomUniform([...input], -1, 1, 'float32', 1);
    const kernel: tf.Tensor4D = tf.randomUniform(kernelShape, -1, 1, 'float32', 2);
    const dy: tf.Tensor4D = tf.randomUniform([input[0], ...output, filters], -1, 1, 'float32', 3);
    const values = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>();
    const expected = reference(geometry, output, { x: values(x), kernel: values(kernel), dy: values(dy) });
    const found = tf.tidy(() => ({
      y: convolve(x, kernel, geometry, groups),
      dx: convolveInputGradient(dy, kernel, x.shape, geometry, groups),
      dKernel: convolveKernelGradient(x, dy, geometry, groups),
    }));
    expect(found.y.shape).toEqual(dy.shape);
    expect(found.dx.shape).toEqual(x.shape);
    expect(found.dKernel.shape).toEqual(kernel.shape);
    expect(error(found.y, expected.y)).toBeLessThan(1e-5);
    expect(error(found.dx, expected.dx)).toBeLessThan(1e-5);
    expect(error(found.dKernel, expected.dKernel)).toBeLessThan(1e-5);
    tf.dispose([x, kernel, dy, found.y, found.dx, found.dKernel]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
