/** The line of runs: one works at a time, the others wait; a paused one makes room. */
import type { RunId } from '../protocol';
import { StoppedError } from './run-control';

export interface RunLine {
  /** Resolves when `run` is the one that works; at once when it is already, or nobody is. */
  enter(run: RunId): Promise<void>;
  /** Makes room, or gives up waiting: then its `enter` rejects with `StoppedError`. */
  leave(run: RunId): void;
}

interface Place {
  readonly run: RunId;
  readonly go: () => void;
  readonly giveUp: (error: Error) => void;
}

/** `onWait` hears of runs that begin and end waiting. */
export function createRunLine(onWait: (run: RunId, waiting: boolean) => void): RunLine {
  let working: RunId | undefined;
  let places: Place[] = [];
  return {
    async enter(run) {
      working ??= run;
      if (working === run) return;
      onWait(run, true);
      await new Promise<void>((go, giveUp) => places.push({ run, go, giveUp }));
      onWait(run, false);
    },
    leave(run) {
      for (const place of places) if (place.run === run) place.giveUp(new StoppedError('The run left the line.'));
      places = places.filter((place) => place.run !== run);
      if (working !== run) return;
      const next = places.shift();
      working = next?.run;
      next?.go();
    },
  };
}
