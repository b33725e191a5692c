/** Keras layers without weights: activations, pooling, joining and rearranging. */
import type { LayerId, Pair, Shape } from '../../network/graph';
import { sizeOf } from '../../network/shapes';
import { NotUnderstood } from '../network-draft';
import { windowPadding } from '../tensorflow-windows';
import { activationLayer } from './activations';
import {
  activationName,
  bordersField,
  flagField,
  listField,
  numberField,
  paddingField,
  pairField,
  requireChannelsLast,
  textField,
} from './fields';
import type { Translation } from './translation';

type Translate = (t: Translation) => LayerId;

function activation(t: Translation): LayerId {
  const layer = activationLayer(activationName(t.config['activation']), t.dialect, t.id, t.input);
  return layer === undefined ? t.input : t.add(layer);
}

function relu(t: Translation): LayerId {
  const most = t.config['max_value'] ?? null;
  const slope = numberField(t.config, 'negative_slope', 0);
  if (numberField(t.config, 'threshold', 0) !== 0)
    throw new NotUnderstood('A ReLU with a threshold has no layer here.');
  const place = { op: 'activation', id: t.id, inputs: [t.input] } as const;
  if (most === null) return t.add(slope === 0 ? { ...place, kind: 'relu' } : { ...place, kind: 'leakyRelu', slope });
  if (slope !== 0) throw new NotUnderstood('A ReLU with both a slope and an upper bound has no layer here.');
  const max = numberField(t.config, 'max_value', 6);
  return t.add(max === 6 ? { ...place, kind: 'relu6' } : { ...place, kind: 'clip', min: 0, max });
}

function elu(t: Translation): LayerId {
  if (numberField(t.config, 'alpha', 1) !== 1) throw new NotUnderstood('Only an ELU with alpha 1 has a layer here.');
  return t.add({ op: 'activation', id: t.id, inputs: [t.input], kind: 'elu' });
}

function softmax(t: Translation): LayerId {
  const axis = t.config['axis'] === undefined ? -1 : numberField(t.config, 'axis', -1);
  if (axis !== -1 && axis !== t.inputShape.length)
    throw new NotUnderstood('Only a softmax over channels has a layer here.');
  return t.add({ op: 'softmax', id: t.id, inputs: [t.input] });
}

function pool(op: 'maxPool' | 'averagePool'): Translate {
  return (t) => {
    requireChannelsLast(t.config);
    const kernelSize = pairField(t.config, 'pool_size', [2, 2]);
    const stride = pairField(t.config, 'strides', kernelSize);
    const padding = windowPadding(paddingField(t.config), t.positions, { kernelSize, stride });
    const window = { id: t.id, inputs: [t.input], kernelSize, stride, padding };
    // TensorFlow leaves padded pixels out of the mean.
    return t.add(op === 'maxPool' ? { op, ...window } : { op, ...window, countPadding: false });
  };
}

function globalPool(mode: 'average' | 'max'): Translate {
  return (t) => {
    requireChannelsLast(t.config);
    const keep = flagField(t.config, 'keepdims', false);
    return t.add({ op: 'globalPool', id: t.id, inputs: [t.input], mode, ...(keep ? { keepSpatial: true } : {}) });
  };
}

function add(t: Translation): LayerId {
  return t.add({ op: 'add', id: t.id, inputs: t.inputs });
}

function average(t: Translation): LayerId {
  const sum = t.add({ op: 'add', id: t.part('sum'), inputs: t.inputs });
  return t.add({ op: 'scale', id: t.id, inputs: [sum], factor: 1 / t.inputs.length, offset: 0 });
}

function subtract(t: Translation): LayerId {
  const [first, second] = t.inputs;
  if (first === undefined || second === undefined) throw new NotUnderstood('It needs two inputs.');
  const negative = t.add({ op: 'scale', id: t.part('negative'), inputs: [second], factor: -1, offset: 0 });
  return t.add({ op: 'add', id: t.id, inputs: [first, negative] });
}

/** The larger input first: the other is spread over it. */
function multiply(t: Translation): LayerId {
  const [first, ...others] = t.inputs.toSorted((a, b) => sizeOf(t.draft.shapeOf(b)) - sizeOf(t.draft.shapeOf(a)));
  if (first === undefined || others.length === 0) throw new NotUnderstood('It needs two inputs.');
  return others.reduce(
    (product, other, at) =>
      t.add({ op: 'multiply', id: at === others.length - 1 ? t.id : t.part(`${at + 1}`), inputs: [product, other] }),
    first,
  );
}

function concatenate(t: Translation): LayerId {
  const axis = numberField(t.config, 'axis', -1);
  const [rank] = t.inputs.map((id) => t.draft.shapeOf(id).length);
  const place = { op: 'concat', id: t.id, inputs: t.inputs } as const;
  if (axis === -1 || axis === rank) return t.add(place);
  if (rank === 3 && (axis === 1 || axis === -3)) return t.add({ ...place, axis: 'height' });
  if (rank === 3 && (axis === 2 || axis === -2)) return t.add({ ...place, axis: 'width' });
  throw new NotUnderstood(`Joining along axis ${axis} has no layer here.`);
}

