/** The answering side: checks what arrives, runs the handler, answers each call exactly once. */
import * as v from 'valibot';
import { CancelledError, ProtocolError, errorData } from './errors';
import { parseRequest, type CommandTable, type Port, type Reply, type Request } from './wire';

/** What a handler gets beside its parameters. */
export interface CallContext {
  /** Aborted when the caller no longer wants the result. Look at it at every batch edge. */
  readonly signal: AbortSignal;
  /** Share of the work that is done, 0 to 1. Kept monotone; the final 1 is sent by itself. */
  readonly progress: (done: number, note: string) => void;
}

export type Handlers<C extends CommandTable<C>> = {
  readonly [K in keyof C]: (
    params: C[K]['params'],
    context: CallContext,
  ) => Promise<C[K]['result'] | Transferring<C[K]['result']>>;
};

export type ParamSchemas<C extends CommandTable<C>> = {
  readonly [K in keyof C]: v.GenericSchema<unknown, C[K]['params']>;
};

export type ResultSchemas<C extends CommandTable<C>> = {
  readonly [K in keyof C]: v.GenericSchema<unknown, C[K]['result']>;
};

export interface Service<E> {
  /** Says something unasked. */
  emit(event: E, transfer?: Transferable[]): void;
  /** Messages that were no request at all, or an abort or a second call under a known id, and were not answered. */
  readonly dropped: number;
}

class Transferring<T> {
  constructor(
    readonly value: T,
    readonly transfer: Transferable[],
  ) {}
}

/** A handler's result whose `transfer` buffers move to the caller instead of being copied. */
export function transferring<T>(value: T, transfer: Transferable[]): Transferring<T> {
  return new Transferring(value, transfer);
}

/**
 * Answers calls that arrive at `scope`. Each is acknowledged at once, its parameters are checked by `schemas`, its
 * error crosses with its fields. An uncaught error of the whole worker is reported as fatal: the caller then
 * replaces the worker, since nobody knows what state it is in.
 */
export function serve<C extends CommandTable<C>, E = never>(
  scope: Port,
  handlers: Handlers<C>,
  schemas: ParamSchemas<C>,
): Service<E> {
  const running = new Map<number, AbortController>();
  let dropped = 0;

  const post = (reply: Reply, transfer: Transferable[] = []): void => scope.postMessage(reply, { transfer });

  function route(command: keyof C, params: unknown, context: CallContext): Promise<unknown> {
    const schema = schemas[command];
    const checked = v.safeParse(schema, params);
    if (!checked.success) throw wrongParameters(String(command), checked.issues[0]);
    return handlers[command](checked.output, context);
  }

  async function answer(request: Extract<Request, { type: 'call' }>): Promise<void> {
    const { id, command, params } = request;
    const abort = new AbortController();
    running.set(id, abort);
    const progress = monotoneProgress((done, note) => post({ type: 'progress', id, done, note }));
    post({ type: 'ack', id });
    try {
      if (!Object.hasOwn(handlers, command)) throw new ProtocolError(`There is no command "${command}".`);
      const outcome = await route(command as keyof C, params, { signal: abort.signal, progress: progress.report });
      progress.finish();
      if (outcome instanceof Transferring) post({ type: 'result', id, value: outcome.value }, outcome.transfer);
      else post({ type: 'result', id, value: outcome });
    } catch (error) {
      post({ type: 'error', id, error: errorData(abort.signal.aborted ? new CancelledError() : error) });
    } finally {
      running.delete(id);
    }
  }

  function receive(message: unknown): void {
    const request = parseRequest(message);
    if (request?.type === 'ping') post({ type: 'pong' });
    else if (request?.type === 'hello') void greet(request.lock).then((locked) => post({ type: 'ready', locked }));
    else if (request?.type === 'call' && !running.has(request.id)) void answer(request);
    else if (request?.type === 'abort' && running.has(request.id)) running.get(request.id)?.abort(new CancelledError());
    else dropped += 1;
  }

  const fatal = (error: unknown): void => post({ type: 'fatal', error: errorData(error) });
  scope.addEventListener('message', (event) => receive((event as MessageEvent<unknown>).data));
  scope.addEventListener('messageerror', () => (dropped += 1));
  scope.addEventListener('error', (event) => {
    const { error, message } = event as ErrorEvent;
    fatal(error ?? message);
  });
  scope.addEventListener('unhandledrejection', (event) => fatal((event as PromiseRejectionEvent).reason));
  scope.start?.();

  return {
    emit: (event, transfer) => post({ type: 'event', event }, transfer),
    get dropped() {
      return dropped;
    },
  };
}

/** Takes the lock for the rest of the worker's life; resolves with whether it is held. */
async function greet(name: string | null): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  if (name === null || locks === undefined) return false;
  return new Promise((resolve) => {
    locks
      .request(name, () => {
        resolve(true);
        return new Promise<never>(() => undefined);
      })
      .catch(() => resolve(false));
  });
}

function wrongParameters(command: string, issue: v.BaseIssue<unknown>): ProtocolError {
  const path = v.getDotPath(issue) ?? '';
  const place = path === '' ? '' : ` at "${path}"`;
  return new ProtocolError(`The parameters of "${command}" are wrong${place}: ${issue.message}.`, path);
}

function monotoneProgress(send: CallContext['progress']): { report: CallContext['progress']; finish: () => void } {
  let last = -1;
  let lastNote = '';
  return {
    report: (done, note) => {
      last = Math.min(1, Math.max(0, last, Number.isFinite(done) ? done : 0));
      lastNote = note;
      send(last, note);
    },
    finish: () => {
      if (last >= 0 && last < 1) send(1, lastNote);
    },
  };
}
