/** TensorFlow operations without weights: activations, arithmetic, pooling, joining and rearranging. */
import type { ActivationLayer, Pair, Shape } from '../../../network/graph';
import { sizeOf } from '../../../network/shapes';
import { NotUnderstood } from '../../network-draft';
import { windowPadding } from '../../tensorflow-windows';
import { affine, mapped } from './affine';
import { flagOf, numberOf, numbersOf, pairOf, requireNhwc, textOf } from './nodes';
import type { LayerValue, Operation } from './operation';

type Translate = (o: Operation) => LayerValue;

function activation(fields: Omit<ActivationLayer, 'id' | 'inputs' | 'op'>): Translate {
  return (o) => o.add({ op: 'activation', id: o.id, inputs: [o.layer().id], ...fields });
}

const same: Translate = (o) => o.grouped();

/** The computed inputs, and the constant one where there is one. */
function sides(o: Operation) {
  const [first, second] = o.inputs;
  if (first?.kind === 'layer' && second?.kind === 'constant')
    return { input: first, constant: second.tensor, turned: false };
  if (first?.kind === 'constant' && second?.kind === 'layer')
    return { input: second, constant: first.tensor, turned: true };
  return undefined;
}

const add: Translate = (o) => {
  const mixed = sides(o);
  if (mixed !== undefined) return affine(o, mixed.input, { offset: mixed.constant });
  return o.add({ op: 'add', id: o.id, inputs: o.inputs.map((_, at) => o.layer(at).id) });
};

const subtract: Translate = (o) => {
  const mixed = sides(o);
  if (mixed !== undefined) {
    const { input, constant, turned } = mixed;
    const minus = { shape: [], values: Float32Array.of(-1) };
    return turned
      ? affine(o, input, { factor: minus, offset: constant })
      : affine(o, input, { offset: mapped(constant, (value) => -value) });
  }
  const [first, second] = [o.layer(0), o.layer(1)];
  const negative = o.add({ op: 'scale', id: o.part('negative'), inputs: [second.id], factor: -1, offset: 0 });
  return o.add({ op: 'add', id: o.id, inputs: [first.id, negative.id] });
};

const multiply: Translate = (o) => {
  const mixed = sides(o);
  if (mixed !== undefined) return affine(o, mixed.input, { factor: mixed.constant });
  const [first, second] = [o.layer(0), o.layer(1)];
  // The larger first: the other is spread over it.
  const swap = sizeOf(o.shape(0)) < sizeOf(o.shape(1));
  const inputs = swap ? [second.id, first.id] : [first.id, second.id];
  return o.add({ op: 'multiply', id: o.id, inputs }, Math.max(first.rank, second.rank));
};

const divide: Translate = (o) => {
  const mixed = sides(o);
  if (mixed === undefined || mixed.turned) throw new NotUnderstood('Only dividing by a constant has a layer here.');
  return affine(o, mixed.input, { factor: mapped(mixed.constant, (value) => 1 / value) });
};

const negate: Translate = (o) => o.add({ op: 'scale', id: o.id, inputs: [o.layer().id], factor: -1, offset: 0 });

function bound(side: 'min' | 'max'): Translate {
  return (o) => {
    const mixed = sides(o);
    const [value] = mixed?.constant.values.length === 1 ? mixed.constant.values : [];
    if (mixed === undefined || value === undefined)
      throw new NotUnderstood('Only a bound of one number has a layer here.');
    const place = { op: 'activation', id: o.id, inputs: [mixed.input.id] } as const;
    if (side === 'min' && value === 0) return o.add({ ...place, kind: 'relu' }, mixed.input.rank);
    return o.add({ ...place, kind: 'clip', [side]: value }, mixed.input.rank);
  };
}

const clip: Translate = (o) => {
  const [[min = 0], [max = 0]] = [o.numbers(1), o.numbers(2)];
  return o.add({ op: 'activation', id: o.id, inputs: [o.layer().id], kind: 'clip', min, max });
};

const prelu: Translate = (o) => {
  const channels = o.shape().at(-1) ?? 0;
  return o.add({ op: 'prelu', id: o.id, inputs: [o.layer().id], slope: o.keep('slope', o.constant(1), [channels]) });
};

function pool(op: 'maxPool' | 'averagePool'): Translate {
  return (o) => {
    requireNhwc(o.node);
    const [kernelSize, stride] = [pairOf(o.node, 'ksize'), pairOf(o.node, 'strides')];
    const [height, width] = o.spatial();
    const mode = textOf(o.node, 'padding', 'VALID') === 'SAME' ? 'same' : 'valid';
    const padding = windowPadding(mode, [height, width], { kernelSize, stride });
    const window = { id: o.id, inputs: [o.layer().id], kernelSize, stride, padding };
    return o.add(op === 'maxPool' ? { op, ...window } : { op, ...window, countPadding: false });
  };
}

/** Axes of a reduction, counted from the front. */
function reducedAxes(o: Operation): readonly number[] {
  const { rank } = o.layer();
  return o.numbers(1).map((axis) => (axis < 0 ? axis + rank : axis));
}

