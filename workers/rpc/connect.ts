/**
 * The calling side: one connection to one worker, from its start to its death.
 *
 * Death is noticed in four ways: the worker's error events, its own report of an uncaught error, a Web Lock that the
 * worker holds while it lives (granted to us within milliseconds of `close()`, a crash or a kill, however busy the
 * worker was), and silence. Silence counts heartbeats that went unanswered, not wall time: a laptop that slept or a
 * tab in the background must not kill a healthy worker.
 */
import * as v from 'valibot';
import {
  CallStartError,
  CancelledError,
  ProtocolError,
  RemoteError,
  WorkerDiedError,
  WorkerStartError,
  errorData,
} from './errors';
import { parseReply, type CommandTable, type Port, type Reply, type Request } from './wire';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, note: string) => void) | undefined;
  readonly transfer?: Transferable[] | undefined;
}

export interface ConnectOptions<C extends CommandTable<C>, E> {
  /** Checks events; what fails is dropped. Without it events are dropped. */
  readonly event?: v.GenericSchema<unknown, E> | undefined;
  readonly onEvent?: ((event: E) => void) | undefined;
  /** Checks results; what fails rejects the call with `ProtocolError`. */
  readonly results?: { readonly [K in keyof C]?: v.GenericSchema<unknown, C[K]['result']> } | undefined;
  /**
   * Milliseconds until a silent worker that never said it is ready counts as failed. Default 60,000: missing or broken
   * scripts are known at once by their error events, and an unbundled worker on a busy machine loads for long.
   */
  readonly startMs?: number | undefined;
  /** Milliseconds until a ready worker must have taken up a call. Default 60,000: a long step may hold it up. */
  readonly ackMs?: number | undefined;
  /** Milliseconds of unanswered heartbeats, while calls are pending, that count as death. Default 120,000. */
  readonly silenceMs?: number | undefined;
  /** Milliseconds a cancelled call may take to stop. Default 2,000. */
  readonly cancelMs?: number | undefined;
  /** Terminate the worker when a cancelled call does not stop in time. Default false: its late answer is dropped. */
  readonly terminateUncancelled?: boolean | undefined;
  /** Heartbeat period in milliseconds; deadlines are this coarse. Default 1,000. */
  readonly heartbeatMs?: number | undefined;
}

export interface Connection<C extends CommandTable<C>> {
  /**
   * Rejects with `RemoteError` (thrown by the handler), `CancelledError`, `CallStartError`, `ProtocolError`,
   * `WorkerStartError` or `WorkerDiedError`; never stays pending.
   */
  call<K extends keyof C & string>(command: K, params: C[K]['params'], options?: CallOptions): Promise<C[K]['result']>;
  /** Resolves, with the reason, when the worker is gone. Never rejects. */
  readonly died: Promise<WorkerStartError | WorkerDiedError>;
  /** Messages that could not be read, or answered nothing that is pending. */
  readonly dropped: number;
  terminate(): void;
}

interface Pending {
  readonly command: string;
  readonly options: CallOptions;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Settling ends what was set up to cancel the call. */
  readonly settled: AbortController;
  taken: boolean;
  beats: number;
}

