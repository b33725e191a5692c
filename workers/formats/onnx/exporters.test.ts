/**
 * The hands of exporters that have no file here: small graphs spelled as tf2onnx, PyTorch's dynamo exporter and Hugging
 * Face's Optimum spell them. Read, written again, and run in ONNX Runtime both times.
 */
import { describe, expect, it } from 'vitest';
import type { Network } from '../../network/graph';
import { model, type ModelInit, node, normal, positive, whole } from './model-for-tests';
import { proven, reopened } from './proof-for-tests';
import { compare } from './runtime-for-tests';

interface Hand {
  readonly init: ModelInit;
  /** What it should become. */
  readonly layers: readonly string[];
  readonly images?: number;
}

const front = { perm: [0, 3, 1, 2] };
const back = { perm: [0, 2, 3, 1] };
const scalar = (value: number) => ({ dataType: 1, dims: [], floatData: [value] });

const hands: Readonly<Record<string, Hand>> = {
  'tf2onnx: NHWC turned at both ends, batch norm in the convolution, SAME as uneven pads, Squeeze before the head': {
    init: {
      nodes: [
        node('Transpose', ['input_1:0'], ['model/conv/BiasAdd__6:0'], front),
        node('Conv', ['model/conv/BiasAdd__6:0', 'const_fold_opt__40', 'b1'], ['model/conv/BiasAdd:0'], {
          dilations: [1, 1],
          strides: [2, 2],
          kernel_shape: [3, 3],
          pads: [0, 0, 1, 1],
          group: 1,
        }),
        node('Clip', ['model/conv/BiasAdd:0', 'zero', 'six'], ['model/relu6:0']),
        node('Pad', ['model/relu6:0', 'paddings'], ['model/pad:0'], { mode: 'constant' }),
        node('Conv', ['model/pad:0', 'dw', 'b2'], ['model/depthwise:0'], {
          kernel_shape: [3, 3],
          strides: [1, 1],
          group: 4,
          auto_pad: 'VALID',
        }),
        node('Relu', ['model/depthwise:0'], ['model/relu:0']),
        node('Transpose', ['model/relu:0'], ['model/relu__back:0'], back),
        node('ReduceMean', ['model/relu__back:0'], ['model/mean:0'], { axes: [1, 2], keepdims: 0 }),
        node('MatMul', ['model/mean:0', 'w'], ['model/dense/MatMul:0']),
        node('Add', ['model/dense/MatMul:0', 'b3'], ['model/dense/BiasAdd:0']),
        node('Softmax', ['model/dense/BiasAdd:0'], ['Identity:0'], { axis: -1 }),
      ],
      constants: {
        const_fold_opt__40: normal([4, 3, 3, 3]),
        b1: normal([4], 2),
        zero: scalar(0),
        six: scalar(6),
        paddings: whole([0, 0, 1, 0, 0, 0, 1, 2]),
        dw: normal([4, 1, 3, 3], 3),
        b2: normal([4], 4),
        w: normal([4, 5], 5),
        b3: normal([5], 6),
      },
      inputs: { 'input_1:0': ['unk__45', 8, 8, 3] },
      outputs: ['Identity:0'],
      opset: 13,
    },
    layers: ['input', 'conv', 'activation', 'pad', 'depthwise', 'activation', 'globalPool', 'dense', 'softmax'],
  },
  'tf2onnx: a kernel that is reshaped, GlobalAveragePool and Squeeze, a sum between turned images': {
    init: {
      nodes: [
        node('Transpose', ['x:0'], ['t'], front),
        node('Reshape', ['flat', 'shape'], ['k']),
        node('Conv', ['t', 'k'], ['c'], { auto_pad: 'SAME_UPPER', kernel_shape: [3, 3] }),
        node('Transpose', ['c'], ['rows'], back),
        node('Mul', ['rows', 'half'], ['scaled']),
        node('Add', ['scaled', 'rows'], ['sum']),
        node('Transpose', ['sum'], ['again'], front),
        node('GlobalAveragePool', ['again'], ['pool']),
        node('Squeeze', ['pool', 'axes'], ['features']),
        node('Gemm', ['features', 'w', 'b'], ['Identity:0'], { transB: 1 }),
      ],
      constants: {
        flat: normal([108]),
        shape: whole([4, 3, 3, 3]),
        half: scalar(0.5),
        axes: whole([2, 3]),
        w: normal([5, 4], 2),
        b: normal([5], 3),
      },
      inputs: { 'x:0': ['unk__1', 6, 8, 3] },
      outputs: ['Identity:0'],
      opset: 15,
    },
    layers: ['input', 'conv', 'scale', 'add', 'globalPool', 'dense'],
  },
  'tf2onnx: an image flattened in NHWC before the head': {
    init: {
      nodes: [
        node('Transpose', ['x:0'], ['t'], front),
        node('Conv', ['t', 'k'], ['c'], { pads: [1, 1, 1, 1] }),
        node('MaxPool', ['c'], ['p'], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'VALID' }),
        node('Transpose', ['p'], ['rows'], back),
        node('Reshape', ['rows', 'flat'], ['f']),
        node('MatMul', ['f', 'w'], ['Identity:0']),
      ],
      constants: { k: normal([4, 3, 3, 3]), flat: whole([-1, 48]), w: normal([48, 5], 2) },
      inputs: { 'x:0': ['unk__1', 6, 8, 3] },
      outputs: ['Identity:0'],
      opset: 12,
    },
    layers: ['input', 'conv', 'maxPool', 'flatten', 'dense'],
  },
  'dynamo: opset 18, axes and bounds as inputs, Reshape with allowzero, one image': {
    init: {
      nodes: [
        node('Conv', ['x', 'features.0.weight'], ['conv2d'], {
          auto_pad: 'NOTSET',
          dilations: [1, 1],
          group: 1,
          pads: [1, 1, 1, 1],
          strides: [2, 2],
        }),
        node(
          'BatchNormalization',
          ['conv2d', 'features.1.weight', 'features.1.bias', 'features.1.running_mean', 'features.1.running_var'],
          ['batch_norm'],
          { epsilon: { float: 1e-5 }, momentum: { float: 0.9 }, training_mode: 0 },
        ),
        node('Constant', [], ['val_0'], { value: scalar(0) }),
        node('Constant', [], ['val_1'], { value: scalar(6) }),
        node('Clip', ['batch_norm', 'val_0', 'val_1'], ['hardtanh']),
        node('Constant', [], ['val_2'], { value: whole([-1, -2]) }),
        node('ReduceMean', ['hardtanh', 'val_2'], ['mean'], { keepdims: 1, noop_with_empty_axes: 0 }),
        node('Constant', [], ['val_3'], { value: whole([1, 4]) }),
        node('Reshape', ['mean', 'val_3'], ['view'], { allowzero: 1 }),
        node('Gemm', ['view', 'classifier.weight', 'classifier.bias'], ['linear'], {
          alpha: { float: 1 },
          beta: { float: 1 },
          transA: 0,
          transB: 1,
        }),
        node('LogSoftmax', ['linear'], ['log_softmax'], { axis: 1 }),
      ],
      constants: {
        'features.0.weight': normal([4, 3, 3, 3]),
        'features.1.weight': normal([4], 2),
        'features.1.bias': normal([4], 3),
        'features.1.running_mean': normal([4], 4),
        'features.1.running_var': positive([4], 5),
        'classifier.weight': normal([5, 4], 6),
        'classifier.bias': normal([5], 7),
      },
      inputs: { x: [1, 3, 8, 8] },
      outputs: ['log_softmax'],
      opset: 18,
    },
    layers: ['input', 'conv', 'batchNorm', 'activation', 'globalPool', 'dense', 'softmax'],
    images: 1,
  },
  'dynamo: an open batch, a channel shuffle and a gate with the sizes computed': {
    init: {
      nodes: [
        node('Shape', ['x'], ['val_0'], { start: 0, end: 1 }),
        node('Conv', ['x', 'stem.weight', 'stem.bias'], ['conv2d'], { pads: [1, 1, 1, 1] }),
        node('Concat', ['val_0', 'split'], ['val_1'], { axis: 0 }),
        node('Reshape', ['conv2d', 'val_1'], ['view'], { allowzero: 1 }),
        node('Transpose', ['view'], ['transpose'], { perm: [0, 2, 1, 3, 4] }),
        node('Concat', ['val_0', 'join'], ['val_2'], { axis: 0 }),
        node('Reshape', ['transpose', 'val_2'], ['view_1'], { allowzero: 1 }),
        node('ReduceMean', ['view_1', 'axes'], ['mean'], { keepdims: 1 }),
        node('Conv', ['mean', 'gate.weight'], ['conv2d_1']),
        node('HardSigmoid', ['conv2d_1'], ['hardsigmoid'], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
        node('Mul', ['view_1', 'hardsigmoid'], ['mul']),
        node('Conv', ['mul', 'head.weight'], ['conv2d_2'], { group: 2 }),
      ],
      constants: {
        'stem.weight': normal([6, 3, 3, 3]),
        'stem.bias': normal([6], 2),
        split: whole([3, 2, 6, 8]),
        join: whole([6, 6, 8]),
        axes: whole([2, 3]),
        'gate.weight': normal([6, 6, 1, 1], 3),
        'head.weight': normal([4, 3, 1, 1], 4),
      },
      inputs: { x: ['s77', 3, 6, 8] },
      outputs: ['conv2d_2'],
      opset: 18,
    },
    layers: ['input', 'conv', 'gather', 'globalPool', 'conv', 'activation', 'multiply', 'conv'],
  },
  'Optimum: every size of the input open, channels too, the flatten computed from shapes': {
    init: {
      nodes: [
        node('Conv', ['pixel_values', 'resnet.embedder.convolution.weight', 'cb'], ['/resnet/embedder/Conv_output_0'], {
          dilations: [1, 1],
          group: 1,
          kernel_shape: [7, 7],
          pads: [3, 3, 3, 3],
          strides: [16, 16],
        }),
        node('Relu', ['/resnet/embedder/Conv_output_0'], ['/resnet/embedder/Relu_output_0']),
        node('GlobalAveragePool', ['/resnet/embedder/Relu_output_0'], ['/resnet/pooler/Pool_output_0']),
        node('Shape', ['/resnet/pooler/Pool_output_0'], ['/Shape_output_0']),
        node('Constant', [], ['/Constant_output_0'], { value: whole([0], []) }),
        node('Gather', ['/Shape_output_0', '/Constant_output_0'], ['/Gather_output_0'], { axis: 0 }),
        node('Constant', [], ['/Constant_1_output_0'], { value: whole([0]) }),
        node('Unsqueeze', ['/Gather_output_0', '/Constant_1_output_0'], ['/Unsqueeze_output_0']),
        node('Constant', [], ['/Constant_2_output_0'], { value: whole([-1]) }),
        node('Concat', ['/Unsqueeze_output_0', '/Constant_2_output_0'], ['/Concat_output_0'], { axis: 0 }),
        node('Reshape', ['/resnet/pooler/Pool_output_0', '/Concat_output_0'], ['/Reshape_output_0'], { allowzero: 0 }),
        node('Gemm', ['/Reshape_output_0', 'classifier.1.weight', 'classifier.1.bias'], ['logits'], { transB: 1 }),
      ],
      constants: {
        'resnet.embedder.convolution.weight': normal([4, 3, 7, 7]),
        cb: normal([4], 2),
        'classifier.1.weight': normal([5, 4], 3),
        'classifier.1.bias': normal([5], 4),
      },
      inputs: { pixel_values: ['batch_size', 'num_channels', 'height', 'width'] },
      outputs: ['logits'],
      opset: 14,
    },
    layers: ['input', 'conv', 'activation', 'globalPool', 'dense'],
  },
};

