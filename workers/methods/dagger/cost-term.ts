/**
 * Multiply-adds of the gated network as a function of its gates.
 *
 * A layer costs `c * (open inputs) * (open outputs)`, a depthwise one `c * (open channels)`: its price depends on its own
 * gates and on those of the layers that feed it (products of gate counts, as in MorphNet, Gordon et al. 2018, eq. 3).
 */
import {
  add,
  customGrad,
  dispose,
  keep,
  matMul,
  mul,
  reshape,
  sum,
  tensor2d,
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { costOf } from '../../network/planning/unit-table';
import type { GateLayout } from './gate-layout';

export interface CostTerm {
  /** Share of the multiply-adds that these gates leave. Differentiable; exact but for float32 rounding of the sum. */
  share(gates: Tensor1D): Scalar;
  dispose(): void;
}

/**
 * The coefficients are divided by the ungated total: float32 cannot hold the count itself above 2^24. Per layer, open
 * inputs and outputs are two products of a constant matrix with the gates, whole numbers and exact.
 */
export function createCostTerm(layout: GateLayout): CostTerm {
  const { table } = layout;
  const { macTerms } = table;
  const total = costOf(macTerms, table.widths);
  const inputs = openChannels(
    layout,
    macTerms.map(({ input }) => input),
  );
  const outputs = openChannels(
    layout,
    macTerms.map(({ output }) => output),
  );
  const rows = macTerms.length;
  const prices = keep(
    tensor2d(
      macTerms.map(({ coefficient }) => coefficient / total),
      [rows, 1],
    ),
  );
  const share = customGrad((...parameters: unknown[]) => {
    const gates = reshape(parameters[0] as Tensor1D, [layout.count, 1]);
    const save = parameters[1] as (tensors: Tensor[]) => void;
    const [open, made] = [inputs, outputs].map(({ matrix, pinned }) => add(matMul(matrix, gates), pinned)) as [
      Tensor2D,
      Tensor2D,
    ];
    const slope = add(matMul(inputs.transposed, mul(prices, made)), matMul(outputs.transposed, mul(prices, open)));
    save([reshape(slope, [layout.count])]);
    return {
      value: sum(mul(prices, mul(open, made))),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((tensor) => mul(dy, tensor)),
    };
  });
  return {
    share: (gates) => share(gates) as Scalar,
    dispose: () => dispose([prices, ...[inputs, outputs].flatMap((one) => [one.matrix, one.transposed, one.pinned])]),
  };
}

/** Exact multiply-adds that are left, from the open gates; in whole numbers. */
export function openMacs({ table, groups }: GateLayout, open: ArrayLike<number>): number {
  const widths = Int32Array.from(table.widths);
  for (const { index, start, group } of groups) {
    let closed = 0;
    for (let unit = 0; unit < group.size; unit++) if ((open[start + unit] ?? 1) === 0) closed++;
    for (const { position, channels } of table.groups[index]?.occurrences ?? []) {
      widths[position] = (widths[position] ?? 0) - closed * channels;
    }
  }
  return costOf(table.macTerms, widths);
}

interface OpenChannels {
  /** `[terms, gates]`: channels one gate has in the layer of each term. */
  readonly matrix: Tensor2D;
  readonly transposed: Tensor2D;
  /** `[terms, 1]`: channels without a gate; 1 for a term without that layer. */
  readonly pinned: Tensor2D;
}

/** Counts open channels of the layers at `positions` (-1: none). */
function openChannels({ table, groups, count }: GateLayout, positions: readonly number[]): OpenChannels {
  const rows = positions.length;
  const matrix = new Float32Array(rows * count);
  const transposed = new Float32Array(rows * count);
  const pinned = Float32Array.from(positions, (position) => (position < 0 ? 1 : (table.widths[position] ?? 0)));
  for (const { index, start, group } of groups) {
    for (const { position, channels } of table.groups[index]?.occurrences ?? []) {
      positions.forEach((own, row) => {
        if (own !== position) return;
        matrix.fill(channels, row * count + start, row * count + start + group.size);
        for (let gate = start; gate < start + group.size; gate++) transposed[gate * rows + row] = channels;
        pinned[row] = (pinned[row] ?? 0) - channels * group.size;
      });
    }
  }
  return {
    matrix: keep(tensor2d(matrix, [rows, count])),
    transposed: keep(tensor2d(transposed, [count, rows])),
    pinned: keep(tensor2d(pinned, [rows, 1])),
  };
}
