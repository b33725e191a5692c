/** For tests and the table of formats: TensorFlow operations in small GraphModels, which TF.js runs beside us. */
import { type GraphInit, node, normal, positive, whole } from './model-for-tests';

const window = { strides: [1, 1, 1, 1], padding: 'SAME', data_format: 'NHWC', dilations: [1, 1, 1, 1] } as const;
const kernel = { k: normal([3, 3, 3, 4]) };
const conv = node('c', 'Conv2D', ['x', 'k'], window);

/** `x` is `[n, 6, 8, 3]`, normal numbers; the last node is the output. */
export const graphCases: Readonly<Record<string, GraphInit>> = {
  'Conv2D strided, dilated, its bias added after it': {
    nodes: [
      node('c', 'Conv2D', ['x', 'k'], { ...window, strides: [1, 2, 2, 1] }),
      node('b', 'BiasAdd', ['c', 'bias']),
      node('y', 'Conv2D', ['b', 'l'], { ...window, padding: 'VALID', dilations: [1, 1, 2, 1] }),
    ],
    constants: { ...kernel, bias: normal([4], 2), l: normal([2, 2, 4, 5], 3) },
  },
  '_FusedConv2D with a bias and Relu6, Prelu, LeakyRelu': {
    nodes: [
      node('a', '_FusedConv2D', ['x', 'k', 'b'], { ...window, fused_ops: ['BiasAdd', 'Relu6'], num_args: 1 }),
      node('c', '_FusedConv2D', ['a', 'l', 'b', 's'], { ...window, fused_ops: ['BiasAdd', 'Prelu'], num_args: 2 }),
      node('y', '_FusedConv2D', ['c', 'l', 'b'], {
        ...window,
        fused_ops: ['BiasAdd', 'LeakyRelu'],
        num_args: 1,
        leakyrelu_alpha: 0.25,
      }),
    ],
    constants: { ...kernel, b: normal([4], 2), l: normal([1, 1, 4, 4], 3), s: normal([4], 4) },
  },
  'DepthwiseConv2dNative, and with a channel multiplier': {
    nodes: [
      node('d', 'DepthwiseConv2dNative', ['x', 'k'], { ...window }),
      node('y', 'DepthwiseConv2dNative', ['d', 'l'], { ...window, strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1] }),
    ],
    constants: { k: normal([3, 3, 3, 1]), l: normal([3, 3, 3, 2], 2) },
  },
  FusedDepthwiseConv2dNative: {
    nodes: [
      node('y', 'FusedDepthwiseConv2dNative', ['x', 'k', 'b'], {
        ...window,
        dilations: [1, 1, 1, 1],
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
      }),
    ],
    constants: { k: normal([3, 3, 3, 1]), b: normal([3], 2) },
  },
  'Conv2DBackpropInput (a transposed convolution)': {
    nodes: [node('y', 'Conv2DBackpropInput', ['size', 'k', 'x'], { ...window, strides: [1, 2, 2, 1] })],
    constants: { size: whole([1, 12, 16, 5]), k: normal([3, 3, 5, 3]) },
    input: [1, 6, 8, 3],
  },
  FusedBatchNormV3: {
    nodes: [
      conv,
      node('y', 'FusedBatchNormV3', ['c', 'g', 'b', 'm', 'v'], {
        epsilon: 0.01,
        data_format: 'NHWC',
        is_training: false,
      }),
    ],
    constants: { ...kernel, g: positive([4]), b: normal([4], 2), m: normal([4], 3), v: positive([4], 4) },
  },
  'MatMul and _FusedMatMul behind Reshape': {
    nodes: [
      node('f', 'Reshape', ['x', 'flat']),
      node('m', 'MatMul', ['f', 'w'], { transpose_a: false, transpose_b: true }),
      node('y', '_FusedMatMul', ['m', 'v', 'b'], {
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
        transpose_a: false,
        transpose_b: false,
      }),
    ],
    constants: { flat: whole([-1, 144]), w: normal([5, 144]), v: normal([5, 4], 2), b: normal([4], 3) },
  },
  activations: {
    nodes: [
      node('a', 'Relu', ['x']),
      node('b', 'Elu', ['x']),
      node('c', 'Sigmoid', ['x']),
      node('d', 'Tanh', ['x']),
      node('e', 'Softplus', ['x']),
      node('f', 'LeakyRelu', ['x'], { alpha: 0.15 }),
      node('g', 'Prelu', ['x', 's']),
      node('h', 'Relu6', ['x']),
      node('i', 'ClipByValue', ['x', 'low', 'high']),
      node('y', 'AddN', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'], { N: 9 }),
    ],
    constants: {
      s: normal([3]),
      low: { shape: [], values: [-0.5], type: 'float32' },
      high: { shape: [], values: [0.75], type: 'float32' },
    },
  },
  'sums, differences, products and quotients, with constants and tensors': {
    nodes: [
      conv,
      node('a', 'AddV2', ['c', 'p']),
      node('b', 'Mul', ['a', 'q']),
      node('d', 'Sub', ['one', 'b']),
      node('e', 'RealDiv', ['d', 'q']),
      node('f', 'Neg', ['e']),
      node('g', 'Sub', ['f', 'c']),
      node('h', 'Maximum', ['g', 'low']),
      node('i', 'Minimum', ['h', 'high']),
      node('y', 'Add', ['i', 'c']),
    ],
    constants: {
      ...kernel,
      p: normal([4], 2),
      q: positive([4], 3),
      one: { shape: [], values: [1], type: 'float32' },
      low: { shape: [], values: [-2], type: 'float32' },
      high: { shape: [], values: [2], type: 'float32' },
    },
  },
  'a squeeze-and-excite gate': {
    nodes: [
      conv,
      node('m', 'Mean', ['c', 'axes'], { keep_dims: true }),
      node('n', 'Conv2D', ['m', 'l'], window),
      node('s', 'Sigmoid', ['n']),
      node('y', 'Mul', ['c', 's']),
    ],
    constants: { ...kernel, axes: whole([1, 2]), l: normal([1, 1, 4, 4], 2) },
  },
  'MaxPool and AvgPool, padded and not': {
    nodes: [
      node('m', 'MaxPool', ['x'], { ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: 'SAME' }),
      node('y', 'AvgPool', ['m'], { ksize: [1, 2, 2, 1], strides: [1, 1, 1, 1], padding: 'SAME' }),
    ],
  },
  'a channel shuffle: Reshape, Transpose, Reshape': {
    nodes: [
      node('c', 'Conv2D', ['x', 'k'], window),
      node('s', 'Reshape', ['c', 'split']),
      node('t', 'Transpose', ['s', 'order']),
      node('j', 'Reshape', ['t', 'join']),
      node('y', 'AddV2', ['j', 'c']),
    ],
    constants: {
      k: normal([3, 3, 3, 6]),
      split: whole([-1, 6, 8, 3, 2]),
      order: whole([0, 1, 2, 4, 3]),
      join: whole([-1, 6, 8, 6]),
    },
  },
  'GatherV2 of channels': {
    nodes: [node('c', 'Conv2D', ['x', 'k'], window), node('y', 'GatherV2', ['c', 'order', 'last'])],
    constants: { ...kernel, order: whole([2, 0, 0, 3]), last: whole([3], []) },
  },
  'LogSoftmax of features': {
    nodes: [node('m', 'Mean', ['x', 'axes'], { keep_dims: false }), node('y', 'LogSoftmax', ['m'])],
    constants: { axes: whole([1, 2]) },
  },
  'Mean and Max over positions, Softmax': {
    nodes: [
      node('m', 'Mean', ['x', 'axes'], { keep_dims: false }),
      node('n', 'Max', ['x', 'axes'], { keep_dims: false }),
      node('j', 'ConcatV2', ['m', 'n', 'last'], { N: 2 }),
      node('y', 'Softmax', ['j']),
    ],
    constants: { axes: whole([1, 2]), last: whole([1], []) },
  },
  'ResizeBilinear and ResizeNearestNeighbor': {
    nodes: [
      node('b', 'ResizeBilinear', ['x', 'size'], { align_corners: false, half_pixel_centers: true }),
      node('y', 'ResizeNearestNeighbor', ['b', 'more'], { align_corners: false, half_pixel_centers: false }),
    ],
    constants: { size: whole([9, 12]), more: whole([18, 24]) },
  },
  'Pad, PadV2, ConcatV2 along every axis': {
    nodes: [
      node('p', 'Pad', ['x', 'around']),
      node('q', 'PadV2', ['x', 'around', 'nought']),
      node('c', 'ConcatV2', ['p', 'q', 'channels'], { N: 2 }),
      node('d', 'ConcatV2', ['c', 'c', 'height'], { N: 2 }),
      node('y', 'ConcatV2', ['d', 'd', 'width'], { N: 2 }),
    ],
    constants: {
      around: whole([0, 0, 1, 2, 0, 1, 0, 0], [4, 2]),
      nought: { shape: [], values: [0], type: 'float32' },
      channels: whole([-1], []),
      height: whole([1], []),
      width: whole([2], []),
    },
  },
  'StridedSlice and Slice': {
    nodes: [
      node('s', 'StridedSlice', ['x', 'from', 'to', 'steps'], {
        begin_mask: 1,
        end_mask: 9,
        ellipsis_mask: 0,
        new_axis_mask: 0,
        shrink_axis_mask: 0,
      }),
      node('y', 'Slice', ['s', 'start', 'size']),
    ],
    constants: {
      from: whole([0, 0, 1, 0]),
      to: whole([0, 6, -1, 0]),
      steps: whole([1, 2, 1, 1]),
      start: whole([0, 1, 0, 0]),
      size: whole([-1, 2, -1, 2]),
    },
  },
  'Reshape by a computed shape, Squeeze, ExpandDims, Transpose that moves nothing': {
    nodes: [
      node('m', 'Mean', ['x', 'axes'], { keep_dims: true }),
      node('s', 'Squeeze', ['m'], { squeeze_dims: [1, 2] }),
      node('e', 'ExpandDims', ['s', 'one']),
      node('t', 'Transpose', ['e', 'order']),
      node('shape', 'Shape', ['x']),
      node('n', 'StridedSlice', ['shape', 'nought', 'first', 'first'], {
        begin_mask: 0,
        end_mask: 0,
        ellipsis_mask: 0,
        new_axis_mask: 0,
        shrink_axis_mask: 1,
      }),
      node('target', 'Pack', ['n', 'three'], { N: 2, axis: 0 }),
      node('y', 'Reshape', ['t', 'target']),
    ],
    constants: {
      axes: whole([1, 2]),
      one: whole([1], []),
      order: whole([0, 1, 2]),
      nought: whole([0]),
      first: whole([1]),
      three: whole([3], []),
    },
  },
  'Split and SplitV, their parts in another order': {
    nodes: [
      node('c', 'Conv2D', ['x', 'k'], window),
      node('s', 'Split', ['channels', 'c'], { num_split: 2 }),
      node('v', 'SplitV', ['c', 'sizes', 'channels'], { num_split: 2 }),
      node('a', 'AddV2', ['s:1', 's']),
      node('y', 'ConcatV2', ['v:1', 'a', 'v', 'last'], { N: 3 }),
    ],
    constants: { ...kernel, channels: whole([3], []), last: whole([3], []), sizes: whole([1, 3]) },
  },
  'Identity, StopGradient, Cast between floats': {
    nodes: [
      node('i', 'Identity', ['x']),
      node('s', 'StopGradient', ['i']),
      { ...node('t', 'Cast', ['s']), attr: { SrcT: { type: 'DT_FLOAT' }, DstT: { type: 'DT_FLOAT' } } },
      node('y', 'Relu', ['t']),
    ],
  },
};
