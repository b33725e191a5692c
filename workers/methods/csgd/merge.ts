/**
 * Clusters made one on the host: averaging what differences are left, and adding up what read the filters that go.
 */
import type { Network, Tensor, TensorName } from '../../network/graph';
import type { ClusteredAxes, ClusteredAxis } from './axes';

/** The network with every filter, bias and batch-norm channel replaced by the mean of its cluster. */
export function averageClusters(network: Network, { filters }: ClusteredAxes): Network {
  return changed(network, filters, (tensor, axis) => combined(tensor, axis, 'mean'));
}

/**
 * The network in which whatever read a filter that goes reads the one that stays for it: the input slices of a cluster are
 * added up at the survivor, those of the others are zero. The same function, wherever the clusters are identical; and the
 * filters that go may then be cut.
 */
export function mergeInputs(network: Network, { inputs }: ClusteredAxes): Network {
  return changed(network, inputs, (tensor, axis) => combined(tensor, axis, 'sum'));
}

function changed(
  network: Network,
  axes: ReadonlyMap<TensorName, ClusteredAxis>,
  change: (tensor: Tensor, axis: ClusteredAxis) => Tensor,
): Network {
  const tensors: Record<TensorName, Tensor> = { ...network.tensors };
  for (const [name, axis] of axes) {
    const tensor = tensors[name];
    if (tensor !== undefined) tensors[name] = change(tensor, axis);
  }
  return { ...network, tensors };
}

/** Squared distance of each slice of the axis from the mean of its cluster. */
export function squaredDistances({ shape, values }: Tensor, { axis, of, stays }: ClusteredAxis): Float64Array {
  const distances = new Float64Array(of.length);
  const sizes = sizesOf(of, stays.length);
  const means = new Float64Array(stays.length);
  forLines(shape, axis, (start, stride) => {
    means.fill(0);
    of.forEach((cluster, at) => {
      means[cluster] = (means[cluster] ?? 0) + (values[start + at * stride] ?? 0) / (sizes[cluster] ?? 1);
    });
    of.forEach((cluster, at) => {
      // Alone in its cluster a filter is its own mean, rounding or not.
      if (sizes[cluster] === 1) return;
      distances[at] = (distances[at] ?? 0) + ((values[start + at * stride] ?? 0) - (means[cluster] ?? 0)) ** 2;
    });
  });
  return distances;
}

function combined({ shape, values }: Tensor, { axis, of, stays }: ClusteredAxis, how: 'mean' | 'sum'): Tensor {
  const result = Float32Array.from(values);
  const sizes = sizesOf(of, stays.length);
  const sums = new Float64Array(stays.length);
  forLines(shape, axis, (start, stride) => {
    sums.fill(0);
    of.forEach((cluster, at) => (sums[cluster] = (sums[cluster] ?? 0) + (values[start + at * stride] ?? 0)));
    of.forEach((cluster, at) => {
      const size = sizes[cluster] ?? 1;
      if (size === 1) return;
      const sum = sums[cluster] ?? 0;
      result[start + at * stride] = how === 'mean' ? sum / size : at === stays[cluster] ? sum : 0;
    });
  });
  return { shape, values: result };
}

function sizesOf(of: Int32Array, count: number): Int32Array {
  const sizes = new Int32Array(count);
  for (const cluster of of) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return sizes;
}

/** Every line of a row-major tensor along `axis`: its first index, and the stride from each of its numbers to the next. */
function forLines(shape: readonly number[], axis: number, visit: (start: number, stride: number) => void): void {
  const length = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const size = shape.reduce((a, b) => a * b, 1);
  for (let block = 0; block < size; block += length * inner) {
    for (let offset = 0; offset < inner; offset++) visit(block + offset, inner);
  }
}
