/**
 * Test material: one small graph for every way channels can be coupled, and random weights for any graph.
 */
import { createRandom } from '../linalg/random';
import type { ConvLayer, Graph, LayerId, Network, Tensor, TensorName } from './graph';
import { sizeOf } from './shapes';
import { expectedTensors } from './tensor-shapes';
import { graphFromText } from './text';
import { GraphBuilder } from './zoo/builder';

/** `graph` with normal weights, statistics that are not those of a fresh network, and no symmetry to hide behind. */
export function withRandomTensors(graph: Graph, seed: number): Network {
  const random = createRandom(seed);
  const tensors: Record<TensorName, Tensor> = {};
  for (const { name, role, shape } of expectedTensors(graph).values()) {
    const draw = role === 'variance' ? () => random.uniform(0.5, 2) : () => random.normal(0, 0.5);
    tensors[name] = { shape, values: Float32Array.from({ length: sizeOf(shape) }, draw) };
  }
  return { graph, tensors, meta: { name: 'test', history: [] } };
}

/** 4x4 images of two channels, two dense outputs; `body` returns the layer the head pools. */
function small(body: (net: GraphBuilder) => LayerId): Graph {
  const net = new GraphBuilder();
  net.input([4, 4, 2]);
  return net.finish(net.dense('head', net.globalAveragePool('pool', body(net)), 2));
}

/** A convolution the builder has no short form for. */
function conv(net: GraphBuilder, id: LayerId, from: LayerId, filters: number, options: Partial<ConvLayer>): LayerId {
  const window = { kernelSize: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] } as const;
  const fixed = { id, op: 'conv', inputs: [from], filters, dilation: [1, 1], groups: 1 } as const;
  return net.append({ ...fixed, ...window, kernel: `${id}.kernel`, ...options });
}

