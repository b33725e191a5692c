/**
 * Pause, resume, step and stop of a whole run. Training heeds its own control at batch edges; other work is cut short
 * and done again after a pause: it is a pure function of what the run holds, and takes seconds.
 */
import { createControl, type TrainControl } from '../training/control';

/** A person stopped the run. What is there stays. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

export interface RunControl {
  /** For the training loop. */
  readonly train: TrainControl;
  pause(): void;
  resume(): void;
  step(): void;
  stop(): void;
  /** Runs `task`; again from its beginning when a pause cut it short. Throws `StoppedError` after a stop. */
  guard<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves when the run has come to rest in, or left, a pause; or has ended. */
  settled(): Promise<void>;
  /** Says that the run is paused, running or over. */
  announce(state: 'running' | 'paused' | 'over'): void;
}

/** `onState` hears of every change between running and paused. */
export function createRunControl(onState: (state: 'running' | 'paused') => void): RunControl {
  const train = createControl();
  let state: 'running' | 'paused' | 'over' = 'running';
  let guarded: AbortController | undefined;
  let waiting: (() => void)[] = [];

  const announce = (next: typeof state): void => {
    const changed = next !== state;
    state = next;
    if (changed && next !== 'over') onState(next);
    for (const wake of waiting.splice(0)) wake();
  };
  const interrupt = (): void => guarded?.abort(new StoppedError('The work was interrupted.'));
  const reached = (): boolean => {
    if (state === 'over') return true;
    const wish = train.wish();
    return wish !== 'stop' && (wish === 'wait') === (state === 'paused');
  };

  async function edge(): Promise<void> {
    if (train.wish() === 'wait') announce('paused');
    while (train.wish() === 'wait') await train.changed();
    if (train.wish() === 'stop') throw new StoppedError('The run was stopped.');
    announce('running');
  }

  return {
    train,
    pause() {
      train.pause();
      interrupt();
    },
    resume: () => train.resume(),
    step: () => train.step(),
    stop() {
      train.stop();
      interrupt();
    },
    async guard(task) {
      for (;;) {
        await edge();
        const abort = new AbortController();
        guarded = abort;
        try {
          return await task(abort.signal);
        } catch (error) {
          if (!abort.signal.aborted) throw error;
        } finally {
          guarded = undefined;
        }
      }
    },
    async settled() {
      while (!reached()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    announce,
  };
}
