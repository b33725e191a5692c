/** Times a step: medians of enough repeats, after a warm-up. */

/** A network set up to be stepped. */
export interface Contestant {
  /** What runs it: "2 threads, SIMD". */
  readonly device: string;
  /** Begins `count` steps and resolves, with the last loss (or logit), when they are done. */
  run(count: number): Promise<number>;
  dispose(): void;
}

export interface Measurement {
  /** Milliseconds a step. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly repeats: number;
  readonly device: string;
}

/** Where a step takes long, this much time is spent, but never fewer than `fewest` repeats. */
const spentMs = 6000;
const fewest = 5;
/** Of steps that take longer than all that time. */
const fewestSlow = 3;
const most = 60;

/** `atOnce` steps are timed together: 1 where each step ends on the host anyway. Throws where numbers are not finite. */
export async function measure(contestant: Contestant, atOnce: number): Promise<Measurement> {
  // Twice: the first compiles, the second settles memory.
  await contestant.run(1);
  const second = performance.now();
  await contestant.run(1);
  const slow = performance.now() - second > spentMs;
  return repeated(contestant, slow ? 1 : atOnce, slow ? fewestSlow : fewest);
}

async function repeated(contestant: Contestant, atOnce: number, fewest: number): Promise<Measurement> {
  const times: number[] = [];
  const began = performance.now();
  while (times.length < fewest || (times.length < most && performance.now() - began < spentMs)) {
    const start = performance.now();
    const value = await contestant.run(atOnce);
    times.push((performance.now() - start) / atOnce);
    if (!Number.isFinite(value)) throw new Error(`The step gave ${value}.`);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    fastest: sorted[0] ?? 0,
    slowest: sorted.at(-1) ?? 0,
    repeats: sorted.length,
    device: contestant.device,
  };
}
