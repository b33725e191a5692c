/**
 * A tensor of the file as a way of looking at a layer's output.
 *
 * The file transposes and reshapes freely; a layer here has its numbers in NHWC order and stays put. So a file's tensor
 * is a layer plus a reading order: the layer's axes are split into atoms (factors of an axis, in memory order), and every
 * axis of the file's tensor is a list of atoms, major first. Transposing moves axes, reshaping regroups atoms; only where
 * an operation needs its channels last is anything done, and then at most a `reshape`. The batch axis is never written,
 * and axes of one element have no atoms.
 */
import type { LayerId, Shape } from '../../network/graph';

export interface View {
  readonly layer: LayerId;
  /** Sizes above 1, in the layer's memory order. */
  readonly atoms: readonly number[];
  /** Per axis of the file's tensor, without the batch: indices into `atoms`, major first. Each atom stands once. */
  readonly axes: readonly (readonly number[])[];
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

export function dimsOf({ atoms, axes }: View): readonly number[] {
  return axes.map((axis) => product(axis.map((atom) => atoms[atom] ?? 1)));
}

/** A layer's output read as the file has it: axis i of the file's tensor is axis `order[i]` of the layer's shape. */
export function viewOf(layer: LayerId, shape: readonly number[], order: readonly number[]): View {
  const atoms: number[] = [];
  const atomOf = shape.map((size) => (size > 1 ? atoms.push(size) - 1 : undefined));
  const axes = order.map((axis) => {
    const atom = atomOf[axis];
    return atom === undefined ? [] : [atom];
  });
  return { layer, atoms, axes };
}

/** `[c, h, w]` of a layer `[h, w, c]`; `[features]` of a flat one. */
export function channelsFirst(layer: LayerId, shape: Shape): View {
  return viewOf(layer, shape, shape.length === 3 ? [2, 0, 1] : [0]);
}

/** The view without atoms of one axis split where they need not be: runs that are neighbours both ways become one. */
function runsOf({ atoms, axes }: View): { readonly first: number; readonly size: number }[] {
  const runs: { first: number; last: number; size: number }[] = [];
  for (const atom of axes.flat()) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === atom) {
      run.last = atom;
      run.size *= atoms[atom] ?? 1;
    } else runs.push({ first: atom, last: atom, size: atoms[atom] ?? 1 });
  }
  return runs;
}

/**
 * The same reading order cut into axes of other sizes; undefined where an axis would take a part of an atom that no
 * factor of it is. `dims` multiply to what the view holds.
 */
export function reshapeView(view: View, dims: readonly number[]): View | undefined {
  const runs = runsOf(view);
  /** Pieces each run falls into, major first; their places in `order` are the reading order. */
  const pieces: { readonly run: number; readonly size: number }[] = [];
  const axes: number[][] = [];
  let run = 0;
  let rest = runs[0]?.size ?? 1;
  const take = (size: number): number => {
    pieces.push({ run, size });
    rest /= size;
    if (rest === 1) {
      run += 1;
      rest = runs[run]?.size ?? 1;
    }
    return pieces.length - 1;
  };
  for (const dim of dims) {
    const axis: number[] = [];
    let wanted = dim;
    while (wanted > 1) {
      if (run >= runs.length) return undefined;
      const size = wanted % rest === 0 ? rest : rest % wanted === 0 ? wanted : 1;
      if (size === 1) return undefined;
      axis.push(take(size));
      wanted /= size;
    }
    axes.push(axis);
  }
  if (run < runs.length) return undefined;
  // Memory order: runs by their first atom, pieces of one run in the order they were taken.
  const memory = pieces
    .map((piece, index) => ({ index, first: runs[piece.run]?.first ?? 0, size: piece.size }))
    .toSorted((a, b) => a.first - b.first || a.index - b.index);
  const place = new Map(memory.map(({ index }, at) => [index, at]));
  return {
    layer: view.layer,
    atoms: memory.map(({ size }) => size),
    axes: axes.map((axis) => axis.map((index) => place.get(index) ?? 0)),
  };
}