function flatten(t: Translation): LayerId {
  if (t.config['data_format'] === 'channels_first') requireChannelsLast(t.config);
  return t.inputShape.length === 1 ? t.input : t.add({ op: 'flatten', id: t.id, inputs: [t.input] });
}

/** The shape a `target_shape` means for `size` numbers; -1 takes what is left. Two axes become height and channels. */
function targetShape(target: readonly number[], size: number): Shape {
  const known = target.reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  const full = target.map((axis) => (axis === -1 ? size / known : axis));
  const [first = 1, second = 1, third = 1] = full;
  if (full.length === 1) return [first];
  if (full.length === 2) return [first, 1, second];
  if (full.length === 3) return [first, second, third];
  throw new NotUnderstood(`Tensors of ${full.length + 1} axes have no layer here.`);
}

function reshape(t: Translation): LayerId {
  const shape = targetShape(listField(t.config, 'target_shape'), sizeOf(t.inputShape));
  if (shape.length === 1) return flatten(t);
  return t.add({ op: 'reshape', id: t.id, inputs: [t.input], shape });
}

function permute(t: Translation): LayerId {
  const order = listField(t.config, 'dims');
  if (order.every((axis, at) => axis === at + 1)) return t.input;
  throw new NotUnderstood('Exchanging axes has no layer here.');
}

function zeroPadding(t: Translation): LayerId {
  requireChannelsLast(t.config);
  return t.add({
    op: 'pad',
    id: t.id,
    inputs: [t.input],
    padding: bordersField(t.config, 'padding'),
    channels: [0, 0],
  });
}

function cropping(t: Translation): LayerId {
  requireChannelsLast(t.config);
  const [top, bottom, left, right] = bordersField(t.config, 'cropping');
  const [height, width, channels] = t.spatial;
  return t.add({
    op: 'slice',
    id: t.id,
    inputs: [t.input],
    begin: [top, left, 0],
    end: [height - bottom, width - right, channels],
    stride: [1, 1, 1],
  });
}

function interpolation(t: Translation, otherwise: string): 'nearest' | 'bilinear' {
  const value = textField(t.config, 'interpolation', otherwise);
  if (value === 'nearest' || value === 'bilinear') return value;
  throw new NotUnderstood(`The interpolation "${value}" has no layer here.`);
}

function upSampling(t: Translation): LayerId {
  requireChannelsLast(t.config);
  const [rows, columns] = pairField(t.config, 'size', [2, 2]);
  const [height, width] = t.positions;
  const mode = interpolation(t, 'nearest');
  const size: Pair = [height * rows, width * columns];
  // TF.js resizes without half-pixel centres, TensorFlow with them; nearest neighbours are the same for whole factors.
  const grid = t.dialect === 'tfjs' && mode === 'bilinear' ? 'asymmetric' : 'halfPixel';
  return t.add({ op: 'resize', id: t.id, inputs: [t.input], size, mode, grid });
}

function resizing(t: Translation): LayerId {
  if (flagField(t.config, 'crop_to_aspect_ratio', false)) throw new NotUnderstood('It crops to an aspect ratio.');
  const size: Pair = [numberField(t.config, 'height', 1), numberField(t.config, 'width', 1)];
  const mode = interpolation(t, 'bilinear');
  return t.add({ op: 'resize', id: t.id, inputs: [t.input], size, mode, grid: 'halfPixel' });
}

function rescaling(t: Translation): LayerId {
  const [factor, offset] = [numberField(t.config, 'scale', 1), numberField(t.config, 'offset', 0)];
  return t.add({ op: 'scale', id: t.id, inputs: [t.input], factor, offset });
}

/** Does nothing at inference. */
function same(t: Translation): LayerId {
  return t.input;
}

/** By Keras class name. */
export const plainClasses: Readonly<Record<string, Translate>> = {
  Activation: activation,
  ReLU: relu,
  LeakyReLU: (t) => {
    const slope = numberField(t.config, 'alpha' in t.config ? 'alpha' : 'negative_slope', 0.3);
    return t.add({ op: 'activation', id: t.id, inputs: [t.input], kind: 'leakyRelu', slope });
  },
  ELU: elu,
  Softmax: softmax,
  MaxPooling2D: pool('maxPool'),
  MaxPool2D: pool('maxPool'),
  AveragePooling2D: pool('averagePool'),
  AvgPool2D: pool('averagePool'),
  GlobalAveragePooling2D: globalPool('average'),
  GlobalAvgPool2D: globalPool('average'),
  GlobalMaxPooling2D: globalPool('max'),
  GlobalMaxPool2D: globalPool('max'),
  Add: add,
  Average: average,
  Subtract: subtract,
  Multiply: multiply,
  Concatenate: concatenate,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  Resizing: resizing,
  Rescaling: rescaling,
  Dropout: same,
  SpatialDropout2D: same,
  AlphaDropout: same,
  GaussianDropout: same,
  GaussianNoise: same,
  ActivityRegularization: same,
  RandomFlip: same,
  RandomRotation: same,
  RandomZoom: same,
  RandomContrast: same,
  RandomBrightness: same,
  RandomTranslation: same,
};
