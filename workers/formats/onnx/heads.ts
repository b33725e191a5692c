/** Matrix products, means over space, and resizing. */
import type { LayerId, ResizeLayer, Tensor } from '../../network/graph';
import { arranged, arrangedView, NotUnderstood, vector } from './builder';
import { broadcastTo, type Constant, transposed } from './constant';
import { axesOf, axisOf } from './fold';
import type { Handler, Site } from './site';
import { channelAxis, dimsOf, inOrder, readingPlaces, type View } from './view';
import { weightedName } from './windows';

/** A layer whose rows of weights follow the flat numbers of `view` in memory order. */
interface FlatInput {
  readonly layer: LayerId;
  /** Rows of the file's matrix, by the place of their number in memory; undefined where the two agree. */
  readonly places: Int32Array | undefined;
}

function flatInput(site: Site, view: View): FlatInput {
  const size = dimsOf(view).reduce((product, axis) => product * axis, 1);
  const layer = site.builder.shaped(view.layer, [size]);
  return { layer, places: inOrder(view) ? undefined : readingPlaces(view) };
}

/** Rows of a `[features, units]` matrix in the order of `places`, scaled. */
function denseKernel(matrix: Constant, places: Int32Array | undefined, scale: number): Tensor {
  const [features = 0, units = 0] = matrix.dims;
  const values = new Float32Array(features * units);
  for (let row = 0; row < features; row++) {
    const from = (places?.[row] ?? row) * units;
    for (let unit = 0; unit < units; unit++) values[row * units + unit] = (matrix.values[from + unit] ?? 0) * scale;
  }
  return { shape: [features, units], values };
}

export const gemm: Handler = (site) => {
  const { node } = site;
  const view = site.view(0);
  if (node.int('transA', 0) !== 0 || view.axes.length !== 1) throw new NotUnderstood('multiplies a turned tensor');
  const given = site.required(1, 'matrix');
  const turned = node.int('transB', 0) !== 0;
  const matrix = turned ? transposed(given, [1, 0]) : given;
  const [features = 0, units = 0] = matrix.dims;
  if (features !== dimsOf(view)[0]) {
    throw new NotUnderstood(`has a matrix of ${features} rows for ${dimsOf(view)[0]} features`);
  }
  const { layer, places } = flatInput(site, view);
  const alpha = node.float('alpha', 1);
  const wish = weightedName(site);
  const turn = `dense ${turned} ${alpha} ${places === undefined ? '' : view.layer}`;
  const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), turn, () => denseKernel(matrix, places, alpha));
  const shift = site.constant(2);
  const beta = node.float('beta', 1);
  const bias =
    shift === undefined
      ? {}
      : {
          bias: site.builder.tensor(`${wish}.bias`, site.source(2), `vector ${beta}`, () =>
            vector(broadcastTo(shift, [1, units]).values.map((value) => value * beta)),
          ),
        };
  const id = site.layer({ op: 'dense', units, kernel, ...bias }, [layer], wish);
  return [arrangedView(site.builder, id, 1, 0, [])];
};

/** Along the last axis: a dense layer on flat features, a 1x1 convolution where there are positions before it. */
export const matMul: Handler = (site) => {
  const view = site.view(0);
  const matrix = site.required(1, 'matrix');
  const axis = view.axes.length - 1;
  const [features = 0, units = 0] = matrix.dims;
  if (matrix.dims.length !== 2 || features !== dimsOf(view)[axis]) {
    throw new NotUnderstood(`multiplies by a matrix [${matrix.dims.join(', ')}]`);
  }
  const wish = weightedName(site);
  if (axis === 0) {
    const { layer, places } = flatInput(site, view);
    const turn = `dense false 1 ${places === undefined ? '' : view.layer}`;
    const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), turn, () => denseKernel(matrix, places, 1));
    const id = site.layer({ op: 'dense', units, kernel }, [layer], wish);
    return [arrangedView(site.builder, id, 1, 0, [])];
  }
  const { layer, spatial } = arranged(site.builder, view, axis);
  const kernel = site.builder.tensor(`${wish}.kernel`, site.source(1), 'pointwise', () => ({
    shape: [1, 1, features, units],
    values: Float32Array.from(matrix.values),
  }));
  const point = { kernelSize: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
  const id = site.layer({ op: 'conv', filters: units, ...point, kernel }, [layer], wish);
  return [arrangedView(site.builder, id, axis + 1, axis, spatial)];
};