/** Starts a worker with `spawn` and connects to it. A failing `spawn` is a `WorkerStartError` like any other. */
export function connect<C extends CommandTable<C>, E = never>(
  spawn: () => Port,
  options: ConnectOptions<C, E> = {},
): Connection<C> {
  const { startMs = 60_000, ackMs = 60_000, silenceMs = 120_000, cancelMs = 2_000, heartbeatMs = 1_000 } = options;
  const pending = new Map<number, Pending>();
  const unlock = new AbortController();
  /** Calls made before the worker was ready. */
  const outbox: (() => void)[] = [];
  const locks = globalThis.navigator?.locks;
  const lock = locks === undefined ? null : `espalier-worker-${crypto.randomUUID()}`;
  let port: Port | undefined;
  let ready = false;
  let death: WorkerStartError | WorkerDiedError | undefined;
  let dropped = 0;
  let lastId = 0;
  /** Heartbeats since the worker was last heard. */
  let silentBeats = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let announceDeath: (reason: WorkerStartError | WorkerDiedError) => void = () => undefined;
  const died = new Promise<WorkerStartError | WorkerDiedError>((resolve) => (announceDeath = resolve));

  const post = (request: Request, transfer: Transferable[] = []): void => port?.postMessage(request, { transfer });

  function die(reason: WorkerStartError | WorkerDiedError): void {
    if (death !== undefined) return;
    death = reason;
    clearInterval(timer);
    unlock.abort();
    for (const [type, listener] of listeners) port?.removeEventListener(type, listener);
    if (port?.terminate === undefined) port?.close?.();
    else port.terminate();
    for (const id of pending.keys()) take(id)?.reject(reason);
    announceDeath(reason);
  }

  /** An error event before the first word means that the script did not load or run. */
  function fail(message: string, kind: string, fields = {}): void {
    if (ready) die(new WorkerDiedError(`The worker stopped: ${message}`, kind, fields));
    else die(new WorkerStartError(`The worker could not start: ${message} Reload the page to try again.`));
  }

  function take(id: number): Pending | undefined {
    const call = pending.get(id);
    pending.delete(id);
    call?.settled.abort();
    rest();
    return call;
  }

  function settle(id: number, finish: (call: Pending) => void): void {
    const call = take(id);
    if (call === undefined) dropped += 1;
    else if (call.options.signal?.aborted === true) call.reject(new CancelledError());
    else finish(call);
  }

  function resolveChecked(call: Pending, value: unknown): void {
    const schema = options.results?.[call.command as keyof C];
    const checked = schema === undefined ? undefined : v.safeParse(schema, value);
    if (checked?.success === false) {
      const path = v.getDotPath(checked.issues[0]) ?? '';
      const text = `The answer to "${call.command}" is wrong at "${path}": ${checked.issues[0].message}. Reload the page.`;
      call.reject(new ProtocolError(text, path));
    } else call.resolve(checked === undefined ? value : checked.output);
  }

  function announce(event: unknown): void {
    const checked = options.event === undefined ? undefined : v.safeParse(options.event, event);
    if (checked?.success === true) options.onEvent?.(checked.output);
    else dropped += 1;
  }

  function handle(reply: Reply | undefined): void {
    silentBeats = 0;
    switch (reply?.type) {
      case 'ready':
        ready = true;
        if (reply.locked) watchLock();
        for (const send of outbox.splice(0)) send();
        return rest();
      case 'pong':
        return;
      case 'fatal':
        return fail(reply.error.message, reply.error.kind, reply.error.data);
      case 'event':
        return announce(reply.event);
      case 'result':
        return settle(reply.id, (call) => resolveChecked(call, reply.value));
      case 'error':
        return settle(reply.id, (call) => call.reject(new RemoteError(reply.error)));
      case 'ack':
      case 'progress': {
        const call = pending.get(reply.id);
        if (call === undefined) dropped += 1;
        else if (reply.type === 'ack') call.taken = true;
        else if (call.options.signal?.aborted !== true) call.options.onProgress?.(reply.done, reply.note);
        return;
      }
      case undefined:
        dropped += 1;
    }
  }

  function watchLock(): void {
    const gone = (): void => die(new WorkerDiedError('The worker has closed or crashed.', 'closed'));
    if (lock !== null) locks.request(lock, { signal: unlock.signal }, gone).catch(() => undefined);
  }

  /** The heart beats only while something is awaited. */
  function rest(): void {
    if (death === undefined && (!ready || pending.size > 0)) {
      timer ??= setInterval(beat, heartbeatMs);
      return;
    }
    clearInterval(timer);
    timer = undefined;
    silentBeats = 0;
  }

  function beat(): void {
    silentBeats += 1;
    const silence = silentBeats * heartbeatMs;
    if (!ready) {
      if (silence >= startMs) fail(`nothing was heard of it for ${startMs / 1000} s.`, 'silent');
      return;
    }
    if (silence > silenceMs) return fail(`it has not answered for ${silenceMs / 1000} s.`, 'silent');
    post({ type: 'ping' });
    for (const [id, call] of pending) {
      call.beats += 1;
      if (call.taken || call.beats * heartbeatMs < ackMs) continue;
      take(id)?.reject(new CallStartError(`The worker is busy and did not begin "${call.command}". Try again later.`));
      post({ type: 'abort', id });
    }
  }

  function cancel(id: number, settled: AbortSignal): void {
    if (!ready) return take(id)?.reject(new CancelledError());
    post({ type: 'abort', id });
    const deadline = setTimeout(() => {
      take(id)?.reject(new CancelledError());
      if (options.terminateUncancelled === true) fail('a cancelled task did not stop.', 'terminated');
    }, cancelMs);
    settled.addEventListener('abort', () => clearTimeout(deadline), { once: true });
  }

  const listeners: readonly (readonly [string, (event: Event) => void])[] = [
    ['message', (event) => handle(parseReply((event as MessageEvent<unknown>).data))],
    ['messageerror', () => fail('a message could not be read.', 'messageerror')],
    ['error', (event) => fail((event as ErrorEvent).message || 'its script could not be loaded.', 'error')],
    // Message ports announce the other end's death; workers do not have this event.
    ['close', () => fail('the other end has closed.', 'closed')],
  ];

  try {
    port = spawn();
    for (const [type, listener] of listeners) port.addEventListener(type, listener);
    port.start?.();
    post({ type: 'hello', lock });
    rest();
  } catch (error) {
    fail(errorData(error).message, errorData(error).kind);
  }

  return {
    call<K extends keyof C & string>(command: K, params: C[K]['params'], callOptions: CallOptions = {}) {
      return new Promise<C[K]['result']>((resolve, reject) => {
        const { signal } = callOptions;
        if (death !== undefined) return reject(death);
        if (signal?.aborted === true) return reject(new CancelledError());
        lastId += 1;
        const id = lastId;
        const settled = new AbortController();
        pending.set(id, { command, options: callOptions, resolve, reject, settled, taken: false, beats: 0 });
        const send = (): void => {
          try {
            if (pending.has(id)) post({ type: 'call', id, command, params }, callOptions.transfer);
          } catch (error) {
            take(id)?.reject(new ProtocolError(`"${command}" could not be sent: ${errorData(error).message}`));
          }
        };
        if (ready) send();
        else outbox.push(send);
        rest();
        signal?.addEventListener('abort', () => cancel(id, settled.signal), { once: true, signal: settled.signal });
      });
    },
    died,
    get dropped() {
      return dropped;
    },
    terminate: () => die(new WorkerDiedError('The worker was stopped.', 'terminated')),
  };
}
