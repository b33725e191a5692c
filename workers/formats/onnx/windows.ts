/** Convolutions and pools: operators that slide a window. */
import type { LayerId, Padding, Pair, Tensor } from '../../network/graph';
import { arranged, arrangedView, NotUnderstood, vector } from './builder';
import { type Constant, transposed } from './constant';
import type { Handler, Site } from './site';
import { dimsOf, type View } from './view';

/** An operator's input as the `[p, q, c]` of one layer; `swapped` when p runs along the file's width. */
interface Windowed {
  readonly view: View;
  readonly layer: LayerId;
  readonly size: Pair;
  readonly channels: number;
  readonly swapped: boolean;
  /** Settings given for height and width, as the layer has them. */
  turn(pair: Pair): Pair;
  result(layer: LayerId): readonly View[];
}

function windowed(site: Site): Windowed {
  const view = site.view(0);
  const rank = view.axes.length;
  if (rank !== 2 && rank !== 3) {
    throw new NotUnderstood(`slides a window over ${rank - 1} axes; one or two are read`);
  }
  const { layer, shape, spatial } = arranged(site.builder, view, 0);
  const [height = 1, width = 1, channels = 1] = shape;
  const swapped = spatial[0] === 2;
  return {
    view,
    layer,
    size: [height, width],
    channels,
    swapped,
    turn: ([a, b]) => (swapped ? [b, a] : [a, b]),
    result: (made) => [arrangedView(site.builder, made, rank, 0, spatial)],
  };
}

/** A setting per axis; one number for a window over one axis, 1 for the axis that is not there. */
function pairOf(values: readonly number[] | undefined, otherwise: number): Pair {
  const [first = otherwise, second] = values ?? [];
  return [first, second ?? (values?.length === 1 ? 1 : otherwise)];
}

interface WindowSettings {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
}

/** Padding of one axis for `auto_pad`: as many positions as strides fit, the odd pixel after (UPPER) or before. */
function samePadding(size: number, kernel: number, stride: number, dilation: number, upper: boolean): Pair {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size);
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return upper ? [less, more] : [more, less];
}

function settings(site: Site, input: Windowed, kernel: Pair): WindowSettings {
  const { node } = site;
  const kernelSize = input.turn(kernel);
  const stride = input.turn(pairOf(node.ints('strides'), 1));
  const dilation = input.turn(pairOf(node.ints('dilations'), 1));
  const how = node.text('auto_pad', 'NOTSET');
  const along = (axis: 0 | 1): Pair => {
    if (how === 'SAME_UPPER' || how === 'SAME_LOWER') {
      return samePadding(input.size[axis], kernelSize[axis], stride[axis], dilation[axis], how === 'SAME_UPPER');
    }
    const pads = how === 'VALID' ? [] : (node.ints('pads') ?? []);
    const axes = pads.length / 2;
    const own = input.swapped ? 1 - axis : axis;
    return own < axes ? [pads[own] ?? 0, pads[own + axes] ?? 0] : [0, 0];
  };
  const padding: Padding = [...along(0), ...along(1)];
  if (padding.some((amount) => amount < 0)) throw new NotUnderstood('has a negative padding');
  return { kernelSize, stride, dilation, padding };
}

/** `[a, b, kh, kw]` to `[kh, kw, ...]` with the axes of `order` last; swapped windows have their kernel swapped. */
function turnedKernel(kernel: Constant, swapped: boolean, order: Pair): Tensor {
  const dims = kernel.dims.length === 3 ? [...kernel.dims, 1] : kernel.dims;
  const { dims: shape, values } = transposed({ ...kernel, dims }, [...(swapped ? [3, 2] : [2, 3]), ...order]);
  return { shape, values: Float32Array.from(values) };
}

/** "layer1.0.conv1" of "layer1.0.conv1.weight"; the operator's own name where the weight has none of that kind. */
export function weightedName(site: Site): string {
  return /^(.+?)[./](weight|kernel|W|w)(:0)?$/.exec(site.source(1))?.[1] ?? site.node.title;
}

function bias(site: Site, wish: string, index: number): { bias?: string } {
  const constant = site.constant(index);
  if (constant === undefined) return {};
  return { bias: site.builder.tensor(`${wish}.bias`, site.source(index), 'vector', () => vector(constant.values)) };
}

export const conv: Handler = (site) => {
  const kernel = site.required(1, 'kernel');
  const input = windowed(site);
  const [filters = 0, inPerGroup = 0, kh = 1, kw = 1] = kernel.dims;
  const groups = site.node.int('group', 1);
  const { kernelSize, stride, dilation, padding } = settings(site, input, [kh, kw]);
  if (inPerGroup * groups !== input.channels) {
    throw new NotUnderstood(`has kernels of ${inPerGroup} channels for ${input.channels} in ${groups} groups`);
  }
  const wish = weightedName(site);
  const depthwise = groups === input.channels && filters === groups && groups > 1;
  const order: Pair = depthwise ? [0, 1] : [1, 0];
  const turn = `${depthwise ? 'depthwise' : 'kernel'}${input.swapped ? ' swapped' : ''}`;
  const name = site.builder.tensor(`${wish}.kernel`, site.source(1), turn, () =>
    turnedKernel(kernel, input.swapped, order),
  );
  const window = { kernelSize, stride, dilation, padding, kernel: name, ...bias(site, wish, 2) };
  const id = depthwise
    ? site.layer({ op: 'depthwise', ...window }, [input.layer], wish)
    : site.layer({ op: 'conv', filters, groups, ...window }, [input.layer], wish);
  return input.result(id);
};

