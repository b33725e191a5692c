/** Every expected number below was worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { Graph, Layer, Network, ResizeLayer, Shape, Tensor } from './graph';
import { runReference } from './reference';

const tensor = (shape: number[], values: number[]): Tensor => ({ shape, values: Float32Array.from(values) });

/** A network that feeds `shape` through `layers` in a row; each reads the one before unless it names its inputs. */
function chain(shape: Shape, layers: readonly Layer[], tensors: Record<string, Tensor> = {}): Network {
  const graph: Graph = {
    layers: [{ id: 'x', op: 'input', inputs: [], shape }, ...layers],
    outputs: [layers.at(-1)?.id ?? 'x'],
  };
  return { graph, tensors, meta: { name: 'test', history: [] } };
}

function run(network: Network, values: readonly number[], batch = 1): { shape: readonly number[]; values: number[] } {
  const input = network.graph.layers[0];
  const shape = input?.op === 'input' ? input.shape : [];
  const [output] = runReference(network, { shape: [batch, ...shape], values: Float64Array.from(values) }).outputs;
  return { shape: output?.shape ?? [], values: [...(output?.values ?? [])] };
}

const window = { kernelSize: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
const plain = { dilation: [1, 1], groups: 1 } as const;

describe('convolution', () => {
  it('multiplies and adds under the window, and adds the bias', () => {
    const conv = {
      id: 'c',
      op: 'conv',
      inputs: ['x'],
      filters: 1,
      kernel: 'k',
      bias: 'b',
      ...window,
      ...plain,
    } as const;
    const network = chain([2, 3, 1], [conv], { k: tensor([2, 2, 1, 1], [1, 10, 100, 1000]), b: tensor([1], [0.5]) });
    // 1 + 20 + 400 + 5000 and 2 + 30 + 500 + 6000.
    expect(run(network, [1, 2, 3, 4, 5, 6])).toEqual({ shape: [1, 1, 2, 1], values: [5421.5, 6532.5] });
  });

  it('pads each side by its own amount, strides and dilates', () => {
    const conv = { id: 'c', op: 'conv', inputs: ['x'], filters: 1, kernel: 'k', groups: 1 } as const;
    const layer = { ...conv, kernelSize: [1, 2], stride: [1, 2], padding: [0, 1, 2, 0], dilation: [1, 3] } as const;
    const network = chain([1, 5, 1], [layer], { k: tensor([1, 2, 1, 1], [1, 10]) });
    // Taps at x - 2 and x + 1 for x = 0, 2, 4 of [1 2 3 4 5]: (-, 2), (1, 4), then x = 4 would need pixel 5: 2 places only.
    expect(run(network, [1, 2, 3, 4, 5])).toEqual({ shape: [1, 2, 2, 1], values: [20, 41, 0, 0] });
  });

  it('keeps groups apart', () => {
    const conv = { id: 'c', op: 'conv', inputs: ['x'], filters: 4, kernel: 'k', dilation: [1, 1], groups: 2 } as const;
    const layer = { ...conv, kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
    const kernel = tensor([1, 1, 2, 4], [1, 2, 3, 4, 10, 20, 30, 40]);
    // Filters 0, 1 see channels 0, 1 (1 and 2); filters 2, 3 see channels 2, 3 (3 and 4).
    expect(run(chain([1, 1, 4], [layer], { k: kernel }), [1, 2, 3, 4]).values).toEqual([21, 42, 129, 172]);
  });

  it('works on each channel alone when depthwise', () => {
    const layer = { id: 'd', op: 'depthwise', inputs: ['x'], kernel: 'k', bias: 'b', dilation: [1, 1] } as const;
    const full = { ...layer, kernelSize: [1, 2], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
    const tensors = { k: tensor([1, 2, 2, 1], [1, 2, 3, 4]), b: tensor([2], [0, 1]) };
    // Channel 0: 1 * 5 + 3 * 7 = 26; channel 1: 2 * 6 + 4 * 8 + 1 = 45.
    expect(run(chain([1, 2, 2], [full], tensors), [5, 6, 7, 8]).values).toEqual([26, 45]);
  });

  it('adds each pixel times the kernel when transposed; crops, and pads the end', () => {
    const layer = { id: 't', op: 'convTranspose', inputs: ['x'], filters: 1, kernel: 'k', kernelSize: [1, 3] } as const;
    const wide = { ...layer, stride: [1, 2], padding: [0, 0, 0, 0], outputPadding: [0, 0] } as const;
    const tensors = { k: tensor([1, 3, 1, 1], [1, 10, 100]), b: tensor([1], [0.5]) };
    // 2 4 at places 0 and 2: [2 20 200 . .] + [. . 4 40 400].
    expect(run(chain([1, 2, 1], [wide], tensors), [2, 4]).values).toEqual([2, 20, 204, 40, 400]);
    const cropped = { ...wide, padding: [0, 0, 1, 2], outputPadding: [0, 1], bias: 'b' } as const;
    // Without the first and the last two, and one of those back.
    expect(run(chain([1, 2, 1], [cropped], tensors), [2, 4]).values).toEqual([20.5, 204.5, 40.5]);
    const longer = { ...wide, outputPadding: [0, 1], bias: 'b' } as const;
    expect(run(chain([1, 2, 1], [longer], tensors), [2, 4]).values.at(-1)).toBe(0.5);
  });

  it('reads transposed kernels as [height, width, filters, inputs]', () => {
    const layer = { id: 't', op: 'convTranspose', inputs: ['x'], filters: 3, kernel: 'k', kernelSize: [1, 1] } as const;
    const full = { ...layer, stride: [1, 1], padding: [0, 0, 0, 0], outputPadding: [0, 0] } as const;
    // Filter 0: 1 * 1 + 2 * 10; filter 1: 3 * 1 + 4 * 10; filter 2: 5 * 1 + 6 * 10.
    const tensors = { k: tensor([1, 1, 3, 2], [1, 2, 3, 4, 5, 6]) };
    expect(run(chain([1, 1, 2], [full], tensors), [1, 10]).values).toEqual([21, 43, 65]);
  });

  it('reads dense kernels as [features, units]', () => {
    const dense = { id: 'd', op: 'dense', inputs: ['x'], units: 3, kernel: 'k', bias: 'b' } as const;
    const tensors = { k: tensor([2, 3], [1, 2, 3, 4, 5, 6]), b: tensor([3], [10, 20, 30]) };
    expect(run(chain([2], [dense], tensors), [1, 2, -1, 0], 2).values).toEqual([19, 32, 45, 9, 18, 27]);
  });
});

describe('pooling', () => {
  const pool = { id: 'p', inputs: ['x'], kernelSize: [2, 2], stride: [2, 2], padding: [1, 0, 1, 0] } as const;
  const image = [-1, -2, -3, -4, -5, -6, -7, -8, -9];

  it('never lets padding win a maximum', () => {
    expect(run(chain([3, 3, 1], [{ ...pool, op: 'maxPool' }]), image).values).toEqual([-1, -2, -4, -5]);
  });

  it('averages over the pixels inside the image, or over all of the window', () => {
    const inside = { ...pool, op: 'averagePool', countPadding: false } as const;
    expect(run(chain([3, 3, 1], [inside]), image).values).toEqual([-1, -2.5, -5.5, -7]);
    expect(run(chain([3, 3, 1], [{ ...inside, countPadding: true }]), image).values).toEqual([-0.25, -1.25, -2.75, -7]);
  });

  it('pools an image to one number a channel', () => {
    const layer = { id: 'g', op: 'globalPool', inputs: ['x'], mode: 'average' } as const;
    expect(run(chain([1, 2, 2], [layer]), [1, 2, 3, 6])).toEqual({ shape: [1, 2], values: [2, 4] });
    expect(run(chain([1, 2, 2], [{ ...layer, mode: 'max' }]), [1, 9, 3, 6]).values).toEqual([3, 9]);
    const kept = { ...layer, keepSpatial: true } as const;
    expect(run(chain([1, 2, 2], [kept]), [1, 2, 3, 6])).toEqual({ shape: [1, 1, 1, 2], values: [2, 4] });
  });
});

describe('channels and pixels moved about', () => {
  it('normalises with the running statistics', () => {
    const layer = { id: 'n', op: 'batchNorm', inputs: ['x'], mean: 'm', variance: 'v', epsilon: 1 } as const;
    const tensors = { m: tensor([2], [1, 2]), v: tensor([2], [3, 8]), g: tensor([2], [4, 6]), b: tensor([2], [0, 1]) };
    // (5 - 1) / sqrt(3 + 1) = 2 and (8 - 2) / sqrt(8 + 1) = 2.
    expect(run(chain([1, 1, 2], [layer], tensors), [5, 8]).values).toEqual([2, 2]);
    expect(run(chain([1, 1, 2], [{ ...layer, gamma: 'g', beta: 'b' }], tensors), [5, 8]).values).toEqual([8, 13]);
  });

  it('broadcasts a product by channel, by pixel, and not at all', () => {
    const product = (id: string, second: string): Layer => ({ id, op: 'multiply', inputs: ['x', second] });
    const pooled: Layer = { id: 'flat', op: 'globalPool', inputs: ['x'], mode: 'max' };
    const crop: Layer = { id: 'crop', op: 'slice', inputs: ['x'], begin: [0, 0, 0], end: [1, 1, 2], stride: [1, 1, 1] };
    const one: Layer = { id: 'one', op: 'slice', inputs: ['x'], begin: [0, 0, 1], end: [1, 2, 2], stride: [1, 1, 1] };
    const image = [1, 2, 3, 4];
    expect(run(chain([1, 2, 2], [product('y', 'x')]), image).values).toEqual([1, 4, 9, 16]);
    expect(run(chain([1, 2, 2], [pooled, product('y', 'flat')]), image).values).toEqual([3, 8, 9, 16]);
    expect(run(chain([1, 2, 2], [crop, product('y', 'crop')]), image).values).toEqual([1, 4, 3, 8]);
    expect(run(chain([1, 2, 2], [one, product('y', 'one')]), image).values).toEqual([2, 4, 12, 16]);
  });

  it('adds, concatenates and flattens in NHWC order', () => {
    const layers: Layer[] = [
      { id: 'sum', op: 'add', inputs: ['x', 'x', 'x'] },
      { id: 'both', op: 'concat', inputs: ['x', 'sum'] },
      { id: 'flat', op: 'flatten', inputs: ['both'] },
    ];
    expect(run(chain([1, 2, 1], layers), [1, 2])).toEqual({ shape: [1, 4], values: [1, 3, 2, 6] });
  });

  it('pads in space and in channels, and crops with a stride', () => {
    const pad: Layer = { id: 'p', op: 'pad', inputs: ['x'], padding: [0, 1, 1, 0], channels: [1, 0] };
    expect(run(chain([1, 1, 1], [pad]), [7])).toEqual({ shape: [1, 2, 2, 2], values: [0, 0, 0, 7, 0, 0, 0, 0] });
    const crop: Layer = { id: 's', op: 'slice', inputs: ['x'], begin: [0, 1, 0], end: [1, 4, 1], stride: [1, 2, 1] };
    expect(run(chain([1, 4, 1], [crop]), [1, 2, 3, 4]).values).toEqual([2, 4]);
  });

  it('resizes a row of pixels to any length, on each grid', () => {
    const resized = (mode: ResizeLayer['mode'], grid: ResizeLayer['grid'], row: number[], width: number): number[] =>
      run(chain([1, row.length, 1], [{ id: 'r', op: 'resize', inputs: ['x'], size: [1, width], mode, grid }]), row)
        .values;
    // Half-pixel centres: positions -0.25, 0.25, 0.75, 1.25 of the two pixels.
    expect(resized('nearest', 'halfPixel', [1, 5], 4)).toEqual([1, 1, 5, 5]);
    expect(resized('bilinear', 'halfPixel', [1, 5], 4)).toEqual([1, 2, 4, 5]);
    // Positions 0, 0.5, 1, 1.5; the last is beyond the border.
    expect(resized('bilinear', 'asymmetric', [1, 5], 4)).toEqual([1, 3, 5, 5]);
    expect(resized('nearest', 'asymmetric', [1, 5], 4)).toEqual([1, 1, 5, 5]);
    // Positions 0, 1/2, 1: of two equally near pixels the later.
    expect(resized('bilinear', 'alignCorners', [1, 5], 3)).toEqual([1, 3, 5]);
    expect(resized('nearest', 'alignCorners', [1, 5], 3)).toEqual([1, 5, 5]);
    // Downwards from 5 to 2: positions 0.75 and 3.25; 0 and 2.5; 0 and 4.
    expect(resized('bilinear', 'halfPixel', [0, 10, 20, 30, 40], 2)).toEqual([7.5, 32.5]);
    expect(resized('nearest', 'halfPixel', [0, 10, 20, 30, 40], 2)).toEqual([10, 30]);
    expect(resized('bilinear', 'asymmetric', [0, 10, 20, 30, 40], 2)).toEqual([0, 25]);
    expect(resized('nearest', 'asymmetric', [0, 10, 20, 30, 40], 2)).toEqual([0, 20]);
    expect(resized('bilinear', 'alignCorners', [0, 10, 20, 30, 40], 2)).toEqual([0, 40]);
    expect(resized('nearest', 'alignCorners', [0, 10, 20, 30, 40], 1)).toEqual([0]);
  });

  it('resizes height and width each by its own', () => {
    const layer = {
      id: 'r',
      op: 'resize',
      inputs: ['x'],
      size: [3, 1],
      mode: 'bilinear',
      grid: 'alignCorners',
    } as const;
    // Rows 0, 1/2, 1; the first column alone.
    expect(run(chain([2, 2, 1], [layer]), [1, 2, 5, 9])).toEqual({ shape: [1, 3, 1, 1], values: [1, 3, 5] });
  });

  it('keeps the order of values in a reshape, and joins along height and width', () => {
    const reshape: Layer = { id: 'r', op: 'reshape', inputs: ['x'], shape: [4, 1, 1] };
    expect(run(chain([1, 2, 2], [reshape]), [1, 2, 3, 4])).toEqual({ shape: [1, 4, 1, 1], values: [1, 2, 3, 4] });
    const stack = (axis: 'height' | 'width'): Layer => ({ id: 's', op: 'concat', inputs: ['x', 'x'], axis });
    const images = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(run(chain([2, 2, 1], [stack('height')]), images, 2)).toEqual({
      shape: [2, 4, 2, 1],
      values: [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8],
    });
    expect(run(chain([2, 2, 1], [stack('width')]), images, 2).values).toEqual([
      1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 7, 8,
    ]);
  });

  it('scales, and bends each channel below zero by its own slope', () => {
    expect(run(chain([2], [{ id: 's', op: 'scale', inputs: ['x'], factor: 3, offset: -1 }]), [1, -2]).values).toEqual([
      2, -7,
    ]);
    const prelu: Layer = { id: 'p', op: 'prelu', inputs: ['x'], slope: 'a' };
    const tensors = { a: tensor([2], [0.5, -2]) };
    expect(run(chain([2], [prelu], tensors), [-4, -4, 3, 3], 2).values).toEqual([-2, 8, 3, 3]);
  });

  it('moves, leaves out and repeats channels of every pixel', () => {
    const gather: Layer = { id: 'g', op: 'gather', inputs: ['x'], channels: [2, 0, 2, 3] };
    const { shape, values } = run(chain([2, 1, 4], [gather]), [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(shape).toEqual([1, 2, 1, 4]);
    expect([...values]).toEqual([3, 1, 3, 4, 7, 5, 7, 8]);
    expect([...run(chain([3], [{ ...gather, channels: [1, 1] }]), [1, 2, 3, 4, 5, 6], 2).values]).toEqual([2, 2, 5, 5]);
  });

  it('turns features into shares', () => {
    const result = run(chain([2], [{ id: 's', op: 'softmax', inputs: ['x'] }]), [1000, 1000 + Math.log(3)]);
    expect(result.values[0]).toBeCloseTo(0.25, 9);
    expect(result.values[1]).toBeCloseTo(0.75, 9);
    const log = run(chain([2], [{ id: 's', op: 'softmax', inputs: ['x'], log: true }]), [-2000, -2000 + Math.log(3)]);
    expect(log.values[0]).toBeCloseTo(-Math.log(4), 9);
    expect(log.values[1]).toBeCloseTo(Math.log(0.75), 9);
  });
});

it.each([
  ['relu', [-1, 0, 2], [0, 0, 2]],
  ['relu6', [-1, 3, 9], [0, 3, 6]],
  ['leakyRelu', [-1, 0, 2], [-0.01, 0, 2]],
  ['elu', [-Math.LN2, 0, 2], [-0.5, 0, 2]],
  ['hardSwish', [-4, -1.5, 1.5, 4], [-0, -0.375, 1.125, 4]],
  ['swish', [0, Math.log(3)], [0, 0.75 * Math.log(3)]],
  ['sigmoid', [0, Math.log(3), -Math.log(3)], [0.5, 0.75, 0.25]],
  ['tanh', [0, Math.log(3) / 2], [0, 0.5]],
  ['softplus', [0, Math.log(3), 800, -800], [Math.LN2, Math.log(4), 800, 0]],
  // erf(1 / sqrt 2) = 0.682689492137086 and erf(3 / sqrt 2) = 0.997300203936740, from tables; far out it is x or 0.
  ['gelu', [0, 1, -1, 3, 40, -40], [0, 0.841344746068543, -0.158655253931457, 2.99595030590511, 40, 0]],
  ['hardSigmoid', [-4, 0, 1.5, 4], [0, 0.5, 0.75, 1]],
  ['hardSigmoid', [-4, 0, 1, 4], [0, 0.25, 0.5, 1], { slope: 0.25, offset: 0.25 }],
  ['clip', [-4, 0, 1, 4], [0.5, 0.5, 1, 2], { min: 0.5, max: 2 }],
  ['clip', [-4, 0, 4], [-4, 0, 2], { max: 2 }],
] as const)('activation %s', (kind, input, expected, settings?: object) => {
  const layer = { id: 'a', op: 'activation', inputs: ['x'], kind, ...settings } as const;
  run(chain([input.length], [layer]), input).values.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at] ?? NaN, 12);
  });
});

it('returns the layers asked for', () => {
  const layers: Layer[] = [
    { id: 'a', op: 'activation', inputs: ['x'], kind: 'relu' },
    { id: 's', op: 'add', inputs: ['a', 'x'] },
  ];
  const images = { shape: [1, 2], values: Float64Array.from([-1, 3]) };
  const { taps } = runReference(chain([2], layers), images, { taps: ['a'] });
  expect([...(taps.get('a')?.values ?? [])]).toEqual([0, 3]);
});

describe('refuses', () => {
  const dense: Layer = { id: 'd', op: 'dense', inputs: ['x'], units: 1, kernel: 'k' };

  it('images of another shape', () => {
    expect(() => run(chain([2], [dense]), [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The network takes images [n, 2], but got 3 values of shape [1, 2].]`,
    );
  });

  it('what its reader did not understand', () => {
    const opaque: Layer = { id: 'o', op: 'opaque', inputs: ['x'], operator: 'Gather', reason: 'Unknown.', shape: [2] };
    expect(() => run(chain([2], [opaque, { ...dense, inputs: ['o'] }]), [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: The network cannot be run: layer "o" (Gather). Unknown.]`,
    );
  });

  it('a tensor that is not there', () => {
    expect(() => run(chain([2], [dense]), [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[NetworkError: Layer "d" names tensor "k", which the network does not have.]`,
    );
  });
});
