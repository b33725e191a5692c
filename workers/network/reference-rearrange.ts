/**
 * Reference arithmetic of the layers that move, repeat or combine pixels: multiply, concat, pad, slice, gather, resize.
 */
import {
  NetworkError,
  type ConcatLayer,
  type GatherLayer,
  type MultiplyLayer,
  type PadLayer,
  type ResizeLayer,
  type SliceLayer,
} from './graph';
import { resizeSamples } from './resize';
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

/** Along the last axis, or along height or width. */
export function concatenate(
  inputs: readonly ReferenceTensor[],
  axis: ConcatLayer['axis'] = 'channels',
): ReferenceTensor {
  const [first = []] = inputs.map(({ shape }) => shape);
  const joined = axis === 'height' ? 1 : axis === 'width' ? 2 : first.length - 1;
  const lengths = inputs.map(({ shape }) => shape[joined] ?? 0);
  const shape = first.with(
    joined,
    lengths.reduce((a, b) => a + b, 0),
  );
  const inner = shape.slice(joined + 1).reduce((a, b) => a * b, 1);
  const blocks = shape.slice(0, joined).reduce((a, b) => a * b, 1);
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  let to = 0;
  for (let block = 0; block < blocks; block++) {
    inputs.forEach((input, index) => {
      const size = (lengths[index] ?? 0) * inner;
      values.set(input.values.subarray(block * size, (block + 1) * size), to);
      to += size;
    });
  }
  return { shape, values };
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

/** Output channel i of every pixel (or row of features) is input channel `channels[i]`. */
export function pickChannels({ channels }: GatherLayer, { shape, values }: ReferenceTensor): ReferenceTensor {
  const width = shape.at(-1) ?? 1;
  const picked = Array.from({ length: values.length / width }, (_, row) =>
    channels.map((channel) => values[row * width + channel] ?? NaN),
  );
  return { shape: shape.with(shape.length - 1, channels.length), values: Float64Array.from(picked.flat()) };
}

export function resize(layer: ResizeLayer, input: ReferenceTensor): ReferenceTensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const rows = resizeSamples(h, layer.size[0], layer);
  const columns = resizeSamples(w, layer.size[1], layer);
  return gather([n, ...layer.size, c], input, (y, x, channel) =>
    (rows[y] ?? []).flatMap(([row, a]) =>
      (columns[x] ?? []).map(([column, b]): Sample => [row, column, channel, a * b]),
    ),
  );
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
