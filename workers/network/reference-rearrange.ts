/**
 * Reference arithmetic of the layers that move, repeat or combine pixels: multiply, concat, pad, slice, upsample.
 */
import { NetworkError, type MultiplyLayer, type PadLayer, type SliceLayer, type UpsampleLayer } from './graph';
import type { ReferenceTensor } from './reference-windows';

/** Product of two inputs; the second may be `[1, 1, c]`, `[h, w, 1]` or `[c]` for a first of `[h, w, c]`. */
export function multiply(layer: MultiplyLayer, first: ReferenceTensor, second?: ReferenceTensor): ReferenceTensor {
  if (second === undefined) throw new NetworkError(`Multiply "${layer.id}" needs two inputs.`, layer.id);
  const channels = first.shape.at(-1) ?? 1;
  const perImage = first.values.length / (first.shape[0] ?? 1);
  const factors = second.values.length / (second.shape[0] ?? 1);
  const perPixel = second.shape.length === 4 && second.shape[3] === 1 && channels > 1;
  const values = first.values.map((value, at) => {
    const image = Math.floor(at / perImage);
    const within = at % perImage;
    // One factor per value, per pixel ([h, w, 1]) or per channel ([1, 1, c] and [c]).
    const factor = factors === perImage ? within : perPixel ? Math.floor(within / channels) : within % channels;
    return value * (second.values[image * factors + factor] ?? 0);
  });
  return { shape: first.shape, values };
}

/** Along the last axis. */
export function concatenate(inputs: readonly ReferenceTensor[]): ReferenceTensor {
  const widths = inputs.map((input) => input.shape.at(-1) ?? 0);
  const width = widths.reduce((a, b) => a + b, 0);
  const leading = inputs[0]?.shape.slice(0, -1) ?? [];
  const pixels = leading.reduce((a, b) => a * b, 1);
  const values = new Float64Array(pixels * width);
  let offset = 0;
  inputs.forEach((input, index) => {
    const own = widths[index] ?? 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      values.set(input.values.subarray(pixel * own, (pixel + 1) * own), pixel * width + offset);
    }
    offset += own;
  });
  return { shape: [...leading, width], values };
}

export function pad(layer: PadLayer, input: ReferenceTensor): ReferenceTensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const [top, bottom, left, right] = layer.padding;
  const [before, after] = layer.channels;
  const shape = [n, h + top + bottom, w + left + right, c + before + after];
  return gather(shape, input, (y, x, channel) => {
    const [inY, inX, inChannel] = [y - top, x - left, channel - before];
    const inside = inY >= 0 && inY < h && inX >= 0 && inX < w && inChannel >= 0 && inChannel < c;
    return inside ? [[inY, inX, inChannel, 1]] : [];
  });
}

export function slice(layer: SliceLayer, input: ReferenceTensor): ReferenceTensor {
  const { begin, end, stride } = layer;
  const length = (axis: 0 | 1 | 2): number => Math.ceil((end[axis] - begin[axis]) / stride[axis]);
  return gather([input.shape[0] ?? 0, length(0), length(1), length(2)], input, (y, x, channel) => [
    [begin[0] + y * stride[0], begin[1] + x * stride[1], begin[2] + channel * stride[2], 1],
  ]);
}

/** Nearest repeats each pixel; bilinear samples at half-pixel centres, the border repeated outwards. */
export function upsample(layer: UpsampleLayer, input: ReferenceTensor): ReferenceTensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const [scaleY, scaleX] = layer.scale;
  const shape = [n, h * scaleY, w * scaleX, c];
  if (layer.mode === 'nearest') {
    return gather(shape, input, (y, x, channel) => [[Math.floor(y / scaleY), Math.floor(x / scaleX), channel, 1]]);
  }
  return gather(shape, input, (y, x, channel) => {
    const rows = neighbours(y, scaleY, h);
    const columns = neighbours(x, scaleX, w);
    return rows.flatMap(([row, a]) => columns.map(([column, b]): Sample => [row, column, channel, a * b]));
  });
}

/** The two source positions around output position `at`, with their weights. */
function neighbours(at: number, scale: number, length: number): readonly (readonly [number, number])[] {
  const centre = (at + 0.5) / scale - 0.5;
  const low = Math.floor(centre);
  const weight = centre - low;
  const clamp = (position: number): number => Math.min(Math.max(position, 0), length - 1);
  return [
    [clamp(low), 1 - weight],
    [clamp(low + 1), weight],
  ];
}

/** Source row, column, channel and weight. */
type Sample = readonly [number, number, number, number];

function gather(
  shape: readonly number[],
  input: ReferenceTensor,
  samples: (y: number, x: number, channel: number) => readonly Sample[],
): ReferenceTensor {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  const [, h = 0, w = 0, c = 0] = input.shape;
  const values = new Float64Array(n * height * width * channels);
  for (let at = 0; at < values.length; at++) {
    const channel = at % channels;
    const pixel = Math.floor(at / channels);
    const [x, y, image] = [pixel % width, Math.floor(pixel / width) % height, Math.floor(pixel / (width * height))];
    let sum = 0;
    for (const [row, column, from, weight] of samples(y, x, channel)) {
      sum += weight * (input.values[((image * h + row) * w + column) * c + from] ?? 0);
    }
    values[at] = sum;
  }
  return { shape, values };
}
