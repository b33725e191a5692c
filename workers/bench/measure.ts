/** Times a step: medians of enough repeats, after a warm-up. */
import { createTurns } from '../training/turns';

/** A network set up to be stepped. */
export interface Contestant {
  /** What runs it: "2 threads, SIMD". */
  readonly device: string;
  /** Begins `count` steps and resolves, with the last loss (or logit), when they are done. */
  run(count: number): Promise<number>;
  /** Bytes in tensors, and bytes the device holds for them; absent where nobody counts. */
  memory?(): Memory;
  dispose(): void;
}

export interface Memory {
  readonly tensors: number;
  readonly held: number;
}

/** Memory of many steps. */
export interface MemoryUse {
  readonly device: string;
  readonly steps: number;
  /** Once the first steps have compiled and settled. */
  readonly settled: Memory;
  readonly most: Memory;
  readonly last: Memory;
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

/** Steps until memory settles: kernels are compiled, pools filled, the heap has found room for what it is asked for. */
const settlingSteps = 8;

/** Memory after each of `steps` steps. Throws for a contestant that does not count its memory. */
export async function memoryUse(contestant: Contestant, steps: number): Promise<MemoryUse> {
  const sample = (): Memory => {
    const memory = contestant.memory?.();
    if (memory === undefined) throw new Error('This contestant does not say how much memory it uses.');
    return memory;
  };
  for (let step = 0; step < settlingSteps; step++) await contestant.run(1);
  const settled = sample();
  let [most, last] = [settled, settled];
  // A worker that answers nobody for minutes counts as dead.
  const turns = createTurns();
  for (let step = 0; step < steps; step++) {
    await contestant.run(1);
    last = sample();
    most = { tensors: Math.max(most.tensors, last.tensors), held: Math.max(most.held, last.held) };
    await turns.next();
  }
  turns.close();
  return { device: contestant.device, steps, settled, most, last };
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
