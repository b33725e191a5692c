/** TensorFlow operations with several outputs: a tensor cut into parts. */
import { NotUnderstood } from '../../network-draft';
import { numberOf } from './nodes';
import type { LayerValue, Operation } from './operation';

type TranslateAll = (o: Operation) => readonly LayerValue[];

/** Parts of so many channels, rows or columns of input `at`. */
function parts(o: Operation, at: number, axis: number, lengths: readonly number[]): readonly LayerValue[] {
  const shape = o.spatial(at);
  const place = (axis < 0 ? axis + 4 : axis) - 1;
  if (place < 0 || place > 2) throw new NotUnderstood('It cuts along the batch.');
  const known = lengths.reduce((sum, length) => sum + Math.max(length, 0), 0);
  let from = 0;
  return lengths.map((length, part) => {
    const size = length < 0 ? (shape[place] ?? 0) - known : length;
    const [begin, end] = [[0, 0, 0], [...shape]];
    begin[place] = from;
    from += size;
    end[place] = from;
    const [top = 0, left = 0, first = 0] = begin;
    const [bottom = 0, right = 0, last = 0] = end;
    return o.add(
      {
        op: 'slice',
        id: o.part(`${part}`),
        inputs: [o.layer(at).id],
        begin: [top, left, first],
        end: [bottom, right, last],
        stride: [1, 1, 1],
      },
      4,
    );
  });
}

const split: TranslateAll = (o) => {
  const [axis = 0] = o.numbers(0);
  const count = numberOf(o.node, 'num_split', 1);
  const length = (o.spatial(1)[(axis < 0 ? axis + 4 : axis) - 1] ?? 0) / count;
  if (!Number.isSafeInteger(length)) throw new NotUnderstood(`It cuts into ${count} parts that are not equal.`);
  return parts(
    o,
    1,
    axis,
    Array.from({ length: count }, () => length),
  );
};

const splitV: TranslateAll = (o) => parts(o, 0, o.numbers(2)[0] ?? 0, o.numbers(1));

/** By TensorFlow operation. */
export const severalOperations: Readonly<Record<string, TranslateAll>> = { Split: split, SplitV: splitV };