function reduce(mode: 'average' | 'max'): Translate {
  return (o) => {
    if (
      o.layer().rank !== 4 ||
      reducedAxes(o)
        .toSorted((a, b) => a - b)
        .join() !== '1,2'
    ) {
      throw new NotUnderstood('Only reducing all positions of an image has a layer here.');
    }
    const place = { op: 'globalPool', id: o.id, inputs: [o.layer().id], mode } as const;
    const keep = flagOf(o.node, 'keep_dims') || flagOf(o.node, 'keepDims');
    return keep ? o.add({ ...place, keepSpatial: true }, 4) : o.add(place, 2);
  };
}

function resize(mode: 'nearest' | 'bilinear'): Translate {
  return (o) => {
    const [height = 1, width = 1] = o.numbers(1);
    const size: Pair = [height, width];
    const half = flagOf(o.node, 'half_pixel_centers') ? 'halfPixel' : 'asymmetric';
    const grid = flagOf(o.node, 'align_corners') ? 'alignCorners' : half;
    o.spatial();
    return o.add({ op: 'resize', id: o.id, inputs: [o.layer().id], size, mode, grid });
  };
}

/** Our shape for TensorFlow's axes behind the batch. */
function ourShape(axes: readonly number[]): Shape {
  const [first = 1, second = 1, third = 1] = axes;
  if (axes.length === 1) return [first];
  if (axes.length === 2) return [first, 1, second];
  if (axes.length === 3) return [first, second, third];
  throw new NotUnderstood(`Tensors of ${axes.length + 1} axes have no layer here.`);
}

/** TensorFlow's axes behind the batch. */
function tensorAxes(o: Operation, at = 0): readonly number[] {
  const shape = o.shape(at);
  return o.layer(at).rank === 3 && shape.length === 3 ? [shape[0], shape[2]] : shape;
}

function reshaped(o: Operation, axes: readonly number[]): LayerValue {
  const rank = axes.length + 1;
  const before = o.shape();
  const { id } = o.grouped();
  const [height, width, groups = 1, perGroup = 1] = axes;
  if (axes.length === 4 && [height, width, groups * perGroup].join() === before.join()) {
    return { kind: 'layer', id, rank, groups };
  }
  const shape = ourShape(axes);
  if (before.join() === shape.join()) return { kind: 'layer', id, rank };
  if (shape.length === 1) return o.add({ op: 'flatten', id: o.id, inputs: [o.layer().id] }, rank);
  return o.add({ op: 'reshape', id: o.id, inputs: [o.layer().id], shape }, rank);
}

const reshape: Translate = (o) => {
  const [batch = -1, ...target] = o.numbers(1);
  const size = sizeOf(o.shape());
  const known = target.reduce((product, axis) => (axis < 0 ? product : product * axis), 1);
  const axes = target.map((axis) => (axis < 0 ? size / known : axis));
  // The first number is the batch: open, 1, or whatever makes the rest fit.
  if (batch > 1 && sizeOf(axes) !== size) throw new NotUnderstood('It moves numbers between images of a batch.');
  return reshaped(o, axes);
};

const squeeze: Translate = (o) => {
  const { rank } = o.layer();
  const listed = [...numbersOf(o.node, 'squeeze_dims'), ...numbersOf(o.node, 'axis')].map((at) =>
    at < 0 ? at + rank : at,
  );
  const axes = tensorAxes(o);
  return reshaped(
    o,
    axes.filter((length, at) => !(length === 1 && (listed.length === 0 || listed.includes(at + 1)))),
  );
};

const expandDims: Translate = (o) => {
  const [axis = 0] = o.numbers(1);
  const at = axis < 0 ? axis + o.layer().rank + 1 : axis;
  if (at === 0) throw new NotUnderstood('It adds an axis before the batch.');
  return reshaped(o, tensorAxes(o).toSpliced(at - 1, 0, 1));
};

/** Channels in an order of their own. */
const gather: Translate = (o) => {
  const [axis = 0] = o.numbers(2);
  const { rank } = o.layer();
  const width = o.shape().at(-1) ?? 0;
  if ((axis < 0 ? axis + rank : axis) !== rank - 1 || o.constant(1).shape.length !== 1) {
    throw new NotUnderstood('Only picking channels has a layer here.');
  }
  const channels = o.numbers(1).map((channel) => (channel < 0 ? channel + width : channel));
  return o.add({ op: 'gather', id: o.id, inputs: [o.layer().id], channels });
};

const pad: Translate = (o) => {
  const [n0 = 0, n1 = 0, top = 0, bottom = 0, left = 0, right = 0, before = 0, after = 0] = o.numbers(1);
  const [value = 0] = o.inputs[2] === undefined ? [] : o.numbers(2);
  if (n0 + n1 !== 0 || value !== 0) throw new NotUnderstood('Only padding with zeros around images has a layer here.');
  o.spatial();
  const padding = [top, bottom, left, right] as const;
  return o.add({ op: 'pad', id: o.id, inputs: [o.layer().id], padding, channels: [before, after] });
};

