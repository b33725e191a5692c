/**
 * Reference arithmetic of the layers that slide a window: convolution, depthwise convolution, pooling.
 *
 * Float64, plain loops, no cleverness: other implementations are checked against these. The filter index runs
 * innermost, so that kernels are read in their stored order.
 */
import type {
  AveragePoolLayer,
  ConvLayer,
  ConvTransposeLayer,
  DepthwiseLayer,
  MaxPoolLayer,
  Pair,
  Padding,
} from './graph';
import { windowPositions } from './shapes';

/** Row-major, batch axis first: `[n, h, w, c]` or `[n, features]`. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

type Values = ArrayLike<number>;

interface Window {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation?: Pair | undefined;
}

interface Grid {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly outH: number;
  readonly outW: number;
}

/** `[n, h, w, cin]` by `[kh, kw, cin / groups, filters]` to `[n, h', w', filters]`; pixels outside the image are zero. */
export function convolve(layer: ConvLayer, input: ReferenceTensor, kernel: Values, bias?: Values): ReferenceTensor {
  const grid = gridOf(layer, input.shape);
  const { filters, groups } = layer;
  const inPerGroup = grid.c / groups;
  const outPerGroup = filters / groups;
  const output = new Float64Array(grid.n * grid.outH * grid.outW * filters);
  if (bias !== undefined) for (let at = 0; at < output.length; at++) output[at] = bias[at % filters] ?? 0;
  eachTap(layer, grid, (outPixel, inPixel, tap) => {
    for (let channel = 0; channel < grid.c; channel++) {
      const x = input.values[inPixel * grid.c + channel] ?? 0;
      const group = Math.floor(channel / inPerGroup);
      const from = (tap * inPerGroup + (channel % inPerGroup)) * filters;
      const to = outPixel * filters;
      for (let filter = group * outPerGroup; filter < (group + 1) * outPerGroup; filter++) {
        output[to + filter] = (output[to + filter] ?? 0) + x * (kernel[from + filter] ?? 0);
      }
    }
  });
  return { shape: [grid.n, grid.outH, grid.outW, filters], values: output };
}

/** `[n, h, w, cin]` by `[kh, kw, filters, cin]` to `[n, h', w', filters]`: every pixel adds its kernels to the result. */
export function convolveTransposed(
  layer: ConvTransposeLayer,
  input: ReferenceTensor,
  kernel: Values,
  bias?: Values,
): ReferenceTensor {
  const [n = 0, h = 0, w = 0, c = 0] = input.shape;
  const { filters, kernelSize, stride, padding, outputPadding } = layer;
  const [top, bottom, left, right] = padding;
  const outH = (h - 1) * stride[0] + kernelSize[0] - top - bottom + outputPadding[0];
  const outW = (w - 1) * stride[1] + kernelSize[1] - left - right + outputPadding[1];
  const output = new Float64Array(n * outH * outW * filters);
  if (bias !== undefined) for (let at = 0; at < output.length; at++) output[at] = bias[at % filters] ?? 0;
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const [x, y, image] = [pixel % w, Math.floor(pixel / w) % h, Math.floor(pixel / (w * h))];
    for (let tap = 0; tap < kernelSize[0] * kernelSize[1]; tap++) {
      const outY = y * stride[0] + Math.floor(tap / kernelSize[1]) - top;
      const outX = x * stride[1] + (tap % kernelSize[1]) - left;
      if (outY < 0 || outY >= outH || outX < 0 || outX >= outW) continue;
      for (let filter = 0; filter < filters; filter++) {
        const to = ((image * outH + outY) * outW + outX) * filters + filter;
        for (let channel = 0; channel < c; channel++) {
          const weight = kernel[(tap * filters + filter) * c + channel] ?? 0;
          output[to] = (output[to] ?? 0) + weight * (input.values[pixel * c + channel] ?? 0);
        }
      }
    }
  }
  return { shape: [n, outH, outW, filters], values: output };
}

