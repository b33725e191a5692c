/** The threads that help the page's worker with a kernel's tasks. */
import {
  rangeNames,
  takeShares,
  waitWhile,
  word,
  wordCount,
  type RangeKernels,
  type RangeName,
  type ThreadStart,
} from './shared-work';

/** Starts the script of a thread. */
export type SpawnThread = () => Worker;

export class ThreadPool {
  private constructor(
    private readonly control: Int32Array,
    private readonly workers: readonly Worker[],
    private readonly maySleep: boolean,
  ) {}

  /** Starts `helpers` threads; resolves when all wait for work, rejects when one does not start. */
  static async start(spawn: SpawnThread, helpers: number, start: Omit<ThreadStart, 'index'>): Promise<ThreadPool> {
    const control = new Int32Array(start.memory.buffer, start.control, wordCount);
    control.fill(0);
    const workers: Worker[] = [];
    const ready = Array.from({ length: helpers }, async (_, at) => {
      const worker = spawn();
      workers.push(worker);
      await new Promise<void>((resolve, reject) => {
        worker.addEventListener('message', () => resolve(), { once: true });
        worker.addEventListener('error', ({ message }) => reject(new Error(`A thread does not start: ${message}`)));
        worker.postMessage({ ...start, index: at + 1 } satisfies ThreadStart, { transfer: [] });
      });
    });
    try {
      await Promise.all(ready);
    } catch (error) {
      for (const worker of workers) worker.terminate();
      throw error;
    }
    return new ThreadPool(control, workers, canSleep());
  }

  /** Threads, the caller's included. */
  get size(): number {
    return this.workers.length + 1;
  }

  /** Carries out all tasks; `share` of them are taken at once. Throws when a thread failed. */
  run(kernels: RangeKernels, name: RangeName, job: number, tasks: number, share: number, scratch: Scratch): void {
    const { control } = this;
    control[word.kernel] = rangeNames.indexOf(name);
    control[word.job] = job;
    control[word.tasks] = tasks;
    control[word.share] = share;
    control[word.scratch] = scratch.address;
    control[word.scratchBytes] = scratch.bytes;
    Atomics.store(control, word.next, 0);
    Atomics.store(control, word.working, this.workers.length);
    Atomics.add(control, word.sequence, 1);
    Atomics.notify(control, word.sequence);
    takeShares(control, kernels, 0);
    for (let working = this.working(); working > 0; working = this.working()) {
      waitWhile(control, word.working, working, this.maySleep);
    }
    if (Atomics.load(control, word.failed) !== 0) throw new Error('A thread of the WASM device failed.');
  }

  dispose(): void {
    for (const worker of this.workers) worker.terminate();
  }

  private working(): number {
    return Atomics.load(this.control, word.working);
  }
}

/** Scratch memory of all threads, one part after the other. */
export interface Scratch {
  readonly address: number;
  /** Of one part. */
  readonly bytes: number;
}

/** A browser lets workers sleep, but not a page's own thread. */
function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
