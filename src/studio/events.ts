/**
 * The worker's events into the state.
 *
 * Progress and metrics arrive with every step of training; they are gathered and written four times a second, so that
 * training never makes the page render more often than a person reads.
 */
import type { RunEvent, StudioEvent } from '../../workers/protocol';
import { notify, type StudioContext } from './context';
import { afterRunEvent } from './run-events';

const gatherMs = 250;
const gathered: ReadonlySet<RunEvent['event']> = new Set(['progress', 'metrics', 'telemetry', 'saved']);

export interface EventFeed {
  receive(event: StudioEvent): void;
  dispose(): void;
}

/** `onRunEnded` is called once per run, after the state knows. */
export function createEventFeed(context: StudioContext, onRunEnded: (run: string) => void): EventFeed {
  const { store } = context;
  let waiting: RunEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const events = waiting;
    waiting = [];
    if (events.length === 0) return;
    let after = store.getState();
    for (const event of events) after = afterRunEvent(after, event);
    // One write for all, so that panels render once.
    store.setState(after);
  }

  function receiveRun(event: RunEvent): void {
    waiting.push(event);
    if (!gathered.has(event.event)) flush();
    else timer ??= setTimeout(flush, gatherMs);
    if (event.event === 'finished' || event.event === 'failed') onRunEnded(event.run);
  }

  return {
    receive(event) {
      switch (event.kind) {
        case 'run':
          return receiveRun(event.event);
        case 'device':
          return store.setState(({ engine }) => ({ engine: { ...engine, device: event.report } }));
        case 'device-lost': {
          const isWasm = store.getState().engine.device?.kind === 'wasm';
          const what = isWasm ? 'The engine stopped' : 'The GPU was reset';
          const next = event.recovering ? 'Training goes on from the last checkpoint.' : 'Reload the page to go on.';
          return void notify(context, `${what} (${event.reason}). ${next}`);
        }
        case 'storage':
          return void notify(context, event.message);
        case 'warning':
          return void notify(context, event.message, { tone: 'note' });
      }
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
      waiting = [];
    },
  };
}