/** `[n, h, w, c]` by `[kh, kw, c, 1]` to `[n, h', w', c]`. */
export function convolveDepthwise(
  layer: DepthwiseLayer,
  input: ReferenceTensor,
  kernel: Values,
  bias?: Values,
): ReferenceTensor {
  const grid = gridOf(layer, input.shape);
  const { c } = grid;
  const output = new Float64Array(grid.n * grid.outH * grid.outW * c);
  if (bias !== undefined) for (let at = 0; at < output.length; at++) output[at] = bias[at % c] ?? 0;
  eachTap(layer, grid, (outPixel, inPixel, tap) => {
    for (let channel = 0; channel < c; channel++) {
      const at = outPixel * c + channel;
      output[at] = (output[at] ?? 0) + (input.values[inPixel * c + channel] ?? 0) * (kernel[tap * c + channel] ?? 0);
    }
  });
  return { shape: [grid.n, grid.outH, grid.outW, c], values: output };
}

/** Largest pixel under the window; padding pixels never win. */
export function maxPool(layer: MaxPoolLayer, input: ReferenceTensor): ReferenceTensor {
  const grid = gridOf(layer, input.shape);
  const { c } = grid;
  const output = new Float64Array(grid.n * grid.outH * grid.outW * c).fill(-Infinity);
  eachTap(layer, grid, (outPixel, inPixel) => {
    for (let channel = 0; channel < c; channel++) {
      const at = outPixel * c + channel;
      output[at] = Math.max(output[at] ?? 0, input.values[inPixel * c + channel] ?? 0);
    }
  });
  return { shape: [grid.n, grid.outH, grid.outW, c], values: output };
}

/** Mean under the window, over all its pixels or, without `countPadding`, over those inside the image. */
export function averagePool(layer: AveragePoolLayer, input: ReferenceTensor): ReferenceTensor {
  const grid = gridOf(layer, input.shape);
  const { c } = grid;
  const pixels = grid.n * grid.outH * grid.outW;
  const output = new Float64Array(pixels * c);
  const counts = new Float64Array(pixels);
  eachTap(layer, grid, (outPixel, inPixel) => {
    counts[outPixel] = (counts[outPixel] ?? 0) + 1;
    for (let channel = 0; channel < c; channel++) {
      const at = outPixel * c + channel;
      output[at] = (output[at] ?? 0) + (input.values[inPixel * c + channel] ?? 0);
    }
  });
  const full = layer.kernelSize[0] * layer.kernelSize[1];
  for (let at = 0; at < output.length; at++) {
    output[at] = (output[at] ?? 0) / (layer.countPadding ? full : (counts[Math.floor(at / c)] ?? 1));
  }
  return { shape: [grid.n, grid.outH, grid.outW, c], values: output };
}

function gridOf(window: Window, shape: readonly number[]): Grid {
  const [n = 0, h = 0, w = 0, c = 0] = shape;
  const [top, bottom, left, right] = window.padding;
  const [dilationY, dilationX] = window.dilation ?? [1, 1];
  return {
    n,
    h,
    w,
    c,
    outH: windowPositions(h, top + bottom, window.kernelSize[0], window.stride[0], dilationY),
    outW: windowPositions(w, left + right, window.kernelSize[1], window.stride[1], dilationX),
  };
}

/** Calls `visit` for every output pixel and every tap of its window that lies inside the image. Pixels count over the batch. */
function eachTap(window: Window, grid: Grid, visit: (outPixel: number, inPixel: number, tap: number) => void): void {
  const [kernelH, kernelW] = window.kernelSize;
  const [dilationY, dilationX] = window.dilation ?? [1, 1];
  const [top, , left] = window.padding;
  for (let image = 0, outPixel = 0; image < grid.n; image++) {
    for (let outY = 0; outY < grid.outH; outY++) {
      for (let outX = 0; outX < grid.outW; outX++, outPixel++) {
        for (let tap = 0; tap < kernelH * kernelW; tap++) {
          const y = outY * window.stride[0] - top + Math.floor(tap / kernelW) * dilationY;
          const x = outX * window.stride[1] - left + (tap % kernelW) * dilationX;
          if (y < 0 || y >= grid.h || x < 0 || x >= grid.w) continue;
          visit(outPixel, (image * grid.h + y) * grid.w + x, tap);
        }
      }
    }
  }
}