/** A mean or maximum over height and width, or a mean over one of them. */
export const reduce =
  (mode: 'average' | 'max'): Handler =>
  (site) => {
    const view = site.view(0);
    const { node } = site;
    const rank = view.axes.length + 1;
    const axes = axesOf(node, site.constants())?.map((axis) => axisOf(axis, rank) - 1);
    const kept = view.axes.flatMap((_, axis) => (axes?.includes(axis) === false ? [axis] : []));
    if (axes === undefined || axes.includes(-1)) throw new NotUnderstood('takes the mean over the batch');
    const channels = kept.find((axis) => (dimsOf(view)[axis] ?? 1) > 1) ?? kept[0];
    if (channels === undefined) throw new NotUnderstood('takes the mean over everything');
    if (axes.some((axis) => axis === channelAxis(view))) throw new NotUnderstood('takes the mean over the channels');
    const { layer, shape, spatial } = arranged(site.builder, view, channels);
    const [height, width] = shape;
    if (width === undefined) return [view];
    const gone = spatial.map((axis) => axis === undefined || axes.includes(axis));
    const whole = gone[0] === true && gone[1] === true;
    if (!whole && mode === 'max') throw new NotUnderstood('takes the maximum over one axis');
    const kernelSize = [gone[0] === true ? height : 1, gone[1] === true ? width : 1] as const;
    const window = { kernelSize, stride: [1, 1], padding: [0, 0, 0, 0], countPadding: false } as const;
    const id = whole
      ? site.layer({ op: 'globalPool', mode, keepSpatial: true }, [layer])
      : site.layer({ op: 'averagePool', ...window }, [layer]);
    const all = arrangedView(site.builder, id, view.axes.length, channels, spatial);
    if (node.int('keepdims', 1) === 1) return [all];
    return [{ ...all, axes: all.axes.filter((_, axis) => !axes.includes(axis)) }];
  };

/** A sum over height and width: the mean, times the number of positions. */
export const reduceSum: Handler = (site) => {
  const positions = dimsOf(site.view(0))
    .slice(1)
    .reduce((product, size) => product * size, 1);
  const [mean] = reduce('average')(site);
  const left =
    mean === undefined
      ? 0
      : dimsOf(mean)
          .slice(1)
          .reduce((product, size) => product * size, 1);
  if (mean === undefined || left !== 1) throw new NotUnderstood('takes the sum over one axis');
  return [{ ...mean, layer: site.layer({ op: 'scale', factor: positions, offset: 0 }, [mean.layer]) }];
};

type Grid = ResizeLayer['grid'];

