import { expect, it } from 'vitest';
import { createExecutor } from '../compute/runtime';
import { networkFromText } from '../network/text';
import type { Network } from '../network/graph';
import { kernelViews, measureLayer } from './layer-views';

function withKernel(network: Network, name: string, values: readonly number[]): Network {
  const tensor = network.tensors[name];
  if (tensor === undefined) throw new Error(name);
  return { ...network, tensors: { ...network.tensors, [name]: { ...tensor, values: Float32Array.from(values) } } };
}

it('kernels: root mean square over inputs, filter by filter, tap by tap', () => {
  const plain = networkFromText('input 4x4x2 / c = conv 2 1x2 / globalPool / d = dense 2');
  // [kh 1, kw 2, cin 2, filters 2]: tap 0 = inputs (3, 1) and (4, 1); tap 1 = (0, 2) and (0, -2).
  const network = withKernel(plain, 'c.kernel', [3, 1, 4, 1, 0, 2, 0, -2]);
  const { filters, size, magnitude, rgb } = kernelViews(network, 'c');
  expect({ filters, size, rgb }).toEqual({ filters: 2, size: [1, 2], rgb: null });
  expect([...magnitude]).toEqual([Math.sqrt(12.5), 0, 1, 2].map(Math.fround));
  const dense = withKernel(plain, 'd.kernel', [3, 1, 4, -1]);
  expect([...kernelViews(dense, 'd').magnitude]).toEqual([Math.sqrt(12.5), 1].map(Math.fround));
});

it('kernels over three inputs also come signed, depthwise ones by channel', () => {
  const plain = networkFromText('input 4x4x3 / c = conv 2 1x1 / w = depthwise 1x2 / globalPool');
  const rgb = withKernel(plain, 'c.kernel', [1, 4, -2, 5, 3, 6]);
  expect([...(kernelViews(rgb, 'c').rgb ?? [])]).toEqual([1, -2, 3, 4, 5, 6]);
  const depthwise = withKernel(plain, 'w.kernel', [1, -2, -3, 4]);
  expect(kernelViews(depthwise, 'w')).toEqual({
    filters: 2,
    size: [1, 2],
    magnitude: new Float32Array([1, 3, 2, 4]),
    rgb: null,
  });
});

it('kernels of transposed convolutions have their filters before their inputs', () => {
  const plain = networkFromText('input 4x4x2 / t = convTranspose 3 1x2 / globalPool');
  // [kh 1, kw 2, filters 3, cin 2]
  const network = withKernel(plain, 't.kernel', [3, 1, 1, 1, 7, -1, 0, 2, 5, 5, -1, 1]);
  const { filters, size, magnitude } = kernelViews(network, 't');
  expect({ filters, size }).toEqual({ filters: 3, size: [1, 2] });
  expect([...magnitude]).toEqual([Math.sqrt(5), Math.SQRT2, 1, 5, 5, 1].map(Math.fround));
});

it('a layer without a kernel is refused by name', () => {
  const network = networkFromText('input 4x4x2 / c = conv 2 1x1 / r = relu');
  expect(() => kernelViews(network, 'r')).toThrow('"r"');
});

it('measures a layer alone, less time when most of it is cut', async () => {
  const executor = await createExecutor({ device: 'wasm' });
  const network = networkFromText(
    'input 32x32x3 / a = conv 64 3x3 p1 / b = conv 64 3x3 p1 / w = depthwise 3x3 p1 / globalPool / d = dense 10',
  );
  const { signal } = new AbortController();
  const all = Array.from({ length: 60 }, (_, channel) => channel);
  const removed = { a: all, b: all, w: all };
  const { originalMs, cutMs } = await measureLayer(executor, network, 'b', removed, 4, signal);
  expect(cutMs).toBeGreaterThan(0);
  expect(cutMs).toBeLessThan(originalMs);
  for (const layer of ['w', 'd']) {
    const times = await measureLayer(executor, network, layer, {}, 4, signal);
    expect(times.originalMs).toBeGreaterThan(0);
    expect(times.cutMs).toBe(times.originalMs);
  }
  await expect(measureLayer(executor, network, 'b', {}, 4, AbortSignal.abort())).rejects.toThrow();
});
