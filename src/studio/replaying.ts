/**
 * Replays: a recorded run is told to the page again, as if it trained now, with the same pause, step and stop. It is
 * labelled as a replay wherever it appears, computes nothing, and is forgotten with the page.
 */
import type { RunEvent, RunId, RunSummary, StudioEvent } from '../../workers/protocol';
import { beatsOf, type Beat } from '../replay/timeline';
import { readTrace, type Trace } from '../replay/trace';
import { notify, type StudioContext } from './context';
import type { Opening } from './opening';
import { isAbout } from './run-facts';
import type { StudioActions, StudioState } from './state';

/** A whole run, whatever it took. */
const wholeMs = 16_000;
const [shortestMs, longestMs] = [60, 700];

export interface Replaying {
  /** Opens the network and data of the trace where others are open, and plays it. */
  play(trace: Trace): Promise<void>;
  /** A trace that ships with the studio. */
  playShipped(id: string): Promise<void>;
  control(run: RunId, action: Parameters<StudioActions['controlRun']>[1]): void;
  isReplay(run: RunId): boolean;
  forget(run: RunId): void;
}

interface Playing {
  readonly trace: Trace;
  readonly beats: readonly Beat[];
  next: number;
  timer: ReturnType<typeof setTimeout> | null;
}

export function createReplaying(
  context: StudioContext,
  opening: Opening,
  hear: (event: StudioEvent) => void,
): Replaying {
  const { store } = context;
  const playing = new Map<RunId, Playing>();
  let played = 0;

  const tell = (run: RunId, event: Beat[number]): void => hear({ kind: 'run', event: { ...event, run } as RunEvent });

  function schedule(run: RunId): void {
    const state = playing.get(run);
    if (state === undefined) return;
    const pace = Math.min(longestMs, Math.max(shortestMs, wholeMs / state.beats.length));
    state.timer = setTimeout(() => {
      if (advance(run)) schedule(run);
    }, pace);
  }

  /** One beat; false when it was the last. */
  function advance(run: RunId): boolean {
    const state = playing.get(run);
    if (state === undefined) return false;
    for (const event of state.beats[state.next] ?? []) tell(run, event);
    state.next += 1;
    if (state.next < state.beats.length) return true;
    finish(run, state);
    return false;
  }

  function finish(run: RunId, { trace }: Playing): void {
    playing.delete(run);
    const { result } = trace.run;
    if (result !== null) store.setState(({ runs }) => ({ runs: changed(runs, run, { result }) }));
    tell(run, { event: 'state', state: 'finished' });
  }

  function hold(state: Playing): void {
    if (state.timer !== null) clearTimeout(state.timer);
    state.timer = null;
  }

  async function play(trace: Trace): Promise<void> {
    if (store.getState().activeRun !== null) {
      notify(context, 'Another run is training: stop it first, or wait for its end.');
      return;
    }
    if (!(await openFor(trace))) return;
    played += 1;
    const run = `replay-${played}`;
    const summary: RunSummary = {
      ...trace.run,
      run,
      name: `Replay: ${trace.run.name}`,
      state: 'running',
      started: Date.now(),
      candidates: [],
      result: null,
      origin: 'replay',
    };
    store.setState(({ runs, view }) => ({ activeRun: run, runs: [summary, ...runs], view: { ...view, live: true } }));
    playing.set(run, { trace, beats: beatsOf(trace, run), next: 0, timer: null });
    schedule(run);
  }

  /**
   * A replay is about a network: without it open, tree and chart would show another. False when it was to be opened and
   * is not, because that failed or something else was opened meanwhile.
   */
  async function openFor({ run }: Trace): Promise<boolean> {
    const { network, dataset } = store.getState();
    const { network: source, data } = run.recipe;
    if (network !== null && isAbout(run, network.view, dataset)) return true;
    if (source.source === 'shipped' || source.source === 'zoo') {
      return opening.openNetwork(source, [], { data: { source: data, files: [] }, seed: run.recipe.seed });
    }
    notify(context, 'The network of this replay is not at hand: its curves play, the tree keeps what is open.', {
      tone: 'note',
    });
    return true;
  }

  return {
    play,
    async playShipped(id) {
      const path = `traces/${id}.trace`;
      const response = await fetch(new URL(path, document.baseURI));
      if (!response.ok) throw new Error(`${path} could not be loaded (${response.status}): reload the page.`);
      await play(await readTrace(new Uint8Array(await response.arrayBuffer()), path));
    },
    control(run, action) {
      const state = playing.get(run);
      if (state === undefined) return;
      hold(state);
      if (action === 'pause') tell(run, { event: 'state', state: 'paused' });
      else if (action === 'step') advance(run);
      else if (action === 'stop') {
        playing.delete(run);
        tell(run, { event: 'state', state: 'stopped' });
      } else {
        tell(run, { event: 'state', state: 'running' });
        schedule(run);
      }
    },
    isReplay: (run) => store.getState().runs.some((other) => other.run === run && other.origin === 'replay'),
    forget(run) {
      const state = playing.get(run);
      if (state !== undefined) hold(state);
      playing.delete(run);
      store.setState(({ runs, live, activeRun, view }) => {
        const { [run]: _, ...others } = live;
        return {
          runs: runs.filter((other) => other.run !== run),
          live: others,
          activeRun: activeRun === run ? null : activeRun,
          view: { ...view, ticked: view.ticked.filter((one) => one.run !== run) },
        };
      });
    },
  };
}

function changed(runs: StudioState['runs'], run: RunId, change: Partial<RunSummary>): StudioState['runs'] {
  return runs.map((other) => (other.run === run ? { ...other, ...change } : other));
}