/** Input position that output position `at` looks at, as ONNX defines it. */
function sourcePosition(how: string, at: number, scale: number, from: number, to: number): number {
  switch (how) {
    case 'half_pixel':
      return (at + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return to > 1 ? (at + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to > 1 ? (at * (from - 1)) / (to - 1) : 0;
    case 'asymmetric':
      return at / scale;
    case 'tf_half_pixel_for_nn':
      return (at + 0.5) / scale;
    default:
      throw new NotUnderstood(`looks pixels up by "${how}"`);
  }
}

function rounded(how: string, position: number): number {
  const down = Math.floor(position);
  switch (how) {
    case 'floor':
      return down;
    case 'ceil':
      return Math.ceil(position);
    case 'round_prefer_ceil':
      return Math.floor(position + 0.5);
    default:
      return Math.ceil(position - 0.5);
  }
}

/** Input position of our grids, before rounding. */
function ourPosition(grid: Grid, at: number, from: number, to: number): number {
  switch (grid) {
    case 'halfPixel':
      return ((at + 0.5) * from) / to - 0.5;
    case 'asymmetric':
      return (at * from) / to;
    case 'alignCorners':
      return to > 1 ? (at * (from - 1)) / (to - 1) : 0;
  }
}

/** Input pixel that our nearest mode takes. */
function ourPixel(grid: Grid, at: number, from: number, to: number): number {
  if (grid === 'halfPixel') return Math.floor(((at + 0.5) * from) / to);
  return Math.floor(ourPosition(grid, at, from, to) + (grid === 'alignCorners' ? 0.5 : 0));
}

interface Lookup {
  readonly mode: 'nearest' | 'bilinear';
  readonly how: string;
  readonly rounding: string;
}

/** Whether one of our grids looks where the file looks, along one axis. */
function agrees(grid: Grid, { mode, how, rounding }: Lookup, from: number, to: number, scale: number): boolean {
  const clamp = (position: number): number => Math.min(Math.max(position, 0), from - 1);
  for (let at = 0; at < to; at++) {
    const theirs = sourcePosition(how, at, scale, from, to);
    const same =
      mode === 'nearest'
        ? clamp(rounded(rounding, theirs)) === clamp(ourPixel(grid, at, from, to))
        : Math.abs(clamp(theirs) - clamp(ourPosition(grid, at, from, to))) < 1e-4;
    if (!same) return false;
  }
  return true;
}

const grids: readonly Grid[] = ['halfPixel', 'asymmetric', 'alignCorners'];

/** Scales of a Resize or Upsample, per axis; undefined where sizes are given. */
function scalesOf(site: Site): readonly number[] | undefined {
  const { node } = site;
  if (node.op === 'Upsample' && node.opset < 9) return node.floats('scales');
  const index = node.op === 'Upsample' || node.opset < 11 ? 1 : 2;
  const constant = site.constant(index);
  return constant === undefined || constant.values.length === 0 ? undefined : Array.from(constant.values);
}

export const resize: Handler = (site) => {
  const { node } = site;
  const view = site.view(0);
  const { layer, shape, spatial } = arranged(site.builder, view, 0);
  const [height, width] = shape;
  const kind = node.text('mode', 'nearest');
  if (width === undefined || view.axes.length !== 3) throw new NotUnderstood('resizes something that is no image');
  if (kind !== 'nearest' && kind !== 'linear' && kind !== 'bilinear') throw new NotUnderstood(`resizes by ${kind}`);
  if (node.int('antialias', 0) !== 0) throw new NotUnderstood('smooths while it makes images smaller');
  if (node.has('axes') || node.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw new NotUnderstood('names the axes it resizes');
  }
  const scales = scalesOf(site);
  const sizes = scales === undefined ? Array.from(site.required(3, 'size').values) : undefined;
  const dims = dimsOf(view);
  const sizeAt = (axis: number): number =>
    sizes?.[axis + 1] ?? Math.floor((dims[axis] ?? 1) * (scales?.[axis + 1] ?? 1));
  if (sizeAt(0) !== dims[0]) throw new NotUnderstood('resizes the channels');
  const old = node.op === 'Upsample' || node.opset < 11;
  const lookup: Lookup = {
    mode: kind === 'nearest' ? 'nearest' : 'bilinear',
    how: old ? 'asymmetric' : node.text('coordinate_transformation_mode', 'half_pixel'),
    rounding: old ? 'floor' : node.text('nearest_mode', 'round_prefer_floor'),
  };
  const along = (place: 0 | 1): readonly [from: number, to: number, scale: number] => {
    const axis = spatial[place] ?? place + 1;
    const from = place === 0 ? height : width;
    const to = sizeAt(axis);
    return [from, to, scales?.[axis + 1] ?? to / from];
  };
  const [rows, columns] = [along(0), along(1)];
  const grid = grids.find((one) => agrees(one, lookup, ...rows) && agrees(one, lookup, ...columns));
  if (grid === undefined) {
    const rounding = lookup.mode === 'nearest' ? ` and "${lookup.rounding}"` : '';
    throw new NotUnderstood(`looks pixels up by "${lookup.how}"${rounding}, which is not read at these sizes`);
  }
  const id = site.layer({ op: 'resize', size: [rows[1], columns[1]], mode: lookup.mode, grid }, [layer]);
  return [arrangedView(site.builder, id, 3, 0, spatial)];
};
