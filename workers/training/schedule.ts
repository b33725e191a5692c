/** Learning-rate schedules: a pure function of the step, so that a resumed run has nothing to restore. */

export type ScheduleKind = 'cosine' | 'step' | 'constant';

export interface Schedule {
  readonly kind: ScheduleKind;
  /** The rate after warm-up. */
  readonly learningRate: number;
  /** Steps of the whole stage, warm-up included. */
  readonly steps: number;
  /** Steps of linear warm-up. */
  readonly warmUp: number;
}

/** Where the `step` schedule divides by ten, as shares of all steps (He et al. 2016: 32k and 48k of 64k iterations). */
const DROPS = [0.5, 0.75];

/**
 * Rate of step `step` (from 0). Warm-up climbs linearly and reaches the full rate on its last step; `cosine` then falls
 * to 0 along half a cosine (Loshchilov & Hutter 2017, eq. 5, without restarts), `step` is divided by 10 twice.
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { kind, learningRate, steps, warmUp } = schedule;
  if (step < warmUp) return (learningRate * (step + 1)) / Math.ceil(warmUp);
  switch (kind) {
    case 'constant':
      return learningRate;
    case 'step':
      return learningRate * 0.1 ** DROPS.filter((share) => step >= share * steps).length;
    case 'cosine': {
      const done = (step - warmUp) / Math.max(1, steps - warmUp);
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done)));
    }
  }
}
