/** Operators that take parts of tensors or put parts together. */
import type { Padding, Pair, Shape } from '../../network/graph';
import { arranged, arrangedView, commonChannels, NotUnderstood } from './builder';
import { axisOf, sliceRange, sliceSettings, splitLengths } from './fold';
import { pickedGrid } from './resizing';
import type { Handler, Site } from './site';
import { channelsLast, dimsOf, type View } from './view';

/** Layer axes of the file's axes: what an operator along any of them needs. */
interface Placed {
  readonly view: View;
  readonly layer: string;
  /** `[p, q, c]`. */
  readonly shape: readonly [number, number, number];
  readonly channels: number;
  readonly spatial: readonly (number | undefined)[];
}

/** The view with an axis of the file as channels. Throws `NotUnderstood` where numbers would have to move. */
function placed(site: Site, view: View, given?: number): Placed {
  const channels = given ?? commonChannels(site.builder, [view]) ?? 0;
  const { layer, shape, spatial } = arranged(site.builder, view, channels);
  const full: Shape = shape.length === 3 ? shape : [1, 1, shape[0]];
  return { view, layer: site.builder.shaped(layer, full), shape: full, channels, spatial };
}

/** 0, 1 or 2: the axis of the layer that is the file's `axis`; undefined for one of a single element. */
function layerAxis({ channels, spatial }: Placed, axis: number): 0 | 1 | 2 | undefined {
  if (axis === channels) return 2;
  if (axis === spatial[0]) return 0;
  return axis === spatial[1] ? 1 : undefined;
}

interface Cut {
  /** Of the file, the batch not counted. */
  readonly axis: number;
  readonly begin: number;
  readonly length: number;
  readonly step: number;
}

/** A strided part of a view. */
function cutOut(site: Site, view: View, cuts: readonly Cut[]): View {
  const dims = dimsOf(view);
  const real = cuts.filter(({ axis, begin, length, step }) => begin !== 0 || length !== dims[axis] || step !== 1);
  if (real.length === 0) return view;
  const from = placed(site, view);
  const begin: [number, number, number] = [0, 0, 0];
  const end: [number, number, number] = [...from.shape];
  const stride: [number, number, number] = [1, 1, 1];
  for (const cut of real) {
    const axis = layerAxis(from, cut.axis);
    if (cut.step < 1) throw new NotUnderstood('takes a tensor in reverse');
    if (axis === undefined || cut.length === 0) throw new NotUnderstood('takes nothing of a tensor');
    begin[axis] = cut.begin;
    end[axis] = cut.begin + (cut.length - 1) * cut.step + 1;
    stride[axis] = cut.step;
  }
  const id = site.layer({ op: 'slice', begin, end, stride }, [from.layer]);
  return arrangedView(site.builder, id, dims.length, from.channels, from.spatial);
}

export const slice: Handler = (site) => {
  const view = site.view(0);
  const dims = dimsOf(view);
  const cuts = sliceSettings(site.node, site.constants()).flatMap(({ axis: given, start, end, step }) => {
    const axis = axisOf(given, dims.length + 1);
    if (axis === 0) {
      if (start === 0 && step === 1 && end >= (site.batch ?? 1)) return [];
      throw new NotUnderstood('takes a part of the batch');
    }
    return [{ axis: axis - 1, step, ...sliceRange(dims[axis - 1] ?? 0, start, end, step) }];
  });
  return [cutOut(site, view, cuts)];
};

export const split: Handler = (site) => {
  const view = site.view(0);
  const dims = dimsOf(view);
  const axis = axisOf(site.node.int('axis', 0), dims.length + 1) - 1;
  if (axis < 0) throw new NotUnderstood('takes the batch apart');
  let begin = 0;
  return splitLengths(site.node, dims[axis] ?? 0, site.constants()).map((length) => {
    const part = cutOut(site, view, [{ axis, begin, length, step: 1 }]);
    begin += length;
    return part;
  });
};

/** A nearest resize along one axis, spelled as the pixels it takes. */
function picked(site: Site, view: View, axis: number, places: readonly number[]): View | undefined {
  const from = dimsOf(view)[axis] ?? 1;
  const grid = view.axes.length === 3 && axis > 0 ? pickedGrid(places, from) : undefined;
  if (grid === undefined || channelsLast(view, 0) === undefined) return undefined;
  const { layer, shape, channels, spatial } = placed(site, view);
  const where = layerAxis({ view, layer, shape, channels, spatial }, axis);
  if (where === undefined || where === 2) return undefined;
  const size = [shape[0], shape[1]].with(where, places.length) as unknown as Pair;
  const id = site.layer({ op: 'resize', size, mode: 'nearest', grid }, [layer]);
  return arrangedView(site.builder, id, 3, channels, spatial);
}

/** Channels in an order of their own. */
function pickedChannels(site: Site, view: View, axis: number, channels: readonly number[]): View | undefined {
  if (channelsLast(view, axis) === undefined) return undefined;
  const { layer, spatial } = arranged(site.builder, view, axis);
  const id = site.layer({ op: 'gather', channels }, [layer]);
  return arrangedView(site.builder, id, view.axes.length, axis, spatial);
}

