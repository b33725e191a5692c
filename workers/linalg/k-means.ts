/**
 * k-means on few points of many dimensions: the filters of one layer.
 *
 * Points enter as the matrix of their inner products. A round then costs `points^2` whatever the dimension (each pair
 * once), where distances to centroids would cost `points * clusters * dimension`: 512 filters of 4,608 weights in 320
 * clusters take 0.3 million multiplications a round instead of 755. Ours rather than a library's, because the ones there
 * are hold centroids, and leave clusters empty.
 */

/** Inner products of `points` (equal lengths), `[n, n]` row-major. */
export function gramMatrix(points: readonly ArrayLike<number>[]): Float64Array {
  const count = points.length;
  const gram = new Float64Array(count * count);
  points.forEach((point, row) => {
    for (let column = 0; column <= row; column++) {
      const other = points[column] ?? [];
      let sum = 0;
      for (let at = 0; at < point.length; at++) sum += (point[at] ?? 0) * (other[at] ?? 0);
      gram[row * count + column] = sum;
      gram[column * count + row] = sum;
    }
  });
  return gram;
}

export interface KMeansOptions {
  /** Inner products of the points, `[n, n]`. */
  readonly gram: Float64Array;
  /** From 1 to n. Every cluster gets a point. */
  readonly clusters: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Starts drawn by k-means++. */
  readonly restarts: number;
  /** Further starts: a cluster per point. The result is never worse than any of them. */
  readonly starts?: readonly Int32Array[] | undefined;
}

/** A cluster per point, numbered in order of their first points, and the sum of squared distances to the centroids. */
export interface KMeans {
  readonly clusters: Int32Array;
  readonly inertia: number;
}

const ROUNDS = 300;

/**
 * Lloyd's algorithm from k-means++ seeds (Arthur & Vassilvitskii 2007) and from `starts`; the best of all. A cluster that
 * runs empty takes the point farthest from its centroid. Throws `RangeError` for a number of clusters that cannot be.
 */
export function kMeans({ gram, clusters, random, restarts, starts = [] }: KMeansOptions): KMeans {
  const count = Math.sqrt(gram.length);
  if (!(Number.isInteger(clusters) && clusters >= 1 && clusters <= count)) {
    throw new RangeError(`${count} points make 1 to ${count} clusters, not ${clusters}.`);
  }
  let best: KMeans | undefined;
  for (let run = 0; run < starts.length + restarts; run++) {
    const start = starts[run]?.slice() ?? seeded(gram, count, clusters, random);
    const found = lloyd(gram, clusters, start);
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  return best ?? lloyd(gram, clusters, seeded(gram, count, clusters, random));
}

/** Numbers clusters by their smallest members. */
export function inOrderOfFirst(clusters: ArrayLike<number>): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(clusters, (cluster) => {
    const number = numbers.get(cluster) ?? numbers.size;
    numbers.set(cluster, number);
    return number;
  });
}

function seeded(gram: Float64Array, count: number, clusters: number, random: () => number): Int32Array {
  const labels = new Int32Array(count);
  const nearest = new Float64Array(count).fill(Infinity);
  const seeds: number[] = [];
  while (seeds.length < clusters) {
    const seed = seeds.length === 0 ? Math.floor(random() * count) : drawn(nearest, seeds, random);
    for (let point = 0; point < count; point++) {
      const distance = between(gram, count, point, seed);
      if (distance >= (nearest[point] ?? 0)) continue;
      nearest[point] = distance;
      labels[point] = seeds.length;
    }
    seeds.push(seed);
  }
  // Duplicates of an earlier seed must not leave a later one without any point.
  seeds.forEach((seed, cluster) => (labels[seed] = cluster));
  return labels;
}

/** A point that is no seed yet, with probability proportional to its squared distance from the seeds. */
function drawn(nearest: Float64Array, seeds: readonly number[], random: () => number): number {
  const weights = nearest.map((distance, point) => (seeds.includes(point) ? 0 : distance));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  let last = weights.findIndex((_, point) => !seeds.includes(point));
  for (const [point, weight] of weights.entries()) {
    if (weight === 0) continue;
    last = point;
    left -= weight;
    if (left < 0) break;
  }
  return last;
}

function between(gram: Float64Array, count: number, a: number, b: number): number {
  const [aa = 0, bb = 0, ab = 0] = [gram[a * count + a], gram[b * count + b], gram[a * count + b]];
  return Math.max(0, aa + bb - 2 * ab);
}

/** Squared distances of all points to all centroids of `labels`, `[points, clusters]`. */
function distances(
  gram: Float64Array,
  labels: Int32Array,
  sizes: Int32Array,
): { readonly to: (point: number, cluster: number) => number } {
  const count = labels.length;
  const clusters = sizes.length;
  const sums = new Float64Array(count * clusters);
  const within = new Float64Array(clusters);
  for (let point = 0; point < count; point++) {
    for (let other = 0; other < count; other++) {
      const at = point * clusters + (labels[other] ?? 0);
      sums[at] = (sums[at] ?? 0) + (gram[point * count + other] ?? 0);
    }
  }
  labels.forEach((cluster, point) => {
    within[cluster] = (within[cluster] ?? 0) + (sums[point * clusters + cluster] ?? 0);
  });
  return {
    to: (point, cluster) => {
      const size = sizes[cluster] ?? 1;
      const cross = (sums[point * clusters + cluster] ?? 0) / size;
      return Math.max(0, (gram[point * count + point] ?? 0) - 2 * cross + (within[cluster] ?? 0) / (size * size));
    },
  };
}

function lloyd(gram: Float64Array, clusters: number, labels: Int32Array): KMeans {
  fillEmpty(gram, labels, clusters);
  for (let round = 0; round < ROUNDS; round++) {
    const { to } = distances(gram, labels, sizesOf(labels, clusters));
    let moved = false;
    const next = labels.map((own, point) => {
      let best = own;
      let least = to(point, own);
      for (let cluster = 0; cluster < clusters; cluster++) {
        const distance = to(point, cluster);
        if (distance < least) [best, least] = [cluster, distance];
      }
      moved ||= best !== own;
      return best;
    });
    if (!moved) break;
    labels.set(next);
    fillEmpty(gram, labels, clusters);
  }
  const { to } = distances(gram, labels, sizesOf(labels, clusters));
  const inertia = labels.reduce((sum, cluster, point) => sum + to(point, cluster), 0);
  return { clusters: inOrderOfFirst(labels), inertia };
}

function sizesOf(labels: Int32Array, clusters: number): Int32Array {
  const sizes = new Int32Array(clusters);
  for (const cluster of labels) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return sizes;
}

/** Moves into each empty cluster the point farthest from its centroid, out of a cluster that has more than one. */
function fillEmpty(gram: Float64Array, labels: Int32Array, clusters: number): void {
  for (;;) {
    const sizes = sizesOf(labels, clusters);
    const empty = sizes.indexOf(0);
    if (empty < 0) return;
    const { to } = distances(gram, labels, sizes);
    let farthest = -1;
    let most = -1;
    labels.forEach((cluster, point) => {
      const distance = to(point, cluster);
      if ((sizes[cluster] ?? 0) > 1 && distance > most) [farthest, most] = [point, distance];
    });
    labels[farthest] = empty;
  }
}
