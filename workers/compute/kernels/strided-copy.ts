/**
 * Copying a box of values between two strided layouts: what slicing, splitting, reversing and concatenating come to.
 */

/** Where an array's elements stand: `offset` of the first, and the distance between neighbours along each axis. */
export interface Layout {
  readonly offset: number;
  /** One number per axis of the box; negative walks backwards. */
  readonly strides: readonly number[];
}

/** Runs at least this long are copied by the engine's memcpy; shorter ones are faster in a loop. */
const blockLength = 64;

/** Strides of a dense row-major array. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const length of shape.toReversed()) {
    strides.unshift(stride);
    stride *= length;
  }
  return strides;
}

/** Copies the box `shape` (any rank) from `source`, laid out as `from`, to `target`, laid out as `to`. */
export function copyStrided(
  source: Float32Array,
  from: Layout,
  target: Float32Array,
  to: Layout,
  shape: readonly number[],
): void {
  const axes = mergedAxes(shape, from.strides, to.strides);
  const inner = axes.pop() ?? { length: 1, from: 1, to: 1 };
  const block = inner.from === 1 && inner.to === 1 && inner.length >= blockLength;
  const copyRow = (read: number, write: number): void => {
    if (block) {
      target.set(source.subarray(read, read + inner.length), write);
      return;
    }
    for (let at = 0; at < inner.length; at++) {
      target[write + at * inner.to] = source[read + at * inner.from] ?? 0;
    }
  };
  const walk = (depth: number, read: number, write: number): void => {
    const axis = axes[depth];
    if (axis === undefined) {
      copyRow(read, write);
      return;
    }
    for (let at = 0; at < axis.length; at++) walk(depth + 1, read + at * axis.from, write + at * axis.to);
  };
  walk(0, from.offset, to.offset);
}

interface Axis {
  length: number;
  from: number;
  to: number;
}

/** Drops axes of length one and merges neighbours that are contiguous on both sides, so that inner runs get long. */
function mergedAxes(shape: readonly number[], from: readonly number[], to: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((length, at) => {
    if (length === 1) return;
    const axis = { length, from: from[at] ?? 0, to: to[at] ?? 0 };
    const outer = axes.at(-1);
    if (outer !== undefined && outer.from === axis.from * length && outer.to === axis.to * length) {
      axes[axes.length - 1] = { length: outer.length * length, from: axis.from, to: axis.to };
    } else {
      axes.push(axis);
    }
  });
  return axes;
}