const concat: Translate = (o) => {
  const [axis = -1] = o.numbers(o.inputs.length - 1);
  const values = o.inputs.slice(0, -1).map((_, at) => o.layer(at));
  const [{ rank } = o.layer()] = values;
  const at = axis < 0 ? axis + rank : axis;
  const place = { op: 'concat', id: o.id, inputs: values.map(({ id }) => id) } as const;
  if (at === rank - 1) return o.add(place);
  if (at === 1) return o.add({ ...place, axis: 'height' });
  if (at === 2 && rank === 4) return o.add({ ...place, axis: 'width' });
  throw new NotUnderstood('Joining along the batch has no layer here.');
};

type Triple = readonly [number, number, number];

function cut(o: Operation, begin: readonly number[], end: readonly number[], stride: readonly number[]): LayerValue {
  const shape = o.spatial();
  const three = (values: readonly number[], otherwise: Triple): Triple => [
    values[1] ?? otherwise[0],
    values[2] ?? otherwise[1],
    values[3] ?? otherwise[2],
  ];
  const from = three(begin, [0, 0, 0]).map((value, at) => (value < 0 ? value + (shape[at] ?? 0) : value));
  const to = three(end, shape).map((value, at) =>
    Math.min(value < 0 ? value + (shape[at] ?? 0) : value, shape[at] ?? 0),
  );
  const [top = 0, left = 0, first = 0] = from;
  const [bottom = 0, right = 0, last = 0] = to;
  return o.add({
    op: 'slice',
    id: o.id,
    inputs: [o.layer().id],
    begin: [top, left, first],
    end: [bottom, right, last],
    stride: three(stride, [1, 1, 1]),
  });
}

const stridedSlice: Translate = (o) => {
  const mask = (name: string, at: number): boolean => ((numberOf(o.node, name, 0) >> at) & 1) === 1;
  for (const name of ['ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask']) {
    if (numberOf(o.node, name, 0) !== 0) throw new NotUnderstood(`Its ${name} has no layer here.`);
  }
  const shape = [1, ...o.spatial()];
  const begin = o.numbers(1).map((value, at) => (mask('begin_mask', at) ? 0 : value));
  const end = o.numbers(2).map((value, at) => (mask('end_mask', at) ? (shape[at] ?? 0) : value));
  return cut(o, begin, end, o.numbers(3));
};

const slice: Translate = (o) => {
  const shape = [1, ...o.spatial()];
  const begin = o.numbers(1);
  const end = o.numbers(2).map((size, at) => (size < 0 ? (shape[at] ?? 0) : (begin[at] ?? 0) + size));
  return cut(o, begin, end, []);
};

const transpose: Translate = (o) => {
  const order = o.numbers(1);
  if (order.every((axis, at) => axis === at)) return o.grouped();
  const { groups } = o.grouped();
  const width = o.shape().at(-1) ?? 0;
  if (groups !== undefined && order.join() === '0,1,2,4,3') {
    const channels = Array.from(
      { length: width },
      (_, at) => (at % groups) * (width / groups) + Math.floor(at / groups),
    );
    return { ...o.add({ op: 'gather', id: o.id, inputs: [o.grouped().id], channels }), groups: width / groups };
  }
  throw new NotUnderstood('Exchanging axes has no layer here.');
};

/** By TensorFlow operation. */
export const plainOperations: Readonly<Record<string, Translate>> = {
  Identity: same,
  StopGradient: same,
  PreventGradient: same,
  Cast: same,
  Relu: activation({ kind: 'relu' }),
  Relu6: activation({ kind: 'relu6' }),
  Elu: activation({ kind: 'elu' }),
  Sigmoid: activation({ kind: 'sigmoid' }),
  Tanh: activation({ kind: 'tanh' }),
  Softplus: activation({ kind: 'softplus' }),
  LeakyRelu: (o) => activation({ kind: 'leakyRelu', slope: numberOf(o.node, 'alpha', 0.2) })(o),
  Prelu: prelu,
  Softmax: (o) => o.add({ op: 'softmax', id: o.id, inputs: [o.layer().id] }),
  LogSoftmax: (o) => o.add({ op: 'softmax', id: o.id, inputs: [o.layer().id], log: true }),
  Add: add,
  AddV2: add,
  AddN: add,
  BiasAdd: add,
  Sub: subtract,
  Mul: multiply,
  RealDiv: divide,
  Div: divide,
  Neg: negate,
  Maximum: bound('min'),
  Minimum: bound('max'),
  ClipByValue: clip,
  MaxPool: pool('maxPool'),
  AvgPool: pool('averagePool'),
  Mean: reduce('average'),
  Max: reduce('max'),
  ResizeBilinear: resize('bilinear'),
  ResizeNearestNeighbor: resize('nearest'),
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Pad: pad,
  PadV2: pad,
  ConcatV2: concat,
  StridedSlice: stridedSlice,
  Slice: slice,
  Transpose: transpose,
  GatherV2: gather,
};
