/** Runs: started, steered, deleted. Their events come back through `events.ts`. */
import type { DatasetId, NetworkId, Recipe, RunSummary } from '../../workers/protocol';
import { notify, report, type StudioContext } from './context';
import { isSameTick } from './run-facts';
import { recipeOf } from './run-recipe';
import type { StudioActions } from './state';

/** At most this many runs are compared at once. */
const mostTicked = 4;

export type Running = Pick<StudioActions, 'startRun' | 'controlRun' | 'setKnob' | 'deleteRun' | 'tick'> & {
  /** Carries out any recipe, on what is open unless other handles are given (null = the recipe's source is opened). */
  carryOut(recipe: Recipe, on?: Handles): Promise<void>;
  /** Reads the runs again: names, results and stored candidates as the worker has them. */
  refresh(): Promise<void>;
};

interface Handles {
  readonly network: NetworkId | null;
  readonly dataset: DatasetId | null;
}

/** `openedFiles` are the bytes the open network and data came from: a run that outlives the page needs them again. */
export function createRunning(context: StudioContext, openedFiles: () => readonly File[]): Running {
  const { store } = context;
  /** A run is on its way to the worker: a second click means the same one. */
  let isStarting = false;

  async function refresh(): Promise<void> {
    const { runs } = await context.client().call('listRuns', null);
    // Replays are the page's own: the worker knows nothing of them.
    store.setState((state) => ({ runs: [...state.runs.filter(({ origin }) => origin === 'replay'), ...runs] }));
  }

  async function carryOut(recipe: Recipe, on?: Handles): Promise<void> {
    const { network, dataset, activeRun } = store.getState();
    const present = { network: network?.view.network ?? null, dataset: dataset?.dataset ?? null };
    if (isStarting) return;
    if (activeRun !== null) return void notify(context, 'Another run is training: stop it first, or wait for its end.');
    isStarting = true;
    try {
      const { run } = await context.client().call('startRun', {
        recipe,
        ...(on ?? present),
        files: openedFiles(),
      });
      const summary: RunSummary = {
        run,
        name: recipe.name,
        recipe,
        state: 'running',
        started: Date.now(),
        candidates: [],
        result: null,
        error: null,
        origin: 'here',
      };
      store.setState(({ runs }) => ({
        activeRun: run,
        runs: runs.some((known) => known.run === run) ? runs : [summary, ...runs],
      }));
    } catch (thrown) {
      report(context, thrown);
    } finally {
      isStarting = false;
    }
  }

  return {
    refresh,
    carryOut,
    async startRun() {
      const recipe = recipeOf(store.getState());
      if (recipe === null) return void notify(context, 'A run needs a network, a plan and data: open what is missing.');
      await carryOut(recipe);
    },
    async controlRun(run, action) {
      try {
        // What becomes of the run its events say: the answer may be older than they are.
        await context.client().call('controlRun', { run, action });
      } catch (thrown) {
        report(context, thrown);
      }
    },
    async setKnob(run, setting, value) {
      // Shown at once; the worker's own list takes its place when the runs are read again.
      store.setState(({ runs, live }) => {
        const progress = live[run]?.progress;
        if (progress === undefined || progress === null) return {};
        const turn = { stage: progress.stage, step: progress.done, setting, value };
        return {
          runs: runs.map((known) => (known.run === run ? { ...known, knobs: [...(known.knobs ?? []), turn] } : known)),
        };
      });
      try {
        await context.client().call('setKnob', { run, setting, value });
      } catch (thrown) {
        report(context, thrown);
      }
    },
    async deleteRun(run) {
      try {
        await context.client().call('deleteRun', { run });
        store.setState(({ runs, view, live }) => {
          const { [run]: _, ...others } = live;
          return {
            runs: runs.filter((summary) => summary.run !== run),
            live: others,
            view: { ...view, ticked: view.ticked.filter((other) => other.run !== run) },
          };
        });
      } catch (thrown) {
        report(context, thrown);
      }
    },
    tick(what, ticked) {
      store.setState(({ view }) => {
        const others = view.ticked.filter((other) => !isSameTick(other, what));
        const next = ticked ? [...others, what].slice(-mostTicked) : others;
        return {
          view: { ...view, ticked: next, side: next.length === 0 && view.side === 'compare' ? 'chart' : view.side },
        };
      });
    },
  };
}
