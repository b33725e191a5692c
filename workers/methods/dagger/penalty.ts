/** The term of the loss that drives the share of multiply-adds to its target, and how that target moves. */
import {
  abs,
  add,
  customGrad,
  div,
  log,
  mul,
  relu,
  scalar,
  sign,
  square,
  step,
  sub,
  type Scalar,
  type Tensor,
} from '@tensorflow/tfjs-core';

export type PenaltyKind = 'absolute' | 'hinge' | 'log' | 'square';

/**
 * With the share q, the present target t and the budget r:
 * `absolute` |q - t| / (1 - r), two-sided; `hinge` max(0, q - t) / (1 - r); `log` ln(max(q, t) / t) (Gao et al. 2021,
 * eq. 6); `square` ((q - t) / (1 - r))^2. Slopes are 0 at equality.
 */
export function budgetPenalty(share: Scalar, target: number, budget: number, kind: PenaltyKind): Scalar {
  const penalty = customGrad((...inputs: unknown[]) => {
    const q = inputs[0] as Scalar;
    const save = inputs[1] as (tensors: Tensor[]) => void;
    const difference = sub(q, scalar(target));
    // The share is a float32 sum: what is within its rounding is on target.
    const excess = mul(difference, step(sub(abs(difference), scalar(ROUNDING))));
    const { value, slope } = forms[kind](excess, q, target, 1 / (1 - budget));
    save([slope]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((tensor) => mul(dy, tensor)) };
  });
  return penalty(share) as Scalar;
}

const ROUNDING = 1e-6;

type Form = (excess: Tensor, share: Tensor, target: number, scale: number) => { value: Tensor; slope: Tensor };

const forms: Readonly<Record<PenaltyKind, Form>> = {
  absolute: (excess, _share, _target, scale) => ({
    value: mul(abs(excess), scalar(scale)),
    slope: mul(sign(excess), scalar(scale)),
  }),
  hinge: (excess, _share, _target, scale) => ({
    value: mul(relu(excess), scalar(scale)),
    slope: mul(step(excess), scalar(scale)),
  }),
  log: (excess, share, target) => ({
    value: log(add(scalar(1), mul(relu(excess), scalar(1 / target)))),
    slope: div(step(excess), share),
  }),
  square: (excess, _share, _target, scale) => ({
    value: square(mul(excess, scalar(scale))),
    slope: mul(excess, scalar(2 * scale ** 2)),
  }),
};

/** Target at step `t` of `steps`: from 1 straight down to `budget` over the first `share` of the steps, then constant. */
export function annealedTarget(t: number, steps: number, budget: number, share: number): number {
  const done = share * steps <= 0 ? 1 : Math.min(1, t / (share * steps));
  return 1 - done * (1 - budget);
}
