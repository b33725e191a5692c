/**
 * The one typed client of the studio worker, and its keeper: a worker whose device was lost, or that died, is replaced,
 * and runs that were under way go on from their last checkpoint.
 *
 * tfjs cannot be given a second device in the same worker, so a fresh worker is the only sound recovery. Handles stay
 * valid: they are names of content, and what a handle stands for is opened again when it is next used.
 */
import { CancelledError, connect, type Connection, type Port } from '../../workers/rpc';
import type { CommandName, CommandParams, CommandResult, Commands, RunId, StudioEvent } from '../../workers/protocol';
import { eventSchema, resultSchemas } from '../../workers/protocol-schema';
import type { StudioClient } from './state';

/** At most this many recoveries in this many milliseconds: a device that keeps dying is not brought back for ever. */
const RECOVERIES = 3;
const RECOVERY_WINDOW_MS = 600_000;

const spawnStudio = (): Worker =>
  new Worker(new URL('../../workers/studio.worker.ts', import.meta.url), { type: 'module', name: 'studio' });

type OpenCommand = 'openNetwork' | 'openDataset' | 'openCandidate' | 'describeInput';
type Opening = { readonly [C in OpenCommand]: { readonly command: C; readonly params: CommandParams<C> } }[OpenCommand];

/** Connects to a fresh studio worker. `spawn` is for tests. */
export function createStudioClient(spawn: () => Port = spawnStudio): StudioClient {
  const listeners = new Set<(event: StudioEvent) => void>();
  /** How each handle was opened, so that it can be opened again. */
  const openings = new Map<string, Opening>();
  const dataOfRun = new Map<RunId, string>();
  /** Runs that train, or wait for their turn. */
  const live = new Set<RunId>();
  const paused = new Set<RunId>();
  const recoveries: number[] = [];
  /** Connections whose end was wanted. */
  const retired = new WeakSet<Connection<Commands>>();
  let started: CommandParams<'start'> | undefined;
  /** How often a person, or the page, asked for a fresh worker. */
  let restarts = 0;
  let recovering: Promise<void> | undefined;
  let open = new Set<string>();
  let connection = fresh();

  function fresh(): Connection<Commands> {
    open = new Set();
    const mine = connect<Commands, StudioEvent>(spawn, {
      event: eventSchema,
      results: resultSchemas,
      onEvent: (event) => hear(event, mine),
    });
    void mine.died.then((reason) => {
      // A worker that never started is the page's to retry: it has nothing to lose.
      if (reason.name !== 'WorkerStartError' && !retired.has(mine)) recover(reason.message);
    });
    return mine;
  }

  function tell(event: StudioEvent): void {
    for (const listener of listeners) listener(event);
  }

  function hear(event: StudioEvent, from: Connection<Commands>): void {
    if (from !== connection) return;
    if (event.kind === 'device-lost') {
      recover(event.reason);
      return;
    }
    if (event.kind === 'run' && event.event.event === 'state') {
      const { run, state } = event.event;
      if (state === 'paused') paused.add(run);
      else paused.delete(run);
      if (state === 'running' || state === 'waiting') live.add(run);
      else if (state !== 'interrupted') live.delete(run);
    }
    tell(event);
  }

  function recover(reason: string): void {
    if (recovering !== undefined) return;
    const mine = replaceWorker(reason).finally(() => {
      if (recovering === mine) recovering = undefined;
    });
    recovering = mine;
  }

  async function replaceWorker(reason: string): Promise<void> {
    const params = started;
    const asked = restarts;
    for (;;) {
      const now = Date.now();
      const recent = recoveries.filter((moment) => now - moment < RECOVERY_WINDOW_MS);
      const hopeless = params === undefined || recent.length >= RECOVERIES;
      tell({ kind: 'device-lost', reason, recovering: !hopeless });
      if (hopeless) {
        replace(() => undefined);
        return;
      }
      recoveries.push(now);
      replace(() => (connection = fresh()));
      try {
        await connection.call('start', params);
        // A paused run lies in storage now; resuming it opens it from there.
        for (const run of paused) tell({ kind: 'run', event: { run, event: 'state', state: 'interrupted' } });
        paused.clear();
        for (const run of live) await resume(run);
        return;
      } catch (error) {
        // A person asked for another worker meanwhile: theirs is not to be replaced.
        if (asked !== restarts) return;
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** Ends the present worker without taking its end for an accident. */
  function replace(next: () => void): void {
    const old = connection;
    retired.add(old);
    next();
    old.terminate();
  }

  async function resume(run: RunId): Promise<void> {
    try {
      await reopen(dataOfRun.get(run));
      await connection.call('controlRun', { run, action: 'resume' });
    } catch (error) {
      // A person asked for another worker, where it may be resumed by hand.
      if (!live.delete(run)) return;
      const cause = error instanceof Error ? error.message : String(error);
      tell({ kind: 'run', event: { run, event: 'state', state: 'interrupted' } });
      tell({ kind: 'warning', message: `A run was interrupted and could not go on by itself: ${cause}` });
    }
  }

  /** Opens in this worker what was opened in an earlier one. */
  async function reopen(handle: string | null | undefined): Promise<void> {
    const opening = handle === null || handle === undefined || open.has(handle) ? undefined : openings.get(handle);
    if (opening === undefined || handle === null || handle === undefined) return;
    // What was settled about a network's input is settled about a handle of its own.
    for (const needed of handlesIn(opening.params)) await reopen(needed);
    await connection.call(opening.command, opening.params);
    open.add(handle);
  }

  function remember<C extends CommandName>(command: C, params: CommandParams<C>, result: CommandResult<C>): void {
    const note = { command, params, result } as Remembered;
    if (note.command === 'start') started = note.params;
    else if (note.command === 'startRun') {
      if (note.params.dataset !== null) dataOfRun.set(note.result.run, note.params.dataset);
    } else if (note.command === 'openDataset') keep(note.result.dataset, note);
    else if (isOfNetwork(note)) keep(note.result.network, note);
  }

  function keep(handle: string, { command, params }: Opening): void {
    openings.set(handle, { command, params } as Opening);
    open.add(handle);
  }

  return {
    async call(command, params, options) {
      const asked = restarts;
      const stillWanted = (): void => {
        // Whoever asked for a fresh worker gave up what the old one was doing: nothing failed.
        if (asked !== restarts) throw new CancelledError('The worker was replaced meanwhile.');
      };
      await recovering;
      stillWanted();
      for (const handle of handlesIn(params)) {
        await reopen(handle);
        stillWanted();
      }
      try {
        const result = await connection.call(command, params, options);
        remember(command, params, result);
        return result;
      } catch (error) {
        stillWanted();
        throw error;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    restart() {
      live.clear();
      paused.clear();
      recoveries.length = 0;
      restarts += 1;
      recovering = undefined;
      replace(() => (connection = fresh()));
    },
    dispose() {
      listeners.clear();
      replace(() => undefined);
    },
  };
}

function isOfNetwork(note: Remembered): note is Extract<Remembered, { command: Exclude<OpenCommand, 'openDataset'> }> {
  return note.command === 'openNetwork' || note.command === 'openCandidate' || note.command === 'describeInput';
}

/** What a command asks to be open. */
function handlesIn(params: CommandParams<CommandName>): readonly string[] {
  const { network, networks, dataset } = (params ?? {}) as Readonly<Record<string, unknown>>;
  const all: readonly unknown[] = [
    network,
    ...(Array.isArray(networks) ? (networks as readonly unknown[]) : []),
    dataset,
  ];
  return all.filter((handle) => typeof handle === 'string');
}

type Remembered = {
  readonly [C in CommandName]: {
    readonly command: C;
    readonly params: CommandParams<C>;
    readonly result: CommandResult<C>;
  };
}[CommandName];
