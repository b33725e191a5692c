/**
 * Pause, resume, single step and stop of a training loop. Wishes take effect at the next batch edge.
 */

export interface TrainControl {
  /** Lets the step in progress end, then waits. */
  pause(): void;
  resume(): void;
  /** Carries out one step of a paused loop; without effect on a running one. */
  step(): void;
  /** Ends the loop; what was trained so far stays. */
  stop(): void;
  /** What the loop is to do at this batch edge. */
  wish(): 'run' | 'wait' | 'stop';
  /** For the loop: a step was carried out. */
  stepped(): void;
  /** For the loop: resolves when `wish()` may have changed. */
  changed(): Promise<void>;
}

export function createControl(): TrainControl {
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let granted = 0;
  let waiting: (() => void)[] = [];
  const move = (next: typeof state, steps = 0): void => {
    if (state === 'stopped') return;
    state = next;
    granted = steps;
    const waken = waiting;
    waiting = [];
    for (const wake of waken) wake();
  };
  return {
    pause: () => move('paused', state === 'paused' ? granted : 0),
    resume: () => move('running'),
    step: () => {
      if (state === 'paused') move('paused', granted + 1);
    },
    stop: () => move('stopped'),
    wish() {
      if (state === 'stopped') return 'stop';
      return state === 'running' || granted > 0 ? 'run' : 'wait';
    },
    stepped() {
      if (granted > 0) granted--;
    },
    changed: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
