/**
 * How the page's worker and its threads share out a kernel's tasks: a few words of shared memory.
 *
 * Every thread, the page's worker among them, takes the next share of tasks until none is left. Who carries out a task
 * makes no difference to its result.
 */

/** Carries out tasks `begin` to `end` of a job. */
export type RangeKernel = (job: number, begin: number, end: number, scratch: number) => void;

/** Kernels that can be shared out; a kernel is named by its place in this list. */
export const rangeNames = [
  'correlate',
  'kernelGradient',
  'moments',
  'normalise',
  'gradientSums',
  'normGradient',
  'clipGradient',
  'windowSum',
  'depthwiseGradient',
  'maxGradient',
  'centripetal',
] as const;
export type RangeName = (typeof rangeNames)[number];
export type RangeKernels = Readonly<Record<RangeName, RangeKernel>>;

/** Places of the words. */
export const word = {
  /** Goes up by one with every job. */
  sequence: 0,
  kernel: 1,
  job: 2,
  tasks: 3,
  /** The first task nobody has taken. */
  next: 4,
  /** Tasks taken at once. */
  share: 5,
  scratch: 6,
  /** Bytes of scratch memory a thread has. */
  scratchBytes: 7,
  /** Threads that have not finished the job. */
  working: 8,
  /** 1 once a thread has failed. */
  failed: 9,
} as const;

export const wordCount = 16;

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the words. */
  readonly control: number;
  /** 1, 2, ...: which part of the scratch memory is its own. */
  readonly index: number;
}

/** Looks at a word this often before it sleeps: some tens of microseconds, about what waking up costs. */
const looks = 4000;

/** Takes shares of the present job until none is left. */
export function takeShares(control: Int32Array, kernels: RangeKernels, index: number): void {
  const at = (place: number): number => Atomics.load(control, place);
  const name = rangeNames[at(word.kernel)];
  if (name === undefined) throw new RangeError('There is no such kernel.');
  const [job, tasks, share] = [at(word.job), at(word.tasks), at(word.share)];
  const scratch = (at(word.scratch) >>> 0) + index * at(word.scratchBytes);
  for (;;) {
    const begin = Atomics.add(control, word.next, share);
    if (begin >= tasks) return;
    kernels[name](job, begin, Math.min(tasks, begin + share), scratch);
  }
}

/** Returns once the word at `place` is no longer `value`. `maySleep`: a page's own thread must not. */
export function waitWhile(control: Int32Array, place: number, value: number, maySleep: boolean): void {
  for (let look = 0; look < looks; look++) if (Atomics.load(control, place) !== value) return;
  while (Atomics.load(control, place) === value) if (maySleep) Atomics.wait(control, place, value);
}

/** A thread's life: every job, as long as it lives. */
export function serveJobs(control: Int32Array, kernels: RangeKernels, index: number): never {
  for (let sequence = 0; ; sequence++) {
    waitWhile(control, word.sequence, sequence, true);
    try {
      takeShares(control, kernels, index);
    } catch {
      Atomics.store(control, word.failed, 1);
    }
    if (Atomics.sub(control, word.working, 1) === 1) Atomics.notify(control, word.working);
  }
}