export function transposeView(view: View, order: readonly number[]): View {
  return { ...view, axes: order.map((axis) => view.axes[axis] ?? []) };
}

/** A layer's axes, major first, as axes of the file's tensor: what `channelsLast` found. */
export interface Arrangement {
  /** `[p, q, c]`, or `[c]` where there is no axis but the channels. */
  readonly shape: Shape;
  /** The axes of the file's tensor that are the layer's first and second; undefined for an axis of one element. */
  readonly spatial: readonly [number | undefined, number | undefined];
}

function contiguous(axis: readonly number[]): boolean {
  return axis.every((atom, at) => at === 0 || atom === (axis[at - 1] ?? -2) + 1);
}

/**
 * How the layer's numbers look with `channels` (an axis of the file's tensor) as their last axis and one or two of the
 * others before it, without moving a number. Undefined where that cannot be: the channels are not innermost, or more
 * than two other axes are left.
 */
export function channelsLast(view: View, channels: number): Arrangement | undefined {
  const dims = dimsOf(view);
  const last = view.axes[channels] ?? [];
  if (!contiguous(last) || (last.length > 0 && last.at(-1) !== view.atoms.length - 1)) return undefined;
  const others = view.axes.map((atoms, axis) => ({ atoms, axis })).filter(({ axis }) => axis !== channels);
  const filled = others
    .filter(({ atoms }) => atoms.length > 0)
    .toSorted((a, b) => (a.atoms[0] ?? 0) - (b.atoms[0] ?? 0));
  if (filled.length > 2 || filled.some(({ atoms }) => !contiguous(atoms))) return undefined;
  const c = dims[channels] ?? 1;
  if (others.length === 0) return { shape: [c], spatial: [undefined, undefined] };
  // An axis of one element stands wherever the file has it.
  const [p, q] = (others.length === 2 && filled.length < 2 ? others : filled).map(({ axis }) => axis);
  const size = (axis: number | undefined): number => (axis === undefined ? 1 : (dims[axis] ?? 1));
  return { shape: [size(p), size(q), c], spatial: [p, q] };
}

/** Whether the layer's numbers, read in memory order, are the file's tensor read row by row. */
export function inOrder({ axes }: View): boolean {
  return axes.flat().every((atom, at) => atom === at);
}

/**
 * For every element of the layer in memory order, its index in the file's tensor read row by row: where weights of a
 * flattened tensor belong.
 */
export function readingPlaces({ atoms, axes }: View): Int32Array {
  const order = axes.flat();
  const steps = new Map<number, number>();
  let step = 1;
  for (const atom of order.toReversed()) {
    steps.set(atom, step);
    step *= atoms[atom] ?? 1;
  }
  let places = Int32Array.of(0);
  atoms.forEach((size, atom) => {
    const next = new Int32Array(places.length * size);
    places.forEach((place, at) => {
      for (let index = 0; index < size; index++) next[at * size + index] = place + index * (steps.get(atom) ?? 0);
    });
    places = next;
  });
  return places;
}

/**
 * The axis of the file's tensor that holds all `channels` of the layer, its innermost axis, in another order than memory
 * has them: the first of their atoms, and the channel at each place. Undefined where there is none.
 */
export function movedChannels(
  { atoms, axes }: View,
  channels: number,
): { readonly axis: number; readonly first: number; readonly channels: readonly number[] } | undefined {
  let first = atoms.length;
  for (let size = 1; first > 0 && size < channels;) {
    first -= 1;
    size *= atoms[first] ?? 1;
  }
  if (product(atoms.slice(first)) !== channels) return undefined;
  const own = atoms.length - first;
  const axis = axes.findIndex((list) => list.length === own && list.every((atom) => atom >= first));
  const order = axes[axis];
  if (order === undefined || contiguous(order)) return undefined;
  let moved: readonly number[] = [0];
  for (const atom of order) {
    const step = product(atoms.slice(atom + 1));
    const size = atoms[atom] ?? 1;
    moved = moved.flatMap((channel) => Array.from({ length: size }, (_, index) => channel + index * step));
  }
  return { axis, first, channels: moved };
}
