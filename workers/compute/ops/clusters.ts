/** Clusters of places along an axis of a tensor, as kernels read them. */

/** Cluster after cluster: the places of cluster c are `members` from `begins[c]` up to `begins[c + 1]`. */
export interface Clusters {
  readonly begins: readonly number[];
  readonly members: readonly number[];
}

/** The clusters of places 0, 1, ... by the number of each one's cluster (from 0, none left out), in rising order. */
export function clustersOf(numbers: ArrayLike<number>): Clusters {
  const lists: number[][] = [];
  for (let place = 0; place < numbers.length; place++) (lists[numbers[place] ?? 0] ??= []).push(place);
  let end = 0;
  return { begins: [0, ...lists.map(({ length }) => (end += length))], members: lists.flat() };
}

/** A tensor seen as `[lines / inner, places, inner]`, its places running along `axis`. */
export interface Lines {
  readonly lines: number;
  readonly places: number;
  readonly inner: number;
}

export function linesAlong(shape: readonly number[], axis: number): Lines {
  const places = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return { lines: shape.reduce((a, b) => a * b, 1) / places, places, inner };
}

/** Where each cluster begins among the members, and one number more; each member's distance from its line's start. */
export function clusterTable({ begins, members }: Clusters, step: number): number[] {
  return [...begins, ...members.map((place) => place * step)];
}
