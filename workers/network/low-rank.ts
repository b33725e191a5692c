/**
 * One convolution kernel as a matrix, and what two thin convolutions in its place cost.
 *
 * `channel` (Zhang et al. 2016, arXiv 1505.06798): M = [kh kw cin, filters]; a kh x kw convolution to `rank` channels,
 * then 1x1. `spatial` (Jaderberg et al. 2014, arXiv 1405.3866): M = [kh cin, kw filters]; kh x 1, then 1 x kw.
 */
import { isWeighted, type ConvLayer, type Graph, type LayerId, type Shape, type Tensor } from './graph';
import { inferShapes, sizeOf, windowPositions } from './shapes';

export type Scheme = 'channel' | 'spatial';

/** Row-major. */
export interface KernelMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
}

/** The matrix of a kernel `[kh, kw, cin, filters]`. */
export function unfoldKernel({ shape, values }: Tensor, scheme: Scheme): KernelMatrix {
  const [kh = 1, kw = 1, cin = 1, filters = 1] = shape;
  if (scheme === 'channel') return { rows: kh * kw * cin, cols: filters, values: Float64Array.from(values) };
  const matrix = new Float64Array(values.length);
  eachSpatial(shape, (kernelAt, matrixAt) => (matrix[matrixAt] = values[kernelAt] ?? 0));
  return { rows: kh * cin, cols: kw * filters, values: matrix };
}

/** The kernel of shape `[kh, kw, cin, filters]` whose matrix is `values`: the inverse of `unfoldKernel`. */
export function foldKernel(values: ArrayLike<number>, shape: readonly number[], scheme: Scheme): Tensor {
  const kernel = new Float32Array(sizeOf(shape));
  if (scheme === 'channel') kernel.set(values);
  else eachSpatial(shape, (kernelAt, matrixAt) => (kernel[kernelAt] = values[matrixAt] ?? 0));
  return { shape, values: kernel };
}

/** Most singular values the matrix of a kernel with `cin` input channels can have. */
export function fullRank({ kernelSize: [kh, kw], filters }: ConvLayer, cin: number, scheme: Scheme): number {
  return scheme === 'channel' ? Math.min(kh * kw * cin, filters) : Math.min(kh * cin, kw * filters);
}

/** Multiply-adds of the pair for one image; `input` is the shape the layer reads. */
export function pairMacs(layer: ConvLayer, input: Shape, scheme: Scheme, rank: number): number {
  return rank * macsPerRank(layer, input, scheme);
}

/** Numbers in the two kernels of the pair. */
export function pairWeights({ kernelSize, filters }: ConvLayer, cin: number, scheme: Scheme, rank: number): number {
  const [kh, kw] = kernelSize;
  return rank * (scheme === 'channel' ? kh * kw * cin + filters : kh * cin + kw * filters);
}

/** The largest rank at which the pair costs less than the layer does; 0 where none does. */
export function breakEvenRank(layer: ConvLayer, input: Shape, scheme: Scheme): number {
  const { height, width, cin } = sizes(layer, input);
  const [kh, kw] = layer.kernelSize;
  const dense = kh * kw * cin * layer.filters * height * width;
  return Math.ceil(dense / macsPerRank(layer, input, scheme)) - 1;
}

/**
 * Convolutions worth factoring, in forward order: not the first of the network (it carries the image and is small), not
 * grouped or depthwise ones, and 1x1 ones only when asked for (they have one matrix, and little to gain).
 */
export function eligibleLayers(graph: Graph, options: { readonly include1x1?: boolean } = {}): readonly ConvLayer[] {
  const seesFeatures = new Set<LayerId>();
  const eligible: ConvLayer[] = [];
  inferShapes(graph);
  for (const layer of graph.layers) {
    const reads = layer.inputs.some((id) => seesFeatures.has(id));
    if (reads || isWeighted(layer)) seesFeatures.add(layer.id);
    if (layer.op !== 'conv' || layer.groups !== 1 || !reads) continue;
    if (options.include1x1 === true || sizeOf(layer.kernelSize) > 1) eligible.push(layer);
  }
  return eligible;
}

function macsPerRank(layer: ConvLayer, input: Shape, scheme: Scheme): number {
  const { height, width, cin, inputWidth } = sizes(layer, input);
  const [kh, kw] = layer.kernelSize;
  if (scheme === 'channel') return (kh * kw * cin + layer.filters) * height * width;
  // The vertical convolution strides over rows only, so it works at the input's full width.
  return kh * cin * height * inputWidth + kw * layer.filters * height * width;
}

function sizes(layer: ConvLayer, input: Shape) {
  const [inputHeight = 1, inputWidth = 1, cin = 1] = input;
  const [top, bottom, left, right] = layer.padding;
  const { kernelSize, stride, dilation } = layer;
  return {
    height: windowPositions(inputHeight, top + bottom, kernelSize[0], stride[0], dilation[0]),
    width: windowPositions(inputWidth, left + right, kernelSize[1], stride[1], dilation[1]),
    cin,
    inputWidth,
  };
}

/** Kernel `[kh, kw, cin, filters]` against matrix `[kh cin, kw filters]`. */
function eachSpatial(shape: readonly number[], visit: (kernelAt: number, matrixAt: number) => void): void {
  const [kh = 1, kw = 1, cin = 1, filters = 1] = shape;
  for (let y = 0, kernelAt = 0; y < kh; y++) {
    for (let x = 0; x < kw; x++) {
      for (let channel = 0; channel < cin; channel++) {
        for (let filter = 0; filter < filters; filter++, kernelAt++) {
          visit(kernelAt, (y * cin + channel) * kw * filters + x * filters + filter);
        }
      }
    }
  }
}
