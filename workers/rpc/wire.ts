/** What travels on the line, and the checks on its shape. Parameters, results and events are checked by schemas later. */
import type { WorkerErrorData } from './errors';
import { parseErrorData } from './errors';

/** `self` of a worker, a `Worker`, or one end of a `MessageChannel`. */
export interface Port {
  postMessage(message: unknown, options: { transfer: Transferable[] }): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  /** Message ports wait for this before they deliver. */
  start?(): void;
  terminate?(): void;
  close?(): void;
}

/** Commands as a table: name -> parameters and result. */
export type CommandTable<C> = { readonly [K in keyof C]: { params: unknown; result: unknown } };

/** Caller to worker. `lock` names a Web Lock the worker holds for as long as it lives. */
export type Request =
  | { readonly type: 'hello'; readonly lock: string | null }
  | { readonly type: 'call'; readonly id: number; readonly command: string; readonly params: unknown }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'ping' };

/** Worker to caller. */
export type Reply =
  | { readonly type: 'ready'; readonly locked: boolean }
  | { readonly type: 'pong' }
  | { readonly type: 'ack'; readonly id: number }
  | { readonly type: 'progress'; readonly id: number; readonly done: number; readonly note: string }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WorkerErrorData }
  | { readonly type: 'event'; readonly event: unknown }
  | { readonly type: 'fatal'; readonly error: WorkerErrorData };

function fieldsOf(message: unknown): Record<string, unknown> | undefined {
  return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : undefined;
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** The request in `message`, or undefined when it is none. */
export function parseRequest(message: unknown): Request | undefined {
  const fields = fieldsOf(message);
  const type = fields?.['type'];
  const id = fields?.['id'];
  if (fields === undefined) return undefined;
  if (type === 'ping') return { type };
  if (type === 'hello') {
    const lock = fields['lock'];
    return lock === null || typeof lock === 'string' ? { type, lock } : undefined;
  }
  if (!isId(id)) return undefined;
  if (type === 'abort') return { type, id };
  const command = fields['command'];
  if (type === 'call' && typeof command === 'string') return { type, id, command, params: fields['params'] };
  return undefined;
}

/** The reply in `message`, or undefined when it is none. */
export function parseReply(message: unknown): Reply | undefined {
  const fields = fieldsOf(message);
  if (fields === undefined) return undefined;
  const { type, id } = fields;
  if (type === 'pong') return { type };
  if (type === 'ready') return { type, locked: fields['locked'] === true };
  if (type === 'event') return { type, event: fields['event'] };
  const error = parseErrorData(fields['error']);
  if (type === 'fatal') return error && { type, error };
  if (!isId(id)) return undefined;
  if (type === 'ack') return { type, id };
  if (type === 'result') return { type, id, value: fields['value'] };
  if (type === 'error') return error && { type, id, error };
  if (type === 'progress') {
    const { done, note } = fields;
    const valid = typeof done === 'number' && done >= 0 && done <= 1 && typeof note === 'string';
    return valid ? { type, id, done, note } : undefined;
  }
  return undefined;
}
