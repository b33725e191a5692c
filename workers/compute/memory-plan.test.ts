import { describe, expect, it } from 'vitest';
import type { Graph } from '../network/graph';
import { bytesText, planMemory, refuseOversized } from './memory-plan';

/** 8x8x3 images, a 3x3 convolution to 10 filters, a rectifier, a mean and a dense layer of 4. */
const graph: Graph = {
  layers: [
    { id: 'input', inputs: [], op: 'input', shape: [8, 8, 3] },
    {
      id: 'conv',
      inputs: ['input'],
      op: 'conv',
      filters: 10,
      kernelSize: [3, 3],
      stride: [1, 1],
      padding: [1, 1, 1, 1],
      dilation: [1, 1],
      groups: 1,
      kernel: 'kernel',
    },
    { id: 'relu', inputs: ['conv'], op: 'activation', kind: 'relu' },
    { id: 'pool', inputs: ['relu'], op: 'globalPool', mode: 'average' },
    { id: 'logits', inputs: ['pool'], op: 'dense', units: 4, kernel: 'dense' },
  ],
  outputs: ['logits'],
};

// By hand, batch 2: conv output 2 * 8 * 8 * 10 * 4 bytes; kernels 3 * 3 * 3 * 10 * 4 and 10 * 4 * 4 bytes.
const convOutput = 5120;
const kernelBytes = 1080;

describe('planMemory', () => {
  it('counts outputs per batch and weights once', () => {
    const { buffers } = planMemory(graph, 2, 'inference');
    expect(buffers).toContainEqual({ layer: 'conv', bytes: convOutput, perImage: true });
    expect(buffers).toContainEqual({ layer: 'conv', bytes: kernelBytes, perImage: false });
    expect(buffers).toContainEqual({ layer: 'logits', bytes: 160, perImage: false });
  });

  it('holds what the gradients read only in training', () => {
    const inference = planMemory(graph, 2, 'inference').totalBytes;
    const training = planMemory(graph, 2, 'training').totalBytes;
    // Remembered: the input (2 * 768 bytes), the rectifier's output (5120) and the pooled features (80).
    expect(training - inference).toBeGreaterThanOrEqual(2 * 768 + 5120 + 80);
  });
});

describe('refuseOversized', () => {
  it('accepts what fits exactly and nothing more', () => {
    expect(() => refuseOversized(graph, 2, 'inference', { buffer: convOutput })).not.toThrow();
    expect(() => refuseOversized(graph, 2, 'inference', { buffer: convOutput - 1 })).toThrow('at most one image.');
  });

  it('names layer, bytes, limit and the batch that fits', () => {
    const refuse = (): void => refuseOversized(graph, 7, 'inference', { buffer: 2 * convOutput });
    expect(refuse).toThrowErrorMatchingInlineSnapshot(
      `[DeviceError: Layer "conv" needs a buffer of 17.9 kB, but this device allows 10.2 kB per buffer. Use batches of at most 4 images.]`,
    );
    expect(refuse).toThrow(expect.objectContaining({ kind: 'too-large', layer: 'conv' }));
  });

  it('sends the person elsewhere when not even one image fits', () => {
    const refuse = (): void => refuseOversized(graph, 1, 'inference', { buffer: 1000 });
    expect(refuse).toThrow('Choose a smaller network or smaller images.');
  });

  it('refuses a step that fits buffer by buffer but not together', () => {
    const { totalBytes } = planMemory(graph, 64, 'training');
    const limits = { buffer: 1e9, total: totalBytes / 2 };
    expect(() => refuseOversized(graph, 64, 'training', limits)).toThrow(/^Training on 64 images at once needs about/);
    expect(() => refuseOversized(graph, 31, 'training', limits)).not.toThrow();
  });
});

it('writes bytes for people', () => {
  expect([999, 34_560_000, 1_500_000_000].map(bytesText)).toEqual(['0.999 kB', '34.6 MB', '1.5 GB']);
});
