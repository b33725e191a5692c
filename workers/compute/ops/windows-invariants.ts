/**
 * For tests: windows in which every channel is by itself, against loops in double precision, on any device. Depthwise
 * convolution with both gradients, and the gradients of pooling.
 */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Padding, Pair } from '../../network/graph';
import { repeatOverImage } from './channels';
import { convolveDepthwise, depthwiseInputGradient, depthwiseKernelGradient } from './depthwise';
import { averagePoolGradient, globalMax, globalMaxGradient, maxPool, maxPoolGradient } from './pooling';
import { windowedSize } from './spatial';

interface Geometry {
  readonly input: readonly [number, number, number, number];
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
}

const square = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;
const geometries: Readonly<Record<string, Geometry>> = {
  'one image, one channel': { ...square, input: [1, 5, 4, 1] },
  '13 channels': { ...square, input: [2, 6, 7, 13] },
  '37 channels, stride 2, padding 0 1 0 1': { ...square, input: [3, 8, 9, 37], stride: [2, 2], padding: [0, 1, 0, 1] },
  '64 channels, stride 2, odd': { ...square, input: [2, 9, 7, 64], stride: [2, 2] },
  'more images than parts': { ...square, input: [67, 3, 3, 6] },
  'stride 2 by 1, dilated, 22 channels': {
    kernelSize: [5, 3],
    stride: [2, 1],
    padding: [3, 1, 0, 4],
    dilation: [1, 2],
    input: [2, 11, 10, 22],
  },
  'rows no window reaches': {
    ...square,
    kernelSize: [2, 2],
    stride: [3, 3],
    padding: [0, 0, 0, 0],
    input: [2, 9, 8, 5],
  },
  cropping: { ...square, padding: [-1, 1, 1, -2], input: [2, 8, 9, 3] },
  'a window larger than the image': { ...square, kernelSize: [5, 5], padding: [2, 2, 2, 2], input: [2, 2, 3, 4] },
};

type Place = readonly [image: number, y: number, x: number, channel: number];

/** Every pair of window and pixel that meet: indices of input, output and kernel. */
function meetings({ input, kernelSize, stride, padding, dilation }: Geometry, output: Pair) {
  const [images, height, width, channels] = input;
  const found: { from: number; to: number; by: number }[] = [];
  const index = ([image, y, x, channel]: Place, [rows, columns]: Pair): number =>
    ((image * rows + y) * columns + x) * channels + channel;
  for (let image = 0; image < images; image++)
    for (let row = 0; row < output[0]; row++)
      for (let column = 0; column < output[1]; column++)
        for (let ky = 0; ky < kernelSize[0]; ky++)
          for (let kx = 0; kx < kernelSize[1]; kx++) {
            const y = row * stride[0] + ky * dilation[0] - padding[0];
            const x = column * stride[1] + kx * dilation[1] - padding[2];
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            for (let channel = 0; channel < channels; channel++) {
              found.push({
                from: index([image, y, x, channel], [height, width]),
                to: index([image, row, column, channel], output),
                by: (ky * kernelSize[1] + kx) * channels + channel,
              });
            }
          }
  return found;
}

/** Largest difference, as a share of the largest value. */
async function error(found: tf.Tensor, expected: ArrayLike<number>): Promise<number> {
  const values = await found.data();
  expect(values).toHaveLength(expected.length);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const apart = Array.from(expected, (value, at) => Math.abs((values[at] ?? NaN) - value) / largest);
  return apart.some(Number.isNaN) ? Infinity : Math.max(...apart);
}