describe('files as exporters write them', () => {
  it.each(Object.entries(hands))('%s', async (_name, { init, layers, images = 2 }) => {
    const bytes = model(init);
    const { network } = await reopened(bytes);
    expect(network.graph.layers.map(({ op }) => op)).toEqual(layers);
    const { difference, largest } = await compare(network, bytes, images);
    expect(largest).toBeGreaterThan(1e-3);
    expect(difference).toBeLessThan(1e-5);
    const back: Network = await proven(network, images);
    expect(back.meta.origin?.inputs).toEqual(network.meta.origin?.inputs);
    expect(back.meta.origin?.outputs).toEqual(network.meta.origin?.outputs);
  });

  it('an input whose channels are open takes what its first convolution takes, and says so', async () => {
    const { notes } = await reopened(model(hands[Object.keys(hands).at(-1) ?? '']?.init ?? { nodes: [] }));
    expect(notes.slice(0, 2)).toEqual([
      'Input "pixel_values" leaves its height and width open; 224 pixels are assumed.',
      'Input "pixel_values" leaves its channels open; its first convolution takes 3.',
    ]);
    const open = { nodes: [node('Relu', ['x'], ['y'])], inputs: { x: ['n', 'c', 6, 8] } };
    await expect(reopened(model(open))).rejects.toThrow('leaves its number of channels open');
  });
});