export const convTranspose: Handler = (site) => {
  const kernel = site.required(1, 'kernel');
  const input = windowed(site);
  const [, filters = 0, kh = 1, kw = 1] = kernel.dims;
  if (site.node.int('group', 1) !== 1) throw new NotUnderstood('is a transposed convolution in groups');
  const { kernelSize, stride, dilation, padding } = settings(site, input, [kh, kw]);
  if (dilation.some((step) => step !== 1)) throw new NotUnderstood('is a dilated transposed convolution');
  const longer = input.turn(pairOf(site.node.ints('output_padding'), 0));
  const wanted = site.node.ints('output_shape');
  const how = site.node.text('auto_pad', 'NOTSET');
  const target = wanted === undefined ? undefined : input.turn(pairOf(wanted.slice(-2), 1));
  const same = how === 'SAME_UPPER' || how === 'SAME_LOWER';
  const along = (axis: 0 | 1): Pair => {
    if (target === undefined && !same) return [padding[2 * axis] ?? 0, padding[2 * axis + 1] ?? 0];
    const full = (input.size[axis] - 1) * stride[axis] + kernelSize[axis] + longer[axis];
    const total = full - (target?.[axis] ?? input.size[axis] * stride[axis]);
    if (total < 0) throw new NotUnderstood('asks for an output larger than its windows reach');
    const less = Math.floor(total / 2);
    return how === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
  };
  const wish = weightedName(site);
  const name = site.builder.tensor(`${wish}.kernel`, site.source(1), `transposed ${input.swapped}`, () =>
    turnedKernel(kernel, input.swapped, [1, 0]),
  );
  const id = site.layer(
    {
      op: 'convTranspose',
      filters,
      kernelSize,
      stride,
      padding: [...along(0), ...along(1)],
      outputPadding: longer,
      kernel: name,
      ...bias(site, wish, 2),
    },
    [input.layer],
    wish,
  );
  return input.result(id);
};

/**
 * Rows that `ceil_mode` adds at the end of an axis: enough for the last window that still begins inside the image or
 * the padding before it.
 */
function ceilExtra(size: number, kernel: number, stride: number, [before, after]: Pair): number {
  const room = size + before + after - kernel;
  let positions = Math.ceil(room / stride) + 1;
  if ((positions - 1) * stride >= size + before) positions -= 1;
  return Math.max(0, (positions - 1) * stride - room);
}

function pool(site: Site) {
  const input = windowed(site);
  const kernel = pairOf(site.node.ints('kernel_shape'), 1);
  const { kernelSize, stride, dilation, padding } = settings(site, input, kernel);
  if (dilation.some((step) => step !== 1)) throw new NotUnderstood('is a dilated pool');
  const [top, bottom, left, right] = padding;
  const ceil = site.node.int('ceil_mode', 0) === 1 && ['NOTSET', ''].includes(site.node.text('auto_pad', 'NOTSET'));
  const extra: Pair = ceil
    ? [
        ceilExtra(input.size[0], kernelSize[0], stride[0], [top, bottom]),
        ceilExtra(input.size[1], kernelSize[1], stride[1], [left, right]),
      ]
    : [0, 0];
  const wider: Padding = [top, bottom + extra[0], left, right + extra[1]];
  return { input, window: { kernelSize, stride, padding: wider }, padded: padding.some((a) => a > 0), extra };
}

export const maxPool: Handler = (site) => {
  const { input, window } = pool(site);
  return input.result(site.layer({ op: 'maxPool', ...window }, [input.layer]));
};

export const averagePool: Handler = (site) => {
  const { input, window, padded, extra } = pool(site);
  const counted = site.node.int('count_include_pad', 0) === 1 && padded;
  if (counted && extra.some((rows) => rows > 0)) {
    throw new NotUnderstood('counts its padding in the mean, but not the rows that rounding up adds');
  }
  return input.result(site.layer({ op: 'averagePool', ...window, countPadding: counted }, [input.layer]));
};

export const globalPool =
  (mode: 'average' | 'max'): Handler =>
  (site) => {
    const { layer, shape } = arranged(site.builder, site.view(0), 0);
    const spatial = site.builder.shaped(layer, shape.length === 3 ? shape : [1, 1, shape[0]]);
    const id = site.layer({ op: 'globalPool', mode, keepSpatial: true }, [spatial]);
    return [arrangedView(site.builder, id, dimsOf(site.view(0)).length, 0, [])];
  };