/** Registers the tests; a device runs when they do. `tolerance` is relative to the largest value. */
export function testWindows(tolerance: number): void {
  it.each(Object.entries(geometries))('depthwise, %s', async (_name, geometry) => {
    const { input, kernelSize } = geometry;
    const output = windowedSize([input[1], input[2]], geometry);
    const before = tf.memory().numTensors;
    const x: tf.Tensor4D = tf.randomUniform([...input], -1, 1, 'float32', 1);
    const kernel: tf.Tensor4D = tf.randomUniform([...kernelSize, input[3], 1], -1, 1, 'float32', 2);
    const dy: tf.Tensor4D = tf.randomUniform([input[0], ...output, input[3]], -1, 1, 'float32', 3);
    const [xs, ks, slopes] = [await x.data(), await kernel.data(), await dy.data()];
    const expected = {
      y: new Float64Array(dy.size),
      dx: new Float64Array(x.size),
      dKernel: new Float64Array(kernel.size),
    };
    const add = (into: Float64Array, at: number, amount: number): void => {
      into[at] = (into[at] ?? 0) + amount;
    };
    for (const { from, to, by } of meetings(geometry, output)) {
      add(expected.y, to, (xs[from] ?? 0) * (ks[by] ?? 0));
      add(expected.dx, from, (slopes[to] ?? 0) * (ks[by] ?? 0));
      add(expected.dKernel, by, (slopes[to] ?? 0) * (xs[from] ?? 0));
    }
    const found = tf.tidy(() => ({
      y: convolveDepthwise(x, kernel, geometry),
      dx: depthwiseInputGradient(dy, kernel, x.shape, geometry),
      dKernel: depthwiseKernelGradient(x, dy, geometry),
    }));
    expect(found.y.shape).toEqual(dy.shape);
    expect(found.dx.shape).toEqual(x.shape);
    expect(found.dKernel.shape).toEqual(kernel.shape);
    expect(await error(found.y, expected.y)).toBeLessThan(tolerance);
    expect(await error(found.dx, expected.dx)).toBeLessThan(tolerance);
    expect(await error(found.dKernel, expected.dKernel)).toBeLessThan(tolerance);
    tf.dispose([x, kernel, dy]);
    tf.dispose(Object.values(found));
    expect(tf.memory().numTensors).toBe(before);
  });

  const pooled = Object.entries(geometries).filter(
    ([, { dilation, padding }]) => dilation.every((step) => step === 1) && padding.every((amount) => amount >= 0),
  );
  it.each(pooled)('pooling goes back, %s', async (_name, geometry) => {
    const { input } = geometry;
    const output = windowedSize([input[1], input[2]], geometry);
    const before = tf.memory().numTensors;
    // Quarters: ties in almost every window.
    const x = tf.tidy(() => tf.div<tf.Tensor4D>(tf.round(tf.randomUniform([...input], -2, 2, 'float32', 1)), 4));
    const dy: tf.Tensor4D = tf.randomUniform([input[0], ...output, input[3]], -1, 1, 'float32', 3);
    const [xs, slopes] = [await x.data(), await dy.data()];
    const windows = Array.from({ length: dy.size }, (): number[] => []);
    // In the order of the windows' pixels.
    for (const { from, to } of meetings(geometry, output)) windows[to]?.push(from);
    const [byMax, byMean, byCounted] = [0, 1, 2].map(() => new Float64Array(x.size));
    const size = geometry.kernelSize[0] * geometry.kernelSize[1];
    windows.forEach((places, to) => {
      const most = Math.max(...places.map((place) => xs[place] ?? NaN));
      const first = places.find((place) => xs[place] === most) ?? NaN;
      const slope = slopes[to] ?? NaN;
      if (byMax !== undefined) byMax[first] = (byMax[first] ?? 0) + slope;
      for (const place of places) {
        if (byMean !== undefined) byMean[place] = (byMean[place] ?? 0) + slope / places.length;
        if (byCounted !== undefined) byCounted[place] = (byCounted[place] ?? 0) + slope / size;
      }
    });
    const [max, mean, counted] = tf.tidy<[tf.Tensor, tf.Tensor, tf.Tensor]>(() => [
      maxPoolGradient(dy, x, maxPool(x, geometry), geometry),
      averagePoolGradient(dy, x.shape, geometry, false),
      averagePoolGradient(dy, x.shape, geometry, true),
    ]);
    expect(await error(max, byMax ?? [])).toBeLessThan(tolerance);
    expect(await error(mean, byMean ?? [])).toBeLessThan(tolerance);
    expect(await error(counted, byCounted ?? [])).toBeLessThan(tolerance);
    tf.dispose([x, dy, max, mean, counted]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes back through maxima and means of whole images, 37 channels', async () => {
    const x = tf.tidy(() => tf.round<tf.Tensor4D>(tf.randomUniform([3, 4, 5, 37], -2, 2, 'float32', 1)));
    const dy: tf.Tensor2D = tf.randomUniform([3, 37], -1, 1, 'float32', 2);
    const [xs, slopes] = [await x.data(), await dy.data()];
    const byMax = new Float64Array(x.size);
    const byMean = Float64Array.from(xs, (_, at) => (slopes[Math.floor(at / (20 * 37)) * 37 + (at % 37)] ?? NaN) / 20);
    slopes.forEach((slope, at) => {
      const places = Array.from({ length: 20 }, (_, pixel) => (Math.floor(at / 37) * 20 + pixel) * 37 + (at % 37));
      const most = Math.max(...places.map((place) => xs[place] ?? NaN));
      byMax[places.find((place) => xs[place] === most) ?? NaN] = slope;
    });
    const [max, mean] = tf.tidy<[tf.Tensor, tf.Tensor]>(() => [
      globalMaxGradient(dy, x, globalMax(x)),
      repeatOverImage(dy, 4, 5, 1 / 20),
    ]);
    expect(await error(max, byMax)).toBeLessThan(tolerance);
    expect(await error(mean, byMean)).toBeLessThan(tolerance);
    tf.dispose([x, dy, max, mean]);
  });
}
