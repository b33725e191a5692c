/** Resize and Upsample: which of our grids looks where the file looks. */
import type { ResizeLayer } from '../../network/graph';
import { arranged, arrangedView, NotUnderstood } from './builder';
import { axisOf } from './fold';
import type { Handler, Site } from './site';
import { dimsOf } from './view';

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

/** Settings for all four axes; those a Resize does not name keep `otherwise`. */
function perAxis(
  { node }: Site,
  values: readonly number[] | undefined,
  otherwise: readonly number[],
): readonly number[] | undefined {
  const axes = node.ints('axes');
  if (values === undefined || axes === undefined) return values;
  return otherwise.map((value, axis) => {
    const at = axes.findIndex((given) => axisOf(given, otherwise.length) === axis);
    return at === -1 ? value : (values[at] ?? value);
  });
}

/**
 * Pixels picked along height or width in the order of one of our nearest grids: how resizing is written where rounding
 * could decide. Undefined for any other order.
 */
export function pickedGrid(places: readonly number[], from: number): Grid | undefined {
  return grids.find((grid) =>
    places.every((place, at) => place === Math.min(Math.max(ourPixel(grid, at, from, places.length), 0), from - 1)),
  );
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
  if (node.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') throw new NotUnderstood('keeps proportions');
  const scales = perAxis(site, scalesOf(site), [1, 1, 1, 1]);
  const sizes =
    scales === undefined ? perAxis(site, Array.from(site.required(3, 'size').values), [1, ...dimsOf(view)]) : undefined;
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
