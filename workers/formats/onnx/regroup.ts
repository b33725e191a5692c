/** Operators that only look at numbers in another way: nothing is computed, and mostly no layer is made. */
import { arranged, NotUnderstood } from './builder';
import { BATCH } from './constant';
import { axesOf, axisOf, targetDims } from './fold';
import type { Handler, Site } from './site';
import { channelsFirst, dimsOf, movedChannels, reshapeView, transposeView, type View } from './view';

export const pass: Handler = (site) => [site.view(0)];

/** Between float types nothing changes here: all is float32. */
export const cast: Handler = (site) => {
  const floats = new Set([1, 10, 11, 16]);
  const to = site.node.int('to', 1);
  if (!floats.has(to)) throw new NotUnderstood('turns numbers into whole numbers or truth values');
  const view = site.view(0);
  // What is not understood may give whole numbers.
  if (site.builder.layers.get(view.layer)?.op === 'opaque') throw new NotUnderstood('reads what is not understood');
  return [view];
};

function regrouped(site: Site, view: View, dims: readonly number[]): readonly View[] {
  const found = reshapeView(view, dims);
  if (found !== undefined) return [shuffled(site, found)];
  const shapes = `[n, ${dimsOf(view).join(', ')}] to [n, ${dims.join(', ')}]`;
  throw new NotUnderstood(`regroups ${shapes}, which cuts across its axes`);
}

/**
 * A channel shuffle (reshape, transpose, reshape) leaves an axis that is the layer's channels in another order: a layer of
 * its own moves them, since what follows wants them side by side.
 */
function shuffled(site: Site, view: View): View {
  const found = movedChannels(view, site.builder.shapeOf(view.layer).at(-1) ?? 1);
  if (found === undefined) return view;
  const { axis, first, channels } = found;
  const layer = site.layer({ op: 'gather', channels }, [view.layer]);
  const axes = view.axes.map((atoms, at) => (at === axis ? [first] : atoms));
  return { layer, atoms: [...view.atoms.slice(0, first), channels.length], axes };
}

/** Axes after the batch of a Reshape's target; undefined where the target does not keep the images apart. */
function imageDims(site: Site, own: readonly number[], target: readonly number[]): readonly number[] | undefined {
  const [first = 0, ...rest] = target;
  const size = own.reduce((product, axis) => product * axis, 1);
  // A 0 copies the size at its own place.
  const copied = rest.map((axis, at) => (axis === 0 ? (own[at] ?? 0) : axis));
  const known = copied.reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  const dims = copied.map((axis) => (axis === -1 ? size / known : axis));
  const keeps = Number.isNaN(first) || first === 0 || first === -1 || first === (site.batch ?? 1);
  return keeps && dims.reduce((product, axis) => product * axis, 1) === size ? dims : undefined;
}

export const reshape: Handler = (site) => {
  const view = site.view(0);
  const target = site.required(1, 'target shape');
  const dims = imageDims(site, dimsOf(view), Array.from(target.values));
  if (dims === undefined) {
    const shapes = `[n, ${dimsOf(view).join(', ')}] to [${Array.from(target.values, (size) => (Number.isNaN(size) ? 'n' : size)).join(', ')}]`;
    throw new NotUnderstood(`regroups ${shapes}, which mixes the images of a batch`);
  }
  return regrouped(site, view, dims);
};

/** Flatten, Squeeze and Unsqueeze: the target follows from the shape, the batch must stay in front. */
export const regroup: Handler = (site) => {
  const view = site.view(0);
  const dims = [BATCH, ...dimsOf(view)];
  if (site.node.op === 'Flatten') {
    const axis = site.node.int('axis', 1);
    if (axis !== 1 && axis !== 1 - dims.length) throw new NotUnderstood(`flattens from axis ${axis}`);
    return regrouped(site, view, [dimsOf(view).reduce((product, size) => product * size, 1)]);
  }
  const rank =
    site.node.op === 'Unsqueeze' ? dims.length + (axesOf(site.node, site.constants())?.length ?? 0) : dims.length;
  const axes = axesOf(site.node, site.constants())?.map((axis) => axisOf(axis, rank));
  if (axes?.includes(0) === true) throw new NotUnderstood('takes the batch axis away or puts one before it');
  const target = targetDims(site.node, dims, site.constants());
  return regrouped(site, view, target.slice(1));
};

export const transpose: Handler = (site) => {
  const view = site.view(0);
  const rank = view.axes.length + 1;
  const order = site.node.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (order.length !== rank || order[0] !== 0) throw new NotUnderstood('moves the batch axis');
  return [
    transposeView(
      view,
      order.slice(1).map((axis) => axis - 1),
    ),
  ];
};

/** `[n, c, 1, 1]` repeated over height and width. */
export const expand: Handler = (site) => {
  const view = site.view(0);
  const own = dimsOf(view);
  const target = Array.from(site.required(1, 'target shape').values).slice(-own.length);
  const dims = own.map((size, axis) => (size === 1 ? (target[axis] ?? 1) : size));
  if (dims.join() === own.join()) return [view];
  const { layer, shape } = arranged(site.builder, view, 0);
  const [height, width] = [dims[1], dims[2]];
  if (own.length !== 3 || dims[0] !== own[0] || shape.length !== 3 || height === undefined || width === undefined) {
    throw new NotUnderstood(`repeats [n, ${own.join(', ')}] to [n, ${dims.join(', ')}]`);
  }
  const id = site.layer({ op: 'resize', size: [height, width], mode: 'nearest', grid: 'asymmetric' }, [layer]);
  return [channelsFirst(id, site.builder.shapeOf(id))];
};