export const hazards = {
  /** Batch norm, an activation that is not 0 at 0, and a bias: nothing is tied. */
  plain: small((net) => {
    const a = conv(net, 'a', 'input', 4, { bias: 'a.bias' });
    const sigmoid = net.activation('a.act', net.batchNorm('a.bn', a), 'sigmoid');
    return net.conv('b', sigmoid, 3);
  }),
  /** Identity shortcut (what option B's later blocks are): `a` and `c` are added. */
  residual: small((net) => {
    const a = net.conv('a', 'input', 4);
    const b = net.conv('b', net.activation('a.act', a), 3);
    return net.add('sum', [net.conv('c', b, 4), a]);
  }),
  /** Option B: a projection takes the place of the stream, so stages are free of each other. */
  projection: small((net) => {
    const a = net.conv('a', 'input', 3);
    const b = net.conv('b', a, 4, { stride: 2 });
    return net.add('sum', [b, net.conv('p', a, 4, { size: 1, stride: 2 })]);
  }),
  /** Option A: two channels, strided and padded with one zero channel before and two after, added to five. */
  paddedShortcut: small((net) => {
    const a = net.conv('a', 'input', 2);
    const b = net.conv('b', a, 5, { stride: 2 });
    const crop = { begin: [0, 0, 0], end: [4, 4, 2], stride: [2, 2, 1] } as const;
    net.append({ id: 'crop', op: 'slice', inputs: [a], ...crop });
    net.append({ id: 'pad', op: 'pad', inputs: ['crop'], padding: [0, 0, 0, 0], channels: [1, 2] });
    return net.conv('c', net.add('sum', [b, 'pad']), 3);
  }),
  /** Concatenation, then one slice across its seam: `a` has channels 0-2 of it, `b` 3-5, the slice takes 2-4. */
  concatSplit: small((net) => {
    const both = net.concat('both', [net.conv('a', 'input', 3), net.conv('b', 'input', 3)]);
    const crop = { begin: [0, 0, 2], end: [4, 4, 5], stride: [1, 1, 1] } as const;
    return net.add('sum', [net.append({ id: 'part', op: 'slice', inputs: [both], ...crop }), net.conv('c', both, 3)]);
  }),
  /** Dense connections: every layer reads all before it, through a batch norm over the concatenation. */
  dense: small((net) => {
    let stream = net.conv('stem', 'input', 3);
    for (const id of ['d1', 'd2']) {
      const made = net.conv(id, net.activation(`${id}.act`, net.batchNorm(`${id}.bn`, stream), 'sigmoid'), 2);
      stream = net.concat(`${id}.cat`, [stream, made]);
    }
    return net.batchNorm('last.bn', stream);
  }),
  /** Expansion, depthwise, projection: the inverted residual of MobileNetV2. */
  depthwise: small((net) => {
    const a = net.conv('a', 'input', 3);
    const wide = net.activation('wide.act', net.batchNorm('wide.bn', net.conv('wide', a, 4, { size: 1 })), 'relu6');
    const deep = net.batchNorm('deep.bn', net.depthwise('deep', net.depthwise('deep0', wide), { stride: 1 }));
    return net.add('sum', [net.conv('narrow', deep, 3, { size: 1 }), a]);
  }),
  /** Two groups of three inputs and two filters. */
  grouped: small((net) => {
    const a = net.conv('a', 'input', 6);
    return conv(net, 'g', a, 4, { groups: 2, bias: 'g.bias' });
  }),
  /** As many groups as inputs, two filters each: a depthwise convolution with a multiplier. */
  multiplier: small((net) => conv(net, 'g', net.conv('a', 'input', 3), 6, { groups: 3 })),
  /** Squeeze and excitation: the gate of every channel comes from a dense layer. */
  excitation: small((net) => {
    const a = net.conv('a', 'input', 4);
    const squeeze = net.activation('squeeze.act', net.dense('squeeze', net.globalAveragePool('mean', a), 2));
    const gate = net.activation('gate.act', net.dense('gate', squeeze, 4), 'sigmoid');
    return net.append({ id: 'scaled', op: 'multiply', inputs: [a, gate] });
  }),
  /** Spatial attention: one channel is spread over all. */
  attention: small((net) => {
    const a = net.conv('a', 'input', 4);
    const map = net.activation('map.act', net.conv('map', a, 1), 'sigmoid');
    return net.append({ id: 'scaled', op: 'multiply', inputs: [a, map] });
  }),
  /** A convolution with a single filter between two ordinary ones. */
  singleFilter: small((net) => net.conv('b', net.conv('one', net.conv('a', 'input', 3), 1), 3)),
  /** The same kernel twice: an unrolled loop. */
  shared: small((net) => {
    const a = net.conv('a', 'input', 3);
    const first = conv(net, 'step1', a, 3, { kernel: 'step.kernel', bias: 'step.bias' });
    return conv(net, 'step2', net.activation('step1.act', first), 3, { kernel: 'step.kernel', bias: 'step.bias' });
  }),
  /** Depthwise on the image itself: the input's channels are given. */
  depthwiseInput: small((net) => net.conv('b', net.depthwise('first', 'input'), 3)),
  /** Every second channel is picked, which no cut of the layer before can keep up. */
  stridedSlice: small((net) => {
    const a = net.conv('a', 'input', 4);
    const crop = { begin: [0, 0, 0], end: [4, 4, 4], stride: [1, 1, 2] } as const;
    return net.conv('b', net.append({ id: 'every2', op: 'slice', inputs: [a], ...crop }), 2);
  }),
  /** A channel shuffle in three groups, a channel left out and one repeated behind it. */
  shuffled: graphFromText(
    `input 4x4x2 / a = conv 6 3x3 p1 bias / gather 0,2,4,1,3,5 / tanh / b = conv 6 3x3 p1 g2 / pick = gather 5,1,1,0,2
    c = conv 5 1x1 < b / add < . pick / globalPool / gather 4,3,2,1,0 / head = dense 2`,
  ),
  /** Everything that carries channels through unchanged, zero or not at zero. */
  carried: graphFromText(
    `input 4x4x2 / a = conv 4 3x3 p1 bias / bn / prelu / scale 2 offset=-1 / clip min=0.5 / resize 7x3 bilinear
    softplus / hardSigmoid / gelu / reshape 3x7x4 / b = conv 3 3x3 p1 / globalPool keepSpatial / reshape 3 / head = dense 2`,
  ),
  /** A transposed convolution makes filters of its own and mixes those before it. */
  transposed: graphFromText(
    `input 4x4x2 / a = conv 3 3x3 p1 / t = convTranspose 4 3x2 s2x1 p1,0,0,1 o1x0 bias / prelu
    b = convTranspose 3 2x2 s2 / globalPool / head = dense 2`,
  ),
  /** Laid side by side in space, channels meet channels. */
  sideBySide: graphFromText(
    `input 4x4x2 / a = conv 3 3x3 p1 bias / b = conv 3 3x3 p1 < input / c = conv 3 3x3 p1 < input / concat height < a b
    high = slice 0:4 0:4 0:3 / wide = concat width < high c / globalPool / head = dense 2`,
  ),
  /** One slope tensor for two layers. */
  sharedSlope: graphFromText(
    `input 4x4x2 / a = conv 3 3x3 p1 / prelu slope=s / b = conv 3 3x3 p1 / prelu slope=s / globalPool / head = dense 2`,
  ),
  /** Four channels dealt out as two. */
  reshaped: graphFromText(
    `input 4x4x2 / a = conv 4 3x3 p1 / fold = reshape 4x8x2 / b = conv 3 3x3 p1 / globalPool / head = dense 2`,
  ),
  /** Flattened 2x2x3 before the dense layer, softmax at the end. */
  flatten: flattened(),
} as const satisfies Record<string, Graph>;

function flattened(): Graph {
  const net = new GraphBuilder();
  const a = net.conv('a', net.input([4, 4, 2]), 3, { stride: 2 });
  net.append({ id: 'flat', op: 'flatten', inputs: [net.activation('a.act', a)] });
  const hidden = net.activation('hidden.act', net.dense('hidden', 'flat', 5));
  return net.finish(net.append({ id: 'soft', op: 'softmax', inputs: [net.dense('head', hidden, 2)] }));
}