/** One index, which takes the axis away, or a run of them. */
export const gather: Handler = (site) => {
  const view = site.view(0);
  const dims = dimsOf(view);
  const axis = axisOf(site.node.int('axis', 0), dims.length + 1) - 1;
  const indices = site.required(1, 'indices');
  const places = Array.from(indices.values, (index) => (index < 0 ? index + (dims[axis] ?? 0) : index));
  const resized = indices.dims.length === 1 ? picked(site, view, axis, places) : undefined;
  if (resized !== undefined) return [resized];
  const [begin = 0] = places;
  if (axis < 0 || indices.dims.length > 1 || places.some((place, at) => place !== begin + at)) {
    const moved = axis < 0 || indices.dims.length !== 1 ? undefined : pickedChannels(site, view, axis, places);
    if (moved !== undefined) return [moved];
    throw new NotUnderstood('picks numbers in an order of its own');
  }
  const part = cutOut(site, view, [{ axis, begin, length: places.length, step: 1 }]);
  return [indices.dims.length === 1 ? part : { ...part, axes: part.axes.filter((_, at) => at !== axis) }];
};

export const concat: Handler = (site) => {
  const views = site.node.inputs.map((_, index) => site.view(index));
  const [first] = views;
  if (first === undefined) throw new NotUnderstood('joins nothing');
  if (views.length === 1) return [first];
  const axis = axisOf(site.node.int('axis', 1), first.axes.length + 1) - 1;
  if (axis < 0) throw new NotUnderstood('joins along the batch');
  return [joined(site, views, axis)];
};

/** Views put together along the file's `axis`. */
function joined(site: Site, views: readonly View[], axis: number): View {
  const rank = views[0]?.axes.length ?? 0;
  const channels = commonChannels(site.builder, views);
  if (channels === undefined) throw new NotUnderstood('joins tensors whose numbers would have to change places');
  const parts = views.map((view) => placed(site, view, channels));
  const [first] = parts;
  if (first === undefined) throw new NotUnderstood('joins nothing');
  // An axis of one element has no place of its own: the others say where it stands.
  const spatial = [0, 1].map((place) => parts.find((part) => part.spatial[place] !== undefined)?.spatial[place]);
  if (parts.some((part) => part.spatial.some((own, place) => own !== undefined && own !== spatial[place]))) {
    throw new NotUnderstood('joins tensors whose numbers do not lie in the same order');
  }
  const where = axis === channels ? 2 : spatial.indexOf(axis);
  if (where === -1) throw new NotUnderstood('joins along an axis of one element');
  const name = where === 2 ? {} : ({ axis: where === 0 ? 'height' : 'width' } as const);
  const flat = first.spatial.every((own) => own === undefined) && rank === 1;
  const layers = parts.map(({ layer, shape }) => (flat ? site.builder.shaped(layer, [shape[2]]) : layer));
  const id = site.layer({ op: 'concat', ...name }, layers);
  return arrangedView(site.builder, id, rank, channels, spatial);
}

export const pad: Handler = (site) => {
  const view = site.view(0);
  const { node } = site;
  const mode = node.text('mode', 'constant');
  const value = node.opset < 11 ? node.float('value', 0) : (site.constant(2)?.values[0] ?? 0);
  if (mode !== 'constant') throw new NotUnderstood(`pads by ${mode}; zeros are read`);
  const amounts = node.opset < 11 ? node.ints('pads') : Array.from(site.required(1, 'amounts').values);
  const rank = view.axes.length + 1;
  const given = site.constant(3);
  const named = given === undefined ? undefined : Array.from(given.values, (axis) => axisOf(axis, rank));
  const axes = named ?? Array.from({ length: rank }, (_, axis) => axis);
  const around = (axis: number): readonly [number, number] => {
    const at = axes.indexOf(axis + 1);
    return at === -1 ? [0, 0] : [amounts?.[at] ?? 0, amounts?.[at + axes.length] ?? 0];
  };
  const batch = axes.indexOf(0);
  if (batch !== -1 && (amounts?.[batch] !== 0 || amounts[batch + axes.length] !== 0)) {
    throw new NotUnderstood('pads the batch');
  }
  const dims = dimsOf(view);
  const cropped = cutOut(
    site,
    view,
    dims.map((size, axis) => {
      const [before, after] = around(axis).map((amount) => Math.min(0, amount));
      return { axis, begin: -(before ?? 0), length: size + (before ?? 0) + (after ?? 0), step: 1 };
    }),
  );
  const longer = dims.map((_, axis) => around(axis).map((amount) => Math.max(0, amount)));
  if (longer.flat().every((amount) => amount === 0)) return [cropped];
  if (value !== 0) throw new NotUnderstood(`pads with ${value}; zeros are read`);
  const from = placed(site, cropped);
  const padding: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0];
  longer.forEach(([before = 0, after = 0], axis) => {
    if (before + after === 0) return;
    const own = layerAxis(from, axis);
    if (own === undefined) throw new NotUnderstood('pads an axis that has no place of its own');
    padding[2 * own] = before;
    padding[2 * own + 1] = after;
  });
  const [top, bottom, left, right, first, last] = padding;
  const spaces: Padding = [top, bottom, left, right];
  const id = site.layer({ op: 'pad', padding: spaces, channels: [first, last] }, [from.layer]);
  return [arrangedView(site.builder, id, dims.length, from.channels, from.spatial)];
};

/** Blocks of pixels as channels: the strided part for each place in a block, block rows first. */
export const spaceToDepth: Handler = (site) => {
  const view = site.view(0);
  const block = site.node.int('blocksize', 1);
  const [, height = 0, width = 0] = dimsOf(view);
  if (view.axes.length !== 3 || height % block !== 0 || width % block !== 0) {
    throw new NotUnderstood(`takes blocks of ${block} pixels apart`);
  }
  const parts = Array.from({ length: block * block }, (_, at) =>
    cutOut(site, view, [
      { axis: 1, begin: Math.floor(at / block), length: height / block, step: block },
      { axis: 2, begin: at % block, length: width / block, step: block },
    ]),
  );
  return [joined(site, parts, 0)];
};
