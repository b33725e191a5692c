/** For tests: every operator that is read, alone or as exporters chain it. */
import { floats, type ModelInit, node, normal, positive, whole } from './model-for-tests';

const statistics = { gamma: normal([4], 2), beta: normal([4], 3), mean: normal([4], 4), variance: positive([4], 5) };
export const kernel = { k: normal([4, 3, 3, 3]) };
export const same = { pads: [1, 1, 1, 1] };

/** Images of three channels through a 3x3 convolution to four, then what is asked for. */
export function after(...nodes: ModelInit['nodes']): ModelInit['nodes'] {
  return [node('Conv', ['x', 'k'], ['c'], same), ...nodes];
}

export const cases: Readonly<Record<string, ModelInit>> = {
  'Conv with bias, stride and asymmetric pads': {
    nodes: [node('Conv', ['x', 'k', 'b'], ['y'], { strides: [2, 1], pads: [0, 1, 2, 0] })],
    constants: { k: normal([5, 3, 3, 2]), b: normal([5], 2) },
  },
  'Conv in groups, dilated': {
    nodes: [node('Conv', ['x', 'k'], ['y'], { group: 2, dilations: [2, 1], pads: [2, 1, 2, 1] })],
    constants: { k: normal([6, 2, 3, 3]) },
    inputs: { x: ['n', 4, 6, 8] },
  },
  'Conv depthwise, and with a channel multiplier': {
    nodes: [
      node('Conv', ['x', 'd'], ['a'], { group: 3, ...same }),
      node('Conv', ['a', 'm'], ['y'], { group: 3, pads: [1, 0, 0, 1] }),
    ],
    constants: { d: normal([3, 1, 3, 3]), m: normal([6, 1, 2, 2], 2) },
  },
  'Conv with auto_pad SAME_UPPER and SAME_LOWER': {
    nodes: [
      node('Conv', ['x', 'k'], ['a'], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
      node('Conv', ['a', 'l'], ['y'], { auto_pad: 'SAME_LOWER' }),
    ],
    constants: { k: normal([4, 3, 3, 2]), l: normal([4, 4, 2, 2], 2) },
    inputs: { x: [1, 3, 7, 8] },
  },
  'Conv over one axis': {
    nodes: [node('Conv', ['x', 'k'], ['a'], { pads: [1, 0] }), node('Relu', ['a'], ['y'])],
    constants: { k: normal([4, 3, 3]) },
    inputs: { x: ['n', 3, 9] },
  },
  ConvTranspose: {
    nodes: [
      node('ConvTranspose', ['x', 'k', 'b'], ['a'], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
      node('ConvTranspose', ['a', 'l'], ['y'], { strides: [2, 1], pads: [0, 1, 1, 0] }),
    ],
    constants: { k: normal([3, 4, 3, 3]), b: normal([4], 2), l: normal([4, 2, 2, 3], 3) },
  },
  'ConvTranspose with output_shape': {
    nodes: [node('ConvTranspose', ['x', 'k'], ['y'], { strides: [2, 2], output_shape: [12, 16] })],
    constants: { k: normal([3, 4, 3, 3]) },
  },
  'BatchNormalization, then an affine pair folded into one': {
    nodes: after(
      node('BatchNormalization', ['c', 'gamma', 'beta', 'mean', 'variance'], ['b'], { epsilon: { float: 1e-3 } }),
      node('Mul', ['b', 'm'], ['d']),
      node('Add', ['a', 'd'], ['y']),
    ),
    constants: { ...kernel, ...statistics, m: normal([1, 4, 1, 1], 6), a: normal([4, 1, 1], 7) },
  },
  'activations of one value': {
    nodes: after(
      node('LeakyRelu', ['c'], ['a1'], { alpha: { float: 0.2 } }),
      node('HardSigmoid', ['a1'], ['a2'], { alpha: { float: 0.25 }, beta: { float: 0.4 } }),
      node('HardSwish', ['a2'], ['a3']),
      node('Elu', ['a3'], ['a4']),
      node('Softplus', ['a4'], ['a5']),
      node('Tanh', ['a5'], ['a6']),
      node('Sigmoid', ['a6'], ['a7']),
      node('PRelu', ['a7', 's'], ['y']),
    ),
    constants: { ...kernel, s: normal([4, 1, 1], 8) },
  },
  'Mish and Gelu as operators': {
    nodes: after(node('Mish', ['c'], ['a']), node('Gelu', ['a'], ['y'])),
    constants: kernel,
    opset: 20,
  },
  'Clip with attributes': {
    nodes: after(node('Clip', ['c'], ['y'], { min: { float: -0.5 }, max: { float: 1.25 } })),
    constants: kernel,
    opset: 9,
  },
  'Clip with inputs, one absent, and Min and Max': {
    nodes: after(
      node('Clip', ['c', '', 'six'], ['a']),
      node('Max', ['a', 'low'], ['b']),
      node('Min', ['six', 'b'], ['y']),
    ),
    constants: { ...kernel, six: floats([], [6]), low: floats([1], [-1]) },
  },
  'Gelu as it was spelled before it was an operator': {
    nodes: after(
      node('Div', ['c', 'root'], ['d']),
      node('Erf', ['d'], ['e']),
      node('Add', ['e', 'one'], ['f']),
      node('Mul', ['c', 'f'], ['g']),
      node('Mul', ['g', 'half'], ['y']),
    ),
    constants: { ...kernel, root: floats([], [Math.SQRT2]), one: floats([], [1]), half: floats([], [0.5]) },
  },
  'hard swish as x relu6(x + 3) / 6': {
    nodes: after(
      node('Add', ['c', 'three'], ['d']),
      node('Clip', ['d'], ['e'], { min: { float: 0 }, max: { float: 6 } }),
      node('Mul', ['c', 'e'], ['f']),
      node('Div', ['f', 'six'], ['y']),
    ),
    constants: { ...kernel, three: floats([], [3]), six: floats([], [6]) },
    opset: 10,
  },
  'sums, differences, products with constants and tensors': {
    nodes: after(
      node('Sub', ['one', 'c'], ['d']),
      node('Sub', ['c', 'd'], ['e']),
      node('Neg', ['e'], ['f']),
      node('Pow', ['f', 'two'], ['g']),
      node('Sum', ['g', 'c', 'd'], ['h']),
      node('Div', ['h', 'p'], ['y']),
    ),
    constants: { ...kernel, one: floats([], [1]), two: floats([], [2]), p: positive([1, 4, 1, 1]) },
  },
  'a squeeze-and-excite gate, its parts broadcast': {
    nodes: after(
      node('GlobalAveragePool', ['c'], ['p']),
      node('Conv', ['p', 'g'], ['q']),
      node('Sigmoid', ['q'], ['r']),
      node('Mul', ['r', 'c'], ['s']),
      node('Add', ['s', 'p'], ['y']),
    ),
    constants: { ...kernel, g: normal([4, 4, 1, 1], 2) },
  },
  'MaxPool and AveragePool rounding up, padding counted or not': {
    nodes: [
      node('MaxPool', ['x'], ['a'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      node('AveragePool', ['a'], ['b'], { kernel_shape: [3, 3], ...same }),
      node('AveragePool', ['b'], ['c'], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
      node('AveragePool', ['c'], ['y'], { kernel_shape: [3, 3], ...same, count_include_pad: 1 }),
    ],
    inputs: { x: ['n', 3, 16, 15] },
  },
  'MaxPool padded, rounding up': {
    nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], ...same, ceil_mode: 1 })],
    inputs: { x: ['n', 3, 8, 9] },
  },
  'means over height and width in every spelling': {
    nodes: after(
      node('ReduceMean', ['c'], ['a'], { axes: [2, 3], keepdims: 1 }),
      node('ReduceMean', ['c'], ['b1'], { axes: [-1], keepdims: 0 }),
      node('ReduceMean', ['b1'], ['b2'], { axes: [2], keepdims: 0 }),
      node('Flatten', ['a'], ['a2']),
      node('ReduceMax', ['c'], ['m'], { axes: [2, 3], keepdims: 0 }),
      node('Concat', ['a2', 'b2', 'm'], ['y'], { axis: 1 }),
    ),
    constants: kernel,
  },
  'Cast between floats, a sum over space, repeated to the size it came from': {
    nodes: after(
      node('Cast', ['c'], ['d'], { to: 1 }),
      node('ReduceSum', ['d', 'space'], ['s']),
      node('Expand', ['s', 'size'], ['e']),
      node('Add', ['d', 'e'], ['y']),
    ),
    constants: { ...kernel, space: whole([2, 3]), size: whole([1, 4, 6, 8]) },
  },
  'Concat along channels, height and width': {
    nodes: [
      node('Concat', ['x', 'x'], ['a'], { axis: 1 }),
      node('Concat', ['a', 'a'], ['b'], { axis: 2 }),
      node('Concat', ['b', 'b'], ['y'], { axis: -1 }),
    ],
  },
  'Pad, negative too, and Slice with steps': {
    nodes: [node('Pad', ['x', 'pads'], ['a']), node('Slice', ['a', 'from', 'to', 'axes', 'steps'], ['y'])],
    constants: {
      pads: whole([0, 1, 2, -1, 0, 2, 0, 3]),
      from: whole([0, 1, -100]),
      to: whole([4, 2 ** 40, 9]),
      axes: whole([1, 2, 3]),
      steps: whole([1, 2, 2]),
    },
  },
  'Split, Gather and SpaceToDepth': {
    nodes: [
      node('Split', ['x', 'lengths'], ['a', 'b'], { axis: 1 }),
      node('Gather', ['x', 'last'], ['g'], { axis: 1 }),
      node('Unsqueeze', ['g', 'one'], ['h']),
      node('Concat', ['b', 'a', 'h'], ['d'], { axis: 1 }),
      node('SpaceToDepth', ['d'], ['y'], { blocksize: 2 }),
    ],
    constants: { lengths: whole([1, 2]), last: whole([-1], []), one: whole([1]) },
  },
  'Resize in the modes of PyTorch': {
    nodes: [
      node('Resize', ['x', '', 'twice'], ['a'], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      }),
      node('Resize', ['a', '', '', 'size'], ['b'], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }),
      node('Resize', ['b', '', '', 'small'], ['y'], {
        mode: 'linear',
        coordinate_transformation_mode: 'pytorch_half_pixel',
      }),
    ],
    constants: { twice: floats([4], [1, 1, 2, 2]), size: whole([1, 3, 15, 9]), small: whole([1, 3, 7, 20]) },
    inputs: { x: [1, 3, 6, 8] },
  },
  'Upsample of opset 9': {
    nodes: [node('Upsample', ['x', 's'], ['y'], { mode: 'nearest' })],
    constants: { s: floats([4], [1, 1, 2, 3]) },
    opset: 9,
  },
  'Upsample of opset 9, linear': {
    nodes: [node('Upsample', ['x', 's'], ['y'], { mode: 'linear' })],
    constants: { s: floats([4], [1, 1, 2, 2]) },
    opset: 9,
  },
  'a flatten of NCHW before Gemm': {
    nodes: after(
      node('Flatten', ['c'], ['f']),
      node('Gemm', ['f', 'w', 'b'], ['y'], { transB: 1, alpha: { float: 0.5 } }),
    ),
    constants: { ...kernel, w: normal([5, 192], 2), b: normal([5], 3) },
  },
  'a Reshape whose target is computed, MatMul and Add': {
    nodes: after(
      node('Shape', ['c'], ['s']),
      node('Gather', ['s', 'zero'], ['n0'], { axis: 0 }),
      node('Unsqueeze', ['n0', 'front'], ['n1']),
      node('Concat', ['n1', 'minus'], ['t'], { axis: 0 }),
      node('Reshape', ['c', 't'], ['f']),
      node('MatMul', ['f', 'w'], ['m']),
      node('Add', ['m', 'b'], ['y']),
    ),
    constants: {
      ...kernel,
      zero: whole([0], []),
      front: whole([0]),
      minus: whole([-1]),
      w: normal([192, 5], 2),
      b: normal([5], 3),
    },
  },
  'a detector head: NHWC, rows of boxes, joined, softmax over the classes': {
    nodes: [
      node('Conv', ['x', 'k'], ['a'], same),
      node('Transpose', ['a'], ['b'], { perm: [0, 2, 3, 1] }),
      node('Reshape', ['b', 't'], ['c']),
      node('MaxPool', ['x'], ['d'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Conv', ['d', 'k'], ['e'], same),
      node('Transpose', ['e'], ['f'], { perm: [0, 2, 3, 1] }),
      node('Reshape', ['f', 't'], ['g']),
      node('Concat', ['c', 'g'], ['h'], { axis: 1 }),
      node('Softmax', ['h'], ['y'], { axis: 2 }),
    ],
    constants: { k: normal([6, 3, 3, 3]), t: whole([1, -1, 2]) },
    inputs: { x: [1, 3, 6, 8] },
  },
  'a channel shuffle: Reshape, Transpose, Reshape, between grouped convolutions': {
    nodes: [
      node('Conv', ['x', 'k'], ['c'], same),
      node('Relu', ['c'], ['r']),
      node('Reshape', ['r', 'split'], ['s']),
      node('Transpose', ['s'], ['t'], { perm: [0, 2, 1, 3, 4] }),
      node('Reshape', ['t', 'join'], ['j']),
      node('Conv', ['j', 'g'], ['d'], { ...same, group: 2 }),
      node('Add', ['d', 'j'], ['a']),
      node('GlobalAveragePool', ['a'], ['p']),
      node('Reshape', ['p', 'halves'], ['h']),
      node('Transpose', ['h'], ['i'], { perm: [0, 2, 1] }),
      node('Flatten', ['i'], ['f']),
      node('Gemm', ['f', 'w'], ['y'], { transB: 1 }),
    ],
    constants: {
      k: normal([6, 3, 3, 3]),
      split: whole([0, 3, 2, 6, 8]),
      join: whole([0, -1, 6, 8]),
      g: normal([6, 3, 3, 3], 2),
      halves: whole([0, 2, 3]),
      w: normal([4, 6], 3),
    },
  },
  'Gather of channels in an order of their own': {
    nodes: after(node('Gather', ['c', 'order'], ['g'], { axis: 1 }), node('Conv', ['g', 'm'], ['y'])),
    constants: { ...kernel, order: whole([2, 0, 0, -1, 1]), m: normal([2, 5, 1, 1], 2) },
  },
  'LogSoftmax over classes and over channels': {
    nodes: after(
      node('LogSoftmax', ['c'], ['l'], { axis: 1 }),
      node('Flatten', ['l'], ['f']),
      node('Gemm', ['f', 'w', 'b'], ['d'], { transB: 1 }),
      node('LogSoftmax', ['d'], ['y'], { axis: -1 }),
    ),
    constants: { ...kernel, w: normal([5, 192], 2), b: normal([5], 3) },
  },
  'images that come as NHWC': {
    nodes: [
      node('Sub', ['x', 'mean'], ['s']),
      node('Transpose', ['s'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'k'], ['c'], same),
      node('Transpose', ['c'], ['y'], { perm: [0, 2, 3, 1] }),
    ],
    constants: { ...kernel, mean: normal([3], 2) },
    inputs: { x: ['n', 6, 8, 3] },
  },
  'several outputs, Dropout and Identity between': {
    nodes: after(node('Dropout', ['c'], ['d']), node('Identity', ['d'], ['i']), node('Relu', ['i'], ['y'])),
    constants: kernel,
    outputs: ['c', 'y'],
  },
  'weights that are computed: ConstantOfShape, Transpose, DequantizeLinear': {
    nodes: [
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['k'], { axis: 0 }),
      node('Conv', ['x', 'k'], ['c'], same),
      node('ConstantOfShape', ['shape'], ['ones'], { value: floats([1], [0.25]) }),
      node('Mul', ['c', 'ones'], ['d']),
      node('GlobalMaxPool', ['d'], ['p']),
      node('Squeeze', ['p', 'axes'], ['f']),
      node('Transpose', ['w'], ['v']),
      node('MatMul', ['f', 'v'], ['y']),
    ],
    constants: {
      q: {
        dataType: 3,
        dims: [2n, 3n, 3n, 3n],
        int32Data: Array.from({ length: 54 }, (_, at) => ((at * 37) % 255) - 127),
      },
      scale: positive([2]),
      zero: { dataType: 3, dims: [2n], int32Data: [3, -5] },
      shape: whole([2, 1, 1]),
      axes: whole([2, 3]),
      w: normal([3, 2]),
    },
  },
};
